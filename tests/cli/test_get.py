"""artifacts and get, as they are typed."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.program import Program
from tests.gitrepo import Repo

BIG = bytes(range(256)) * 20
_PROGRAM = """
import gitexp, pathlib
run = gitexp.start()
out = pathlib.Path("out/sub"); out.mkdir(parents=True, exist_ok=True)
(out / "a.txt").write_text("hello")
pathlib.Path("out/big.bin").write_bytes(bytes(range(256)) * 20)
run.log({"acc": 0.5})
run.log_artifact("out", kind="model")
run.log_artifact(b"{}", name="scores.json", metadata={"rows": 3})
"""


@pytest.fixture
def name(exp: Program) -> str:
    """A run with small artifacts, and one that is in the store."""
    exp.repo.git("config", "exp.maxBlob", "1k")
    (exp.repo.path / ".git/info").mkdir(exist_ok=True)
    (exp.repo.path / ".git/info/exclude").write_text("/out\n")
    return exp.record("one", _PROGRAM)


def stored(repo: Repo) -> Path:
    (found,) = (path for path in (repo.path / ".git/lfs/objects").rglob("*") if path.is_file())
    return found


def identity_by_hand(folder: Path) -> str:
    """As the documentation says that one may work it out."""
    told = "find . -type f -printf '%P\\0' | xargs -0 sha256sum | LC_ALL=C sort | sha256sum"
    return (
        subprocess.run(["sh", "-c", told], cwd=folder, check=True, capture_output=True).stdout[:64].decode()
    )


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def test_artifacts_are_listed_with_where_they_are(exp: Program, name: str) -> None:
    folder = identity_by_hand(exp.repo.path / "out")
    assert [line.split() for line in exp("artifacts").out.splitlines()] == [
        ["PATH", "SIZE", "SHA256", "KIND", "PLACE"],
        ["out/", "5.1", "kB", folder[:10], "model"],
        ["out/big.bin", "5.1", "kB", stored(exp.repo).name[:10], "model", "store"],
        ["out/sub/a.txt", "5", "B", "2cf24dba5f", "model", "record"],
        ["scores.json", "2", "B", "44136fa355", "record"],
    ]
    found = exp("artifacts", name, "--json").json
    assert found["name"] == name
    assert found["artifacts"][2] == {
        "path": "scores.json",
        "oid": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
        "size": 2,
        "metadata": {"rows": 3},
        "place": "record",
    }
    assert found["folders"] == {"out": {"oid": f"sha256:{folder}", "size": 5125, "files": 2}}
    stored(exp.repo).unlink()
    assert [one["place"] for one in exp("artifacts", "--json").json["artifacts"]] == [
        "absent",
        "record",
        "record",
    ]
    bare = exp.record("none")
    assert exp("artifacts").err == f"note: run '{bare}' has no artifacts\n"
    assert exp("get", bare).err == f"note: run '{bare}' has no artifacts\n"


def test_everything_is_written_once(exp: Program, name: str, tmp_path: Path) -> None:
    said = exp("get", name, "-o", str(tmp_path / "got"))
    assert (said.code, said.out) == (0, "")
    assert said.err == (
        f"{tmp_path}/got/out/big.bin  5.1 kB  written\n"
        f"{tmp_path}/got/out/sub/a.txt  5 B  written\n"
        f"{tmp_path}/got/scores.json  2 B  written\n"
    )
    assert files(tmp_path / "got") == {"out/big.bin": BIG, "out/sub/a.txt": b"hello", "scores.json": b"{}"}
    assert exp("get", name, "-o", str(tmp_path / "got")).err.count("unchanged") == 3
    assert exp("get", name, "-q", "-o", str(tmp_path / "more")).err == ""
    exp.repo.fsck()


def test_parts_are_written_by_their_last_name(exp: Program, name: str, tmp_path: Path) -> None:
    assert exp("get", f"{name}:out/sub", "scores.json", "-o", str(tmp_path / "a")).code == 0
    assert files(tmp_path / "a") == {"sub/a.txt": b"hello", "scores.json": b"{}"}
    assert exp("get", "best:acc", "out/big.bin", "out/big.bin", "-o", str(tmp_path / "b")).code == 0
    assert files(tmp_path / "b") == {"big.bin": BIG}
    said = exp("get", f"{name}:out/su")
    assert (said.code, said.err) == (
        1,
        f"error: run '{name}' has no artifact 'out/su'\nhint: git exp artifacts {name}\n",
    )


def test_other_content_is_never_overwritten_unasked(exp: Program, name: str, tmp_path: Path) -> None:
    got = tmp_path / "got"
    got.mkdir()
    (got / "scores.json").write_text("mine")
    said = exp("get", name, "-o", str(got))
    assert said.code == 2
    assert said.err.startswith(f"error: '{got}/scores.json' exists already, with other content\n")
    assert files(got) == {"scores.json": b"mine"}
    assert "would be written" in exp("get", name, "-f", "-n", "-o", str(got)).err
    assert files(got) == {"scores.json": b"mine"}
    assert exp("get", name, "-f", "-o", str(got)).code == 0
    assert files(got)["scores.json"] == b"{}"


def test_damaged_bytes_are_refused_and_set_aside(exp: Program, name: str, tmp_path: Path) -> None:
    bad = stored(exp.repo)
    bad.chmod(0o600)
    bad.write_bytes(b"X" + BIG[1:])
    said = exp("get", name, "-o", str(tmp_path / "got"))
    assert said.code == 1
    assert f"error: artifact 'out/big.bin' of run '{name}': artifact {bad.name[:12]} is damaged" in said.err
    assert files(tmp_path / "got") == {"out/sub/a.txt": b"hello", "scores.json": b"{}"}
    assert not bad.exists()
    assert (exp.repo.path / ".git/lfs/bad" / bad.name).exists()


def test_a_record_that_says_other_than_it_holds_is_refused(exp: Program, name: str, tmp_path: Path) -> None:
    """As somebody else may send it."""
    repo, tip = exp.repo, f"refs/exp/{name}"
    blob = repo.git("hash-object", "-w", "--stdin", input="[]")
    index = {"GIT_INDEX_FILE": str(tmp_path / "index")}
    repo.git("read-tree", tip, **index)
    repo.git("update-index", "--cacheinfo", f"100644,{blob},.exp/artifacts/scores.json", **index)
    tree = repo.git("write-tree", **index)
    repo.git("update-ref", tip, repo.git("commit-tree", tree, "-p", tip, "-m", "forged"))
    said = exp("get", f"{name}:scores.json", "-o", str(tmp_path / "got"))
    assert (said.code, said.err) == (
        1,
        f"error: artifact 'scores.json' of run '{name}' is not what its record says\nhint: git fsck\n",
    )
    assert files(tmp_path / "got") == {}


def test_links_lead_nowhere(exp: Program, name: str, tmp_path: Path) -> None:
    (tmp_path / "got").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "got/out").symlink_to(tmp_path / "outside")
    said = exp("get", name, "-o", str(tmp_path / "got"))
    assert said.code == 1
    assert f"error: '{tmp_path}/got/out' is not a folder, or is a link\n" in said.err
    assert list((tmp_path / "outside").iterdir()) == []
    assert (tmp_path / "got/scores.json").read_bytes() == b"{}"


def test_one_file_is_printed_whole_or_not_at_all(exp: Program, name: str) -> None:
    assert exp("get", f"{name}:scores.json", "-o", "-").out == "{}"
    assert exp("get", f"{name}:out", "-o", "-").err.startswith("error: 'out' is a folder\n")
    assert exp("get", name, "-o", "-").code == 2
    bad = stored(exp.repo)
    bad.chmod(0o600)
    bad.write_bytes(b"X" + BIG[1:])
    said = exp("get", f"{name}:out/big.bin", "-o", "-")
    assert (said.code, said.out) == (1, "")


@pytest.mark.skipif(shutil.which("git-lfs") is None, reason="git-lfs is not installed")
def test_stock_git_lfs_brings_the_bytes_from_clone_to_clone(
    exp: Program, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub, clone = tmp_path / "hub", tmp_path / "clone"
    exp.repo.git("init", "-q", "--bare", str(hub))
    exp.repo.git("remote", "add", "origin", str(hub))
    exp.repo.git("push", "-q", "origin", "HEAD", "refs/exp/*:refs/exp/*")
    exp.repo.git("lfs", "push", "origin", f"refs/exp/{name}")
    environ = {**exp.repo.environ, "GIT_LFS_SKIP_SMUDGE": "1"}
    subprocess.run(["git", "clone", "-q", str(hub), str(clone)], check=True, env=environ)
    other = Repo(clone, exp.repo.environ)
    other.git("fetch", "-q", "origin", "refs/exp/*:refs/exp/*")
    (tmp_path / "empty").mkdir()
    other.git("config", "exp.artifacts", str(tmp_path / "empty"))  # else get would find them in the hub
    monkeypatch.chdir(clone)
    said = exp("get", f"{name}:out/big.bin", "-o", str(tmp_path / "got"))
    oid = hashlib.sha256(BIG).hexdigest()[:12]
    assert said.err == (
        f"error: artifact 'out/big.bin' of run '{name}' is not in this clone: "
        f"artifact {oid} ({len(BIG)} bytes) is not at {tmp_path / 'empty'}\n"
    )
    assert said.code == 1
    other.git("lfs", "fetch", "origin", f"refs/exp/{name}")
    assert exp("get", f"{name}:out/big.bin", "-o", str(tmp_path / "got")).code == 0
    assert files(tmp_path / "got") == {"big.bin": BIG}
    other.fsck()


def test_artifacts_of_a_live_run_can_be_had(exp: Program, tmp_path: Path) -> None:
    code = f"""
import gitexp
run = gitexp.start()
run.log_artifact(b"now", name="early.txt")
from gitexp.cli.boundary import run as exp
assert exp(["get", "@", "-q", "-o", {str(tmp_path / "got")!r}]) == 0
"""
    exp.record("live", code)
    assert files(tmp_path / "got") == {"early.txt": b"now"}
