"""The index against the truth in git: never wrong, whatever becomes of its file."""

from __future__ import annotations

import math
import multiprocessing
import os
import random
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import gitexp
from benchmarks._many_runs import add_runs, repository_of_runs
from gitexp.errors import NotFound
from gitexp.git.refs import EXP, run_ref
from gitexp.index import database, schema
from gitexp.index.row import checksum
from gitexp.index.schema import VERSION
from gitexp.model.names import RunName
from gitexp.model.values import Oid
from gitexp.ops import catalog, records, shared_reading
from gitexp.ops.read import list_all, load
from gitexp.ops.select import Selection
from gitexp.repo import Repository
from tests.gitrepo import Repo, init

ODD = {
    "nan": math.nan,
    "inf": -math.inf,
    "minus zero": -0.0,
    "tiny": 5e-324,
    "wide": 2**70,
    "text": "\x1f \x1e \u202e ünï",
    "none": None,
    "yes": True,
    "a.b": 1,
    "a": {"b": 2, "empty": {}, "list": [1, [2.0, None]]},
    "1": 1.0,
}


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A repository with 30 runs and no index."""
    return repository_of_runs(tmp_path / "many", 30)


def told(folder: Path) -> list[Any]:
    """Everything that a listing tells of the runs, as text: NaN is equal to itself."""
    with Repository.open(folder) as repo:
        found = list_all(repo)
        best = Selection(sort="metrics.acc.max").of(found.runs) if found.runs else []
        return [
            *(repr((run.name, run.commit, run.record, run.row)) for run in found.runs),
            *((name, error.message) for name, error in found.broken),
            *(run.name for run in best),
        ]


def truth(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The same without an index."""
    with monkeypatch.context() as patched:
        patched.setattr(catalog, "open_index", lambda repo: database.Index(Path("/dev/null/none")))
        patched.setattr("gitexp.ops.read.open_index", lambda repo: database.Index(Path("/dev/null/none")))
        return told(folder)


