"""How many files become few inputs, and what they are called."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gitexp.ops.observing.files import MOST, Seen, _grouped, _named


def seen(path: str, *, inside: bool = True) -> Seen:
    return Seen(f"/w/{path}", path if inside else None, 1, False)


def test_few_files_stand_for_themselves() -> None:
    files = [seen(f"data/{number}") for number in range(MOST)]
    assert _grouped(files) == (files, {})


def test_the_files_of_large_folders_are_taken_together() -> None:
    config, prompt = seen("config.json"), seen("prompts/qa.txt")
    files = [seen(f"train/{kind}/{number}.jpg") for kind in range(2) for number in range(60)]
    single, folders = _grouped([config, *files, prompt])
    assert single == [config, prompt]
    assert {name: len(ones) for name, ones in folders.items()} == {"train/0": 60, "train/1": 60}


def test_very_many_folders_are_taken_together_further_up() -> None:
    files = [seen(f"data/{kind}/{number}/x") for kind in "ab" for number in range(300)]
    single, folders = _grouped(files)
    assert (single, {name: len(ones) for name, ones in folders.items()}) == (
        [],
        {"data/a": 300, "data/b": 300},
    )


def test_files_from_elsewhere_tell_nothing_of_the_machine() -> None:
    paths = ("ada/one/x.csv", "ada/two/x.csv", "bob/two/x.csv")
    names = [name for name, _ in _named([seen(path, inside=False) for path in paths])]
    assert names == ["x.csv", "x.csv (2)", "x.csv (3)"]
    many = [seen(f"home/ada/{number}.csv", inside=False) for number in range(MOST)]
    _, folders = _grouped([*many, *(seen(f"data/{number}") for number in range(30))])
    assert {name: len(ones) for name, ones in folders.items()} == {"(elsewhere)": MOST, "data": 30}
    assert [name for name, _ in _named([seen("a/x.csv")])] == ["a/x.csv"]


PATHS = st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=5).map("/".join), max_size=400)


@given(PATHS, st.booleans())
def test_no_file_is_lost_and_there_are_never_many_inputs(paths: list[str], inside: bool) -> None:
    files = [seen(f"{path}/{number}", inside=inside) for number, path in enumerate(paths)]
    single, folders = _grouped(files)
    assert max(len(single), len(folders)) <= MOST
    assert sorted(
        [*single, *(one for ones in folders.values() for one in ones)], key=lambda one: one.path
    ) == sorted(files, key=lambda one: one.path)
