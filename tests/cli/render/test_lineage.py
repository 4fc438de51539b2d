"""Lineages as trees and graphs: what they say, and that what others wrote stays inside of labels."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gitexp.cli.render.lineage_graph import dot, mermaid
from gitexp.cli.render.lineage_tree import lineage_page
from gitexp.cli.render.paint import Paint
from gitexp.cli.safe_text import safe
from gitexp.index.row import Row
from gitexp.model.lineage import Lineage
from gitexp.model.record import How, Input
from gitexp.ops.lineage.traces import trace
from gitexp.ops.lineage.walk import Start, walk
from gitexp.ops.read import StoredRun
from tests.ops.lineage.rows import COMMIT, name, row, sha, step, used

PIPELINE = (
    row("raw", 0, "", "raw"),
    row("prep", 1, "raw", steps=[step("clean", "raw", "clean"), step("tokenize", "clean", "tokens")]),
    row("train", 10, "tokens", "model log"),
    row("eval", 20, [used("model", "model"), used("tokens")], parents=["train", "gone"]),
    row("repeat", 30, "tokens", "model", parents=["train"], reproduces="train"),
)


def _found(rows: Sequence[Row], start: Start, **options: Any) -> Lineage:
    return walk(trace(rows), start, **{"up": True, "down": True, **options})


def _page(rows: Sequence[Row], start: Start, **options: Any) -> str:
    nothing: Any = None
    runs = {one.head.name: StoredRun(nothing, name(one.head.name), COMMIT, one.head) for one in rows}
    lines = lineage_page(_found(rows, start, **options), runs, Paint(False), None)
    return "\n".join(lines).replace("-aaaaaa", "")


def _oid(content: str) -> str:
    return f"sha256:{sha(content)[:10]}"


def test_a_tree_goes_up_and_one_goes_down() -> None:
    assert _page(PIPELINE, Start("eval", run=name("eval")), down=False) == "\n".join(
        (
            *("eval", "", "Made of"),
            f"├─ dataset in/tokens from prep, step tokenize  {_oid('tokens')}",
            f"│  └─ step tokenize: dataset in/clean from the same run, step clean  {_oid('clean')}",
            f"│     └─ step clean: dataset in/raw from raw, as raw  {_oid('raw')}",
            f"├─ model in/model from train, as model  {_oid('model')}",
            f"│  └─ dataset in/tokens from prep, step tokenize (see above)  {_oid('tokens')}",
            "├─ comes from train (see above)",
            "└─ comes from gone (not here)",
        )
    )
    running = (row("a", 0, runs=True),)
    assert _page(running, Start("a", run=name("a"))).startswith("a (running)\n")


def test_a_content_is_told_with_makers_and_users() -> None:
    assert _page(PIPELINE, Start("data/tokens.bin", oid=sha("tokens"))) == "\n".join(
        (
            f"data/tokens.bin  sha256:{sha('tokens')[:10]}",
            *("", "Made of"),
            "└─ made by prep, step tokenize, as in/tokens",
            f"   └─ step tokenize: dataset in/clean from the same run, step clean  {_oid('clean')}",
            f"      └─ step clean: dataset in/raw from raw, as raw  {_oid('raw')}",
            *("", "Used by"),
            "├─ used by train, as dataset",
            f"│  ├─ model to eval, as model  {_oid('model')}",
            "│  ├─ led to eval",
            "│  ├─ reproduced by repeat",
            f"│  │  └─ model, used by no run  {_oid('model')}",
            f"│  └─ log, used by no run  {_oid('log')}",
            "├─ used by eval, as dataset",
            "└─ used by repeat, as dataset (see above)",
        )
    )


def test_a_long_chain_and_a_wide_fan_are_cut_and_that_is_said() -> None:
    chain = [row(f"r{at}", at * 10, f"c{at}", f"c{at + 1}") for at in range(60)]
    page = _page(chain, Start("r59", run=name("r59")), down=False)
    assert page.count("\n") < 40
    assert page.rpartition("  sha256:")[0].endswith(" …")
    fan = [row("hub", 0, "", "x"), *(row(f"r{at}", 10, "x") for at in range(50))]
    page = _page(fan, Start("hub", run=name("hub")), up=False)
    assert page.endswith("└─ and 30 more: --format json has all")
    assert _page(PIPELINE, Start("eval", run=name("eval")), up=True, down=False, depth=1).count(" …") == 3


def test_of_many_files_that_were_seen_to_be_read_their_number_is_told() -> None:
    files = [used(f"f{at}", "file", How.OBSERVED) for at in range(30)]
    start = Start("a", run=name("a"))
    page = _page((row("a", 0, [*files, used("data")]),), start, down=False)
    assert page.split("\n")[3:] == [
        f"├─ dataset in/data, made by no run  {_oid('data')}",
        "└─ 30 files that it was seen to read, made by no run",
    ]
    assert _page((row("a", 0, files[:2]),), start).count("file in/f") == 2


def test_a_run_of_nobody_says_so() -> None:
    assert _page((row("a", 0),), Start("a", run=name("a"))).count("nothing that is recorded") == 2


_MERMAID = re.compile(
    r"flowchart TD"
    r"| +r\d+(s\d+)?[\[(]\"[^\"\n]*\"[\])]"
    r"| +subgraph r\d+g\[\"[^\"\n]*\"\]| +end"
    r"| +c\d+\[/\"[^\"\n]*<br/>sha256:[0-9a-f]{10}\"/\]"
    r"| +[rcs\d]+ (-->|-\. (parent|reproduced) \.->) [rcs\d]+"
    r"| +style [rc\d]+ stroke-width:3px"
)
_DOT = re.compile(
    r"digraph lineage \{| *\}| +node \[fontname=sans, fontsize=11\];"
    r'| +r\d+(s\d+)? \[shape=box,( style=rounded,)? label="(?:[^"\\\n]|\\.)*"\];'
    r'| +subgraph cluster_r\d+ \{ label="(?:[^"\\\n]|\\.)*";'
    r'| +c\d+ \[shape=note, label="(?:[^"\\\n]|\\.)*\\nsha256:[0-9a-f]{10}"\];'
    r'| +[rcs\d]+ -> [rcs\d]+( \[style=dashed, label="(parent|reproduced)"\])?;'
    r"| +[rc\d]+ \[penwidth=3\];"
)


def test_graphs_have_a_node_for_each_run_step_and_content() -> None:
    found = _found(PIPELINE, Start("eval", run=name("eval")))
    for lines in (list(mermaid(found)), list(dot(found))):
        text = "\n".join(lines)
        for label in ("raw-aaaaaa", "prep-aaaaaa", "train-aaaaaa", "gone-aaaaaa", "tokenize", "clean"):
            assert f'"{label}"' in text
        assert text.count(f"sha256:{sha('tokens')[:10]}") == 1
        assert text.count("subgraph") == 1
    arrows = [line for line in mermaid(found) if ">" in line and "[" not in line]
    # raw made and used, clean made and used, tokens made and used twice, model made and used, two parents.
    assert len(arrows) == 2 + 2 + 3 + 2 + 2


@given(st.text(max_size=80), st.text(min_size=1, max_size=80), st.text(min_size=1, max_size=80))
def test_what_others_wrote_stays_inside_of_labels(role: str, label: str, path: str) -> None:
    hostile = Input(role or "x", path, None, sha("x"), 1)
    rows = (
        row("a", 0, [hostile], {path: "y"}, steps=[step(label, "y", "z")], parents=["b"]),
        row("b", 1, "z"),
    )
    for start in (Start("a", run=name("a")), Start(path, oid=sha("x"))):
        found = _found(rows, start)
        for line in mermaid(found):
            assert _MERMAID.fullmatch(line), line
        for line in dot(found):
            assert _DOT.fullmatch(line), line
        assert all(safe(one) == one for one in _page(rows, start).split("\n"))
