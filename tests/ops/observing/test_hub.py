"""Models and datasets that Hugging Face's libraries keep in caches."""

from __future__ import annotations

from pathlib import Path

from gitexp.artifacts.folders import identity
from gitexp.artifacts.store import Stored
from gitexp.formats.identity import pin_of
from gitexp.model.record import Input, Pin
from gitexp.model.values import Digest
from gitexp.ops.observing.hub import Hub, cache_folders

COMMIT = "0123456789abcdef0123456789abcdef01234567"
BLOB = "a" * 64


def taken(*paths: str, hashes: dict[str, Stored] | None = None) -> list[Input]:
    hub = Hub(("/hf",))
    assert all(hub.take(path) for path in paths)
    return list(hub.inputs(hashes or {}))


def test_a_snapshot_is_a_model_at_a_revision() -> None:
    root = "/anywhere/hub/models--org--name-7b"
    [one] = taken(
        f"{root}/snapshots/{COMMIT}/config.json", f"{root}/snapshots/{COMMIT}/sub/a.json", f"{root}/refs/x"
    )
    assert (one.role, one.name, one.value) == (
        "model",
        "org/name-7b",
        {"name": "org/name-7b", "revision": COMMIT},
    )
    assert pin_of(one) is Pin.REVISION


def test_models_without_owner_datasets_and_two_revisions() -> None:
    other = COMMIT[::-1]
    found = taken(
        f"/hf/hub/models--gpt2/snapshots/{COMMIT}/a",
        f"/hf/hub/models--gpt2/snapshots/{other}/a",
        f"/hf/hub/datasets--o--d/snapshots/{COMMIT}/train.csv",
    )
    assert [(one.role, one.name) for one in found] == [
        ("dataset", "o/d"),
        ("model", "gpt2"),
        ("model", f"gpt2@{other[:10]}"),
    ]


def test_a_blob_is_of_the_only_snapshot(tmp_path: Path) -> None:
    root = tmp_path / "models--o--m"
    (root / "snapshots" / COMMIT).mkdir(parents=True)
    assert [one.value for one in taken(f"{root}/blobs/{BLOB}")] == [{"name": "o/m", "revision": COMMIT}]
    (root / "snapshots" / COMMIT[::-1]).mkdir()
    assert taken(f"{root}/blobs/{BLOB}") == []


def test_prepared_datasets_are_known_by_their_arrow_files() -> None:
    folder = "/hf/datasets/o___squad/plain/0.0.0/" + COMMIT
    one, two = f"{folder}/squad-train-00000-of-00002.arrow", f"{folder}/squad-train-00001-of-00002.arrow"
    local = f"/hf/datasets/json/default-{'b' * 16}/0.0.0/{BLOB}/json-test.arrow"
    hashes = {path: Stored(Digest(digit * 64), 5) for path, digit in ((one, "1"), (two, "2"), (local, "3"))}
    found = taken(one, two, local, f"{folder}/dataset_info.json", f"{folder}/cache-1f.arrow", hashes=hashes)
    both = identity((hashes[path].oid, path.rpartition("/")[2]) for path in (one, two))
    assert [(each.role, each.name, each.oid, each.size) for each in found] == [
        ("dataset", "json/default test", "3" * 64, 5),
        ("dataset", "o/squad/plain train", both, 10),
    ]
    assert [each.oid for each in taken(one, two, hashes={one: hashes[one]})] == [None]


def test_two_local_datasets_of_one_kind_have_two_names() -> None:
    paths = [f"/hf/datasets/json/default-{digit * 16}/0.0.0/{BLOB}/json-train.arrow" for digit in "12"]
    assert [one.name for one in taken(*paths)] == ["json/default train", "json/default train (2)"]


def test_other_files_are_none_of_it() -> None:
    hub = Hub(("/hf",))
    assert not hub.take("/data/snapshots/x.csv")
    assert not hub.take("/hfx/y.arrow")
    assert hub.take("/hf/token")
    assert list(hub.inputs({})) == []


def test_where_the_caches_are() -> None:
    assert cache_folders({"HOME": "/h"}) == ("/h/.cache/huggingface",)
    assert cache_folders({"HOME": "/h", "HF_HOME": "/a", "HF_DATASETS_CACHE": "/b/"}) == ("/a", "/b")