def index_of(folder: Path) -> Path:
    return folder / ".git" / "exp" / "index.sqlite"


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From its call on, reading a record from git is an error."""

    def forbid() -> None:
        def read(reader: object, places: list[Any]) -> Iterator[Any]:
            assert not places, f"{places} were read from git"
            return iter(())

        monkeypatch.setattr(records, "read_rows", read)

    return forbid


def test_each_run_is_read_from_git_once(
    many: Path, unread: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = truth(many, monkeypatch)
    assert not index_of(many).exists()
    assert told(many) == expected
    assert index_of(many).exists()
    unread()
    assert told(many) == expected
    assert len(expected) == 60


def test_values_come_back_as_they_were(repo: Repo, unread: Callable[[], None]) -> None:
    with gitexp.start("odd", params=ODD, repository=repo.path) as run:
        run.log({"m": math.nan, "minus zero": -0.0, "wide": 2**70, "tiny": 5e-324}, step=1)
    (fresh,) = gitexp.runs(repository=repo.path)
    expected = repr((fresh.params, fresh.metrics, fresh.info))
    unread()
    (indexed,) = gitexp.runs(repository=repo.path)
    assert repr((indexed.params, indexed.metrics, indexed.info)) == expected
    assert math.copysign(1, indexed.params["minus zero"]) == -1  # type: ignore[arg-type]
    assert dict(indexed.params)["a"] == ODD["a"]


def test_only_what_changed_is_read_again(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told(many)
    asked: list[RunName] = []
    real = records.read_rows

    def read(reader: Any, places: Any) -> Any:
        asked.extend(name for name, _ in places)
        return real(reader, places)

    monkeypatch.setattr(records, "read_rows", read)
    fresh = add_runs(many, 30, 3)
    assert len(told(many)) == 66
    assert sorted(asked) == sorted(fresh)
    asked.clear()
    repo = Repo(many, os.environ)
    old, other = (run.name for run in gitexp.runs(repository=many)[-2:])
    # Moved to another commit, and gone.
    repo.git("update-ref", run_ref(RunName(old)), repo.git("rev-parse", run_ref(fresh[0])))
    repo.git("update-ref", "-d", run_ref(RunName(other)))
    assert len(told(many)) == 64
    assert asked == [old]
    assert told(many) == truth(many, monkeypatch)


def test_a_name_is_that_of_the_ref(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = Repo(many, os.environ)
    first = gitexp.runs(repository=many)[0].name
    repo.git("update-ref", f"{EXP}copy-of-it-aaaaaa", run_ref(RunName(first)))
    assert told(many) == truth(many, monkeypatch)
    found = gitexp.runs(repository=many)
    assert {run.name for run in found} >= {"copy-of-it-aaaaaa", first}
    assert [row["name"] for row in found.to_dicts()] == [run.name for run in found]


def test_broken_runs_and_strangers_are_told_each_time(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = Repo(many, os.environ)
    repo.git("update-ref", f"{EXP}no-record-aaaaaa", "main")
    repo.git("update-ref", f"{EXP}Not-A-Name", "main")
    expected = truth(many, monkeypatch)
    assert [told(many), told(many)] == [expected, expected]
    with Repository.open(many) as opened:
        assert [name for name, _ in list_all(opened).broken] == ["no-record-aaaaaa", f"{EXP}Not-A-Name"]


@pytest.mark.parametrize("what", [":.exp/metrics.yaml", ":.exp", "^{tree}", ":.exp/series", ""])
def test_a_missing_object_that_comes_back_is_listed_again(many: Path, what: str) -> None:
    repo = Repo(many, os.environ)
    name = gitexp.runs(repository=many)[3].name
    index_of(many).unlink()
    wanted = repo.git("rev-parse", f"exp/{name}{what}")
    repo.git("repack", "-adq")
    pack = next((many / ".git/objects/pack").glob("*.pack"))
    data = pack.read_bytes()
    for path in list(pack.parent.iterdir()):
        path.chmod(stat.S_IRUSR | stat.S_IWUSR)
        path.unlink()
    repo.git("unpack-objects", "-q", input=data)
    loose = many / ".git/objects" / wanted[:2] / wanted[2:]
    hidden = loose.rename(many / "hidden")
    with Repository.open(many) as opened:
        ((found, error),) = list_all(opened).broken
        assert (found, type(error)) == (name, NotFound)
        with pytest.raises(NotFound, match="does not exist"):
            _ = load(opened, Oid(repo.git("rev-parse", f"exp/{name}")), name).row
    hidden.rename(loose)
    with Repository.open(many) as opened:
        assert list_all(opened).broken == ()
        assert len(list_all(opened).runs) == 30


def test_of_a_run_that_broke_nothing_is_kept(many: Path, unread: Callable[[], None]) -> None:
    repo = Repo(many, os.environ)
    expected = told(many)
    name = gitexp.runs(repository=many)[3].name
    repo.git("update-ref", run_ref(RunName(name)), "main")
    broken = told(many)
    assert len(broken) == len(expected) - 1
    with closing(sqlite3.connect(index_of(many))) as connection:
        assert connection.execute("SELECT count(*) FROM runs").fetchone() == (29,)
    unread()
    assert told(many) == broken


def test_any_byte_may_be_wrong(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = told(many)
    good = index_of(many).read_bytes()
    assert truth(many, monkeypatch) == expected
    chance = random.Random(3)
    for _ in range(60):
        bad = bytearray(good)
        for _ in range(chance.choice([1, 1, 20])):
            bad[chance.randrange(len(bad))] ^= 1 << chance.randrange(8)
        index_of(many).write_bytes(bad)
        assert told(many) == expected
        assert told(many) == expected


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_torn_file_is_no_matter(many: Path, share: float) -> None:
    expected = told(many)
    good = index_of(many).read_bytes()
    index_of(many).write_bytes(good[: int(len(good) * share)])
    assert [told(many), told(many)] == [expected, expected]
    with sqlite3.connect(index_of(many)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def _text(path: Path) -> None:
    path.write_text("this is no database\n" * 100)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _foreign(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE runs (name TEXT, mine TEXT)")
    connection.close()


def _other_version(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
        connection.execute("ALTER TABLE runs RENAME COLUMN cells TO something_new")
    connection.close()


def _lost_table(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE shapes")
    connection.close()


def _to_nowhere(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere/at/all")


@pytest.mark.parametrize("spoil", [_text, _folder, _foreign, _other_version, _lost_table, _to_nowhere])
def test_what_stands_in_its_place_is_no_matter(many: Path, spoil: Callable[[Path], None]) -> None:
    expected = told(many)
    spoil(index_of(many))
    assert [told(many), told(many)] == [expected, expected]


@pytest.mark.parametrize("spoil", [_text, _foreign, _other_version, _lost_table])
def test_a_file_that_is_not_ours_is_made_anew(
    many: Path, spoil: Callable[[Path], None], unread: Callable[[], None]
) -> None:
    expected = told(many)
    spoil(index_of(many))
    told(many)
    unread()
    assert told(many) == expected


def test_a_value_that_is_wrong_but_well_formed_is_seen(many: Path) -> None:
    expected = told(many)
    with sqlite3.connect(index_of(many)) as connection:
        changed = connection.execute("UPDATE runs SET cells = replace(cells, '0.', '1.')").rowcount
        connection.execute("UPDATE runs SET series = replace(series, '0.', '1.') WHERE rowid % 2")
    connection.close()
    assert changed == 30
    assert told(many) == expected
    assert checksum(["a", "b"]) != checksum(["ab"])


def test_a_lock_that_is_not_let_go_is_not_waited_for_without_end(
    many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = told(many)
    monkeypatch.setattr(database, "_PATIENCE", 0.05)
    holder = sqlite3.connect(index_of(many), isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        assert told(many) == expected
        add_runs(many, 30, 1)
        assert len(told(many)) == len(expected) + 2
    finally:
        holder.close()
    assert len(told(many)) == len(expected) + 2


def test_a_file_system_without_locks_has_an_index_too(
    many: Path, monkeypatch: pytest.MonkeyPatch, unread: Callable[[], None]
) -> None:
    expected = truth(many, monkeypatch)
    real = sqlite3.connect

    def connect(path: Any, **options: Any) -> sqlite3.Connection:
        if not options.get("uri"):
            raise sqlite3.OperationalError("disk I/O error")
        return real(path, **options)

    monkeypatch.setattr(sqlite3, "connect", connect)
    monkeypatch.setattr("fcntl.lockf", _no_lock)
    assert told(many) == expected
    assert [path.name for path in index_of(many).parent.iterdir()] == ["index.sqlite"]
    unread()
    assert told(many) == expected


def _no_lock(*_: object) -> None:
    raise OSError(37, "No locks available")


def test_where_nothing_can_be_written_runs_are_listed_all_the_same(
    many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = truth(many, monkeypatch)

    def full(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(database, "_write", full)
    assert [told(many), told(many)] == [expected, expected]


def _list_often(folder: str, times: int) -> set[int]:
    return {len(gitexp.runs(repository=folder)) for _ in range(times)}


def test_many_list_while_runs_come_and_go(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = Repo(many, os.environ)
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        jobs = [pool.apply_async(_list_often, (str(many), 12)) for _ in range(4)]
        for number in range(6):
            name = add_runs(many, 30 + number, 1)[0]
            if number % 2:
                repo.git("update-ref", "-d", run_ref(name))
        seen = set().union(*(job.get(120) for job in jobs))
    assert seen <= {30, 31, 32, 33, 34}
    assert told(many) == truth(many, monkeypatch)
    with sqlite3.connect(index_of(many)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


def test_an_unborn_branch_and_a_bare_repository_have_an_index(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    empty = init(tmp_path / "empty", environ)
    assert gitexp.runs(repository=empty.path) == []
    with gitexp.start("first", repository=empty.path):
        pass
    bare = tmp_path / "bare"
    empty.git("clone", "-q", "--mirror", ".", str(bare))
    for folder in (empty.path, bare):
        assert [gitexp.runs(repository=folder)[0].status for _ in range(2)] == ["finished"] * 2
    assert (bare / "exp" / "index.sqlite").exists()


def test_a_large_fill_is_shared_by_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = repository_of_runs(tmp_path / "many", 60)
    expected = truth(folder, monkeypatch)
    monkeypatch.setattr(shared_reading, "WORTH", 10)
    parent = os.getpid()
    children: list[int] = []
    real = os.fork

    def fork() -> int:
        child = real()
        if child:
            children.append(child)
        return child

    monkeypatch.setattr(os, "fork", fork)

    def filled() -> list[str]:
        index_of(folder).unlink(missing_ok=True)
        with Repository.open(folder) as repo:
            repo.processes = 4
            return [repr((run.name, run.commit, run.record, run.row)) for run in list_all(repo).runs]

    assert filled() == expected[:60]

    def dying(reader: Any, places: Any) -> Any:
        if os.getpid() != parent:
            os._exit(9)
        return records.read_rows(reader, places)

    monkeypatch.setattr(shared_reading, "read_rows", dying)
    assert filled() == expected[:60]
    assert len(children) == 6
    for child in children:
        with pytest.raises(ChildProcessError):
            os.waitpid(child, os.WNOHANG)


def test_what_runs_that_are_gone_took_is_given_back(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told(many)
    with Repository.open(many) as opened:
        index = catalog.open_index(opened)
        before = index.path.stat().st_size
        assert index.slack() == 0
        doomed = [run.name for run in gitexp.runs(repository=many)[5:]]
        script = "".join(f"delete {run_ref(RunName(name))}\n" for name in doomed)
        Repo(many, os.environ).git("update-ref", "--stdin", input=script)
        assert len(list_all(opened).runs) == 5
        assert index.slack() >= before // 5
        index.compact()
        assert (index.slack(), index.path.stat().st_size < before) == (0, True)
    assert told(many) == truth(many, monkeypatch)


def test_a_ref_with_another_name_is_shown_under_its_own(many: Path) -> None:
    repo = Repo(many, os.environ)
    first = gitexp.runs(repository=many)[0].name
    repo.git("update-ref", f"{EXP}copy-of-it-aaaaaa", run_ref(RunName(first)))
    assert gitexp.get_run("copy-of", repository=many).name == "copy-of-it-aaaaaa"
    assert gitexp.get_run(repo.git("rev-parse", f"exp/{first}"), repository=many).name == first


def test_rows_of_broken_runs_that_are_no_text_are_no_matter(many: Path) -> None:
    Repo(many, os.environ).git("update-ref", f"{EXP}no-record-aaaaaa", "main")
    expected = told(many)
    with sqlite3.connect(index_of(many)) as connection:
        assert connection.execute("UPDATE broken SET name = x'00ff'").rowcount == 1
    connection.close()
    assert [told(many), told(many)] == [expected, expected]


def test_runs_that_reproduce_another_one_are_found_without_looking_at_all(tmp_path: Path) -> None:
    where = f"WHERE {schema.REPRODUCING} AND instr(info, ?)"
    tables = ((schema.TAILS, "reproducing"), (schema.ARCHIVED_TAILS, "archived_reproducing"))
    with closing(sqlite3.connect(tmp_path / "index.sqlite", isolation_level=None)) as connection:
        schema.prepare(connection)
        for table, index in tables:
            plan = connection.execute(f"EXPLAIN QUERY PLAN {table} {where}", ("x",)).fetchall()
            assert [row[3].endswith(f"USING INDEX {index}") for row in plan] == [True]
