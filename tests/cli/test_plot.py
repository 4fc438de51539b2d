"""`git exp plot`."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.cli.program import Program
from tests.cli.template import record, template, use
from tests.gitrepo import Repo, wrapped_git

PNG = b"\x89PNG\r\n\x1a\n"
NAMES = ("</script><script>alert(1)</script>", "$\\frac{x$", "<img src=x onerror=alert(1)>", "a\x1b[31m")


def rows(*each: dict[str, object]) -> str:
    lines = "".join(json.dumps(one) + "\n" for one in each)
    return f"open('metrics.jsonl', 'w').write({lines!r})"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """A run with two series, and one with a single one."""

    def tell(repo: Repo) -> None:
        repo.commit("first", {".gitignore": "metrics.jsonl\n"})
        record("one", rows(*({"step": i, "loss": 4.0 - i, "acc": i / 4} for i in range(4))))
        record("two", rows(*({"step": i, "loss": 1.0} for i in range(4))))

    return template(tmp_path_factory.mktemp("two"), tell)


@pytest.fixture
def two(exp: Program, recorded: Repo) -> list[str]:
    return use(exp, recorded)


def test_a_curve_in_the_terminal(exp: Program, two: list[str]) -> None:
    said = exp("plot", two[0], "-m", "loss")
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert lines[:3] == [f"── {two[0]}", "", "loss by step"]
    assert lines[-2].startswith("    └┬──")
    assert lines[-1].split() == ["0", "1", "2", "3"]
    picture = lines[3:-2]
    assert picture[0].startswith("  4 ┤⠉")
    assert picture[-1].startswith("  1 ┤")
    assert picture[-1][-1] not in " ⠀┤"
    assert max(map(len, lines)) <= 80


def test_metrics_one_below_the_other_and_runs_in_one_plot(exp: Program, two: list[str]) -> None:
    said = exp("plot", *two)
    assert [line for line in said.out.splitlines() if " by " in line] == ["acc by step", "loss by step"]
    assert said.out.startswith(f"a {two[0]}\nb {two[1]}\n")
    assert said.err == f"note: run '{two[1]}' has no series 'acc'\n"
    acc, loss = said.out.split("loss by step")
    assert "│bb" not in acc.replace("┤", "│")
    assert "│aa" in acc.replace("┤", "│")
    assert "bbb" in loss


def test_colours_tell_runs_apart_where_there_are_any(exp: Program, two: list[str]) -> None:
    exp.repo.git("config", "color.ui", "always")
    said = exp("plot", *two, "-m", "loss").out
    assert f"\x1b[36m──\x1b[m {two[0]}\n\x1b[33m──\x1b[m {two[1]}\n" in said
    assert re.search("\x1b\\[33m[\u2801-\u28ff]", said)


def test_plain_letters_where_the_screen_knows_no_others(
    exp: Program, two: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stdout = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stdout)
    assert exp("plot", two[0], "-m", "loss").code == 0
    said = stdout.buffer.getvalue().decode("ascii")  # type: ignore[attr-defined]
    assert said.startswith(f"-- {two[0]}\n\nloss by step\n  4 +*")
    assert "\\u" not in said


def test_it_fits_the_screen(exp: Program, two: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_PAGER_IN_USE", "true")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("LINES", "18")
    lines = exp("plot", two[0], "-m", "loss").out.splitlines()
    assert max(map(len, lines)) == 40
    assert len(lines) <= 18


def test_one_point_and_gaps_still_draw(exp: Program) -> None:
    name = exp.record(
        "gaps", rows({"step": 0, "a": 1.0, "one": 7}, {"step": 1, "a": float("nan")}, {"step": 2, "a": 1.0})
    )
    said = exp("plot", name, "-m", "one").out
    assert len(re.findall("[\u2801-\u28ff]", said)) == 1
    said = exp("plot", name, "-m", "a").out
    assert len(re.findall("[\u2801-\u28ff]", said)) == 2


def test_the_latest_run_unless_told_otherwise(exp: Program, two: list[str]) -> None:
    assert two[1] in exp("plot").out
    said = exp("plot", two[1], "--where", "acc > 0", "-m", "loss").out
    assert said.startswith(f"a {two[1]}\nb {two[0]}\n")
    said = exp("plot", "--where", "acc > 5")
    assert (said.code, said.err) == (1, "error: no run matches\nhint: git exp ls\n")


def test_usage(exp: Program, two: list[str]) -> None:
    said = exp("plot", two[0], "-m", "los")
    assert (said.code, said.err) == (2, "error: no run has a series of numbers 'los'\nhint: -m loss\n")
    assert exp("plot", "--smooth", "1").code == 2
    assert exp("plot", "-x", "epoch").code == 2
    said = exp("plot", "--svg", "-", "--html", "-")
    assert (said.code, said.err) == (2, "error: only one file can go to stdout\nhint: --html FILE\n")
    for axis in ("step", "time", "relative"):
        assert exp("plot", *two, "-x", axis, "--smooth", "0.6", "--log-y").code == 0


def test_files(exp: Program, two: list[str], tmp_path: Path) -> None:
    targets = {kind: tmp_path / f"out.{kind}" for kind in ("html", "svg", "png")}
    targets["png"].write_bytes(b"old")
    options = [word for kind, path in targets.items() for word in (f"--{kind}", str(path))]
    said = exp("plot", *two, "-m", "loss", *options, "--smooth", "0.5", "-x", "time", "--log-y")
    assert (said.code, said.out) == (0, "")
    assert said.err == "".join(f"wrote {path}\n" for path in targets.values())
    assert sorted(tmp_path.glob("*.*")) == sorted(targets.values())
    assert targets["png"].read_bytes().startswith(PNG)
    first = targets["svg"].read_bytes()
    assert {"svg": ElementTree.fromstring(first).tag.endswith("svg")}["svg"]
    assert all(name.encode() in first for name in two)
    page = targets["html"].read_text()
    exp("plot", *two, "-m", "loss", *options, "--smooth", "0.5", "-x", "time", "--log-y")
    assert targets["svg"].read_bytes() == first
    assert targets["html"].read_text() == page


def test_a_file_on_stdout(exp: Program, two: list[str]) -> None:
    said = exp("plot", two[0], "--svg", "-")
    assert said.out.startswith("<?xml")
    assert said.err == ""


def test_what_cannot_be_written(exp: Program, two: list[str], tmp_path: Path) -> None:
    said = exp("plot", two[0], "--svg", str(tmp_path / "none" / "a.svg"))
    assert (said.code, "cannot write" in said.err) == (2, True)
    (tmp_path / "link.svg").symlink_to(tmp_path / "real.svg")
    exp("plot", two[0], "--svg", str(tmp_path / "link.svg"))
    assert (tmp_path / "link.svg").is_symlink()
    assert (tmp_path / "real.svg").read_bytes().startswith(b"<?xml")
    assert exp("plot", two[0], "--svg", "/dev/null").code == 0
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize(
    ("kind", "package"), [("svg", "matplotlib"), ("png", "matplotlib"), ("html", "plotly")]
)
def test_a_missing_package_is_named(
    exp: Program, two: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, package: str
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, package, None)
    said = exp("plot", two[0], f"--{kind}", str(tmp_path / "out"))
    assert said.code == 1
    assert re.fullmatch(
        rf"error: --{kind} needs the package '{package}[\w.]*'\nhint: pip install 'gitexp\[plot\]'\n",
        said.err,
    )
    assert not (tmp_path / "out").exists()


def test_hostile_names_are_text(exp: Program, tmp_path: Path) -> None:
    name = exp.record("evil", rows(*({"step": i, **dict.fromkeys(NAMES, i)} for i in range(3))))
    said = exp(
        "plot",
        name,
        "--html",
        str(tmp_path / "e.html"),
        "--svg",
        str(tmp_path / "e.svg"),
        "--png",
        str(tmp_path / "e.png"),
    )
    assert said.code == 0
    assert "\x1b" not in exp("plot", name).out
    page = (tmp_path / "e.html").read_text()
    head, _, rest = page.partition("<script>")
    data = rest.rpartition('<script type="application/json" id="data">')[2].partition("</script>")[0]
    assert "alert(1)" in head
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "\x1b" not in page.partition("<script>")[0]
    assert len(json.loads(data)) == len(NAMES)
    assert "<" not in data
    picture = ElementTree.parse(tmp_path / "e.svg")
    assert {one.tag.rpartition("}")[2] for one in picture.iter()}.isdisjoint(
        {"script", "img", "foreignObject"}
    )
    assert "$\\frac{x$" in "".join(picture.getroot().itertext())


def test_the_page_may_load_nothing(exp: Program, two: list[str], tmp_path: Path) -> None:
    exp("plot", two[0], "--html", str(tmp_path / "a.html"))
    page = (tmp_path / "a.html").read_text()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; script-src 'unsafe-inline';")
    assert "http" not in policy[1]
    assert "showSendToCloud: false" in page
    outside = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    assert not re.search(
        r"(?:src|href|url\()",
        outside.replace("default-src", "")
        .replace("script-src", "")
        .replace("style-src", "")
        .replace("img-src", ""),
    )
    assert "<td>4</td>" in outside


def test_the_number_of_git_processes_does_not_depend_on_that_of_runs(
    exp: Program, two: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = tmp_path / "calls"
    real = exp.repo.environ

    def processes() -> int:
        wrapped = wrapped_git(tmp_path / "bin", real, f'echo "$*" >>"{calls}"')
        with monkeypatch.context() as patch:
            patch.setenv("PATH", wrapped["PATH"])
            calls.write_text("")
            assert exp("plot", "--where", "loss >= 0", "-m", "loss").code == 0
        return len(calls.read_text().splitlines())

    assert exp("ls").code == 0
    few = processes()
    for number in range(3):
        record(f"more{number}", rows(*({"step": i, "loss": 2.0} for i in range(2))))
    assert exp("ls").code == 0
    assert processes() == few
    assert few > 0
