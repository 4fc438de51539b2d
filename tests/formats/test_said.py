"""Code that says nothing but a value that changed, and code that says more."""

from __future__ import annotations

import json

import pytest

from gitexp.formats.said import only_says

BRIEF, FACTS = "Answer briefly.", "Answer with facts."
PROMPT = (json.dumps(BRIEF), json.dumps(FACTS))
LONG = (
    json.dumps("You answer.\nBe brief, please.\n"),
    json.dumps("You answer.\nGive facts,\nand be brief.\n"),
)
PROGRAM = "import gitexp\nPROMPT = '''{}'''\nT = {}\nrun(PROMPT)\n"


@pytest.mark.parametrize(
    ("old", "new", "pairs", "only"),
    [
        (f"P = '{BRIEF}'\n", f"P = '{FACTS}'\n", [PROMPT], True),
        (PROGRAM.format(BRIEF, "0.0"), PROGRAM.format(FACTS, "0.7"), [PROMPT, ("0.0", "0.7")], True),
        (PROGRAM.format(BRIEF, "0.0"), PROGRAM.format(FACTS, "0.7"), [PROMPT], False),
        (f"P = '{BRIEF}'\n", f"P = '{FACTS}'  # better\n", [PROMPT], False),
        (f"P = '{BRIEF}'\n", f"P = '{FACTS}'\nimport os\n", [PROMPT], False),
        ("a\n", "b\n", [PROMPT], False),
        ("a\n", "a\n", [PROMPT], False),
        (f"P = '{BRIEF}'\n", f"P = '{FACTS}'\n", [], False),
        (f"P = '{BRIEF}'\n", "", [(PROMPT[0], None)], False),
        (
            'P = """You answer.\nBe brief, please.\n"""\n',
            'P = """You answer.\nGive facts,\nand be brief.\n"""\n',
            [LONG],
            True,
        ),
        (
            'P = "caf\u00e9 \\"now\\""\n',
            'P = "tea \\"now\\""\n',
            [('"caf\\u00e9 \\"now\\""', '"tea \\"now\\""')],
            True,
        ),
    ],
)
def test_only_values(old: str, new: str, pairs: list[tuple[str | None, str | None]], only: bool) -> None:
    assert only_says(old, new, pairs) is only
