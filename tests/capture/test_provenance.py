from __future__ import annotations

import hashlib

import pytest

from gitexp.capture import provenance


def test_lock_files_at_the_root_and_in_cwd(tmp_path):
    sub = tmp_path / "top/sub"
    (sub / "deeper").mkdir(parents=True)
    for path in ("uv.lock", "requirements-dev.txt", "notes.txt", "sub/conda-lock.yml", "sub/deeper/uv.lock"):
        (tmp_path / "top" / path).write_text(path)
    (tmp_path / "uv.lock").write_text("outside")
    (tmp_path / "top/poetry.lock").mkdir()
    found = provenance.lock_files(tmp_path / "top", sub)
    assert list(found) == ["requirements-dev.txt", "sub/conda-lock.yml", "uv.lock"]
    assert found["uv.lock"] == hashlib.sha256(b"uv.lock").hexdigest()
    assert list(provenance.lock_files(tmp_path / "top", tmp_path)) == ["requirements-dev.txt", "uv.lock"]


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://me:pw@github.com/a/b.git", "https://github.com/a/b.git"),
        ("git@github.com:a/b.git", "git@github.com:a/b.git"),
        ("/home/me/b.git", None), ("../b", None), ("file:///home/me/b.git", None), ("~/b", None),
        ("b.git", None),
        ("C:\\b", None), ("C:/b", None), ("", None), (None, None),
    ],
)  # fmt: skip
def test_remote(url, kept):
    assert provenance.remote(url) == kept


def test_submodules_that_are_declared():
    text = '[submodule "x"]\n\tpath = libs/x\n\turl = https://u:p@h/x\n[submodule "y z"]\n\tpath = "y z"\n'
    index = [("y z", "b" * 40), ("libs/x", "a" * 40), ("stray", "c" * 40)]
    assert provenance.submodules(text, index) == {"libs/x": "a" * 40, "y z": "b" * 40}
    assert provenance.submodules("", index) == {}
