"""Code that says nothing but a value that changed, and code that says more."""

from __future__ import annotations

import json

import pytest

from gitexp.formats.making import Pair
from gitexp.formats.said import only_says

BRIEF, FACTS = "Answer briefly.", "Answer with facts."
PROMPT = ("prompt", (json.dumps(BRIEF), json.dumps(FACTS)))
LONG = (
    "prompt",
    (
        json.dumps("You answer.\nBe brief, please.\n"),
        json.dumps("You answer.\nGive facts,\nand be brief.\n"),
    ),
)
TOP = ("0.0", "0.7")
PROGRAM = "import gitexp\nPROMPT = '''{}'''\nT = {}\nrun(PROMPT)\n"


@pytest.mark.parametrize(
    ("old", "new", "values", "only"),
    [
        (f"P = '{BRIEF}'\n", f"P = '{FACTS}'\n", [PROMPT], True),
        (
            PROGRAM.format(BRIEF, "0.0"),
            PROGRAM.format(FACTS, "0.7"),
            [PROMPT, ("model.t", TOP)],
            True,
        ),
        (PROGRAM.format(BRIEF, "0.0"), PROGRAM.format(FACTS, "0.7"), [PROMPT], False),
        (
            PROGRAM.format(BRIEF, "0.0"),
            PROGRAM.format(FACTS, "0.7"),
            [PROMPT, ("top", TOP)],
            False,
        ),
        ("epochs = 1\n", "epochs = 2\n", [("epochs", ("1", "2"))], True),
        ("epochs = 1\nthreshold = 1\n", "epochs = 2\nthreshold = 2\n", [("epochs", ("1", "2"))], False),
        ("epochs = 1\nepochs += 1\n", "epochs = 2\nepochs += 2\n", [("epochs", ("1", "2"))], False),
        ("lr = 10\n", "lr = 20\n", [("lr", ("1", "2"))], False),
        ("lr = 1.5\n", "lr = 2.5\n", [("lr", ("1", "2"))], False),
        ("clr = 1\n", "clr = 2\n", [("lr", ("1", "2"))], False),
        ("f(1, lr)\n", "f(2, lr)\n", [("lr", ("1", "2"))], False),
        ('add("--top-k", 1)\n', 'add("--top-k", 2)\n', [("opt.top_k", ("1", "2"))], True),
        ("O = 'adam'\n", "O = 'sgd'\n", [("opt", ('"adam"', '"sgd"'))], False),
        ("OPT = 'adam'\n", "OPT = 'sgd'\n", [("opt", ('"adam"', '"sgd"'))], True),
        (f"P = '{BRIEF}'\n", f"P = '{FACTS}'  # better\n", [PROMPT], False),
        (f"P = '{BRIEF}'\n", f"P = '{FACTS}'\nimport os\n", [PROMPT], False),
        ("a\n", "b\n", [PROMPT], False),
        ("a\n", "a\n", [PROMPT], False),
        (f"P = '{BRIEF}'\n", f"P = '{FACTS}'\n", [], False),
        (f"P = '{BRIEF}'\n", "", [("prompt", (PROMPT[1][0], None))], False),
        (
            'P = """You answer.\nBe brief, please.\n"""\n',
            'P = """You answer.\nGive facts,\nand be brief.\n"""\n',
            [LONG],
            True,
        ),
        (
            'P = "caf\u00e9 \\"now\\""\n',
            'P = "tea \\"now\\""\n',
            [("prompt", ('"caf\\u00e9 \\"now\\""', '"tea \\"now\\""'))],
            True,
        ),
    ],
)
def test_only_values(old: str, new: str, values: list[tuple[str, Pair]], only: bool) -> None:
    assert only_says(old, new, values) is only
