"""Links that lead out of the working tree lead there from a worktree."""

from __future__ import annotations

import os
from pathlib import Path

from gitexp.ops.outer_links import lead_on


def test_only_what_leads_out_is_changed(tmp_path: Path) -> None:
    top, root = tmp_path / "repo ü", tmp_path / "deep/er/worktree"
    (root / "sub").mkdir(parents=True)
    links = {
        "data": "../shared data",
        "sub/data": "../../shared data/x",
        "sub/inside": "../data",
        "absolute": "/nowhere",
        "back": "../repo ü/params.yaml",
        "sub/dot": ".",
    }
    for path, target in links.items():
        (root / path).symlink_to(target)
    assert lead_on(top, root, [*links, "gone"]) == ["data", "sub/data", "back"]
    assert {path: os.readlink(root / path) for path in links} == {
        **links,
        "data": str(tmp_path / "shared data"),
        "sub/data": str(tmp_path / "shared data/x"),
        "back": str(root / "params.yaml"),
    }
