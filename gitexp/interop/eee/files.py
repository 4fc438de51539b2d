"""The files of Every Eval Ever: documents `<uuid>.json`, each with samples in `<uuid>_samples.jsonl` or none.

They stand at `data/<benchmark>/<developer>/<model>/`, or anywhere.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gitexp.artifacts.store import digest_file
from gitexp.errors import BrokenFile, NewerFormat
from gitexp.formats.canonical_json import digest
from gitexp.interop.eee.samples import is_sample
from gitexp.interop.eee.words import RUN, SAMPLES, UNSCORED, VERSION, details_of, parsed
from gitexp.interop.imported import OTHER_FORMAT
from gitexp.interop.problems import Problems
from gitexp.interop.source import Line, Source, lines, listed, mapping, text

_OWN_NAME = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_PLACES = ("*.json", "*/*.json", "*/*/*.json", "*/*/*/*.json", "data/*/*/*/*.json")
_VERSION = re.compile(r"(\d{1,6})\.(\d{1,6})(\.\S*)?", re.ASCII)
_LED_OUT = "a link that leads out of the folder"
_NEWEST = tuple(map(int, VERSION.split(".")[:2]))


@dataclass(frozen=True, slots=True)
class Log:
    """A document, the samples beside it, or both."""

    source: Source
    document: Source | None
    samples: Path | None

    @property
    def paths(self) -> list[Path]:
        each = (self.document.path if self.document else None, None if self.is_led_out else self.samples)
        return [path for path in each if path is not None]

    @property
    def is_led_out(self) -> bool:
        """Whether the samples are not in the folder that was named, but a link in it says so."""
        return self.samples is not None and self.source.is_outside(self.samples)

    @property
    def shown_samples(self) -> str:
        return _beside(self.source, self.samples.name if self.samples else "")


def is_document(source: Source) -> bool:
    return source.is_json and {"evaluation_id", "evaluation_results"} <= source.keys


def is_samples(source: Source) -> bool:
    return not source.is_folder and is_sample(dict.fromkeys(source.keys))


def documents(source: Source) -> list[Path]:
    """Those in a folder, however deep the layout of the schema has them below it."""
    for place in _PLACES:
        if found := [one for one in sorted(source.path.glob(place)) if _OWN_NAME.fullmatch(one.stem)]:
            return found
    return []


def logs(source: Source) -> list[Log]:
    """Raises BrokenFile for a file that is no JSON, or a link in the folder that leads out of it."""
    if source.is_folder:
        return [_in_folder(source, path) for path in documents(source)]
    if is_document(source) or not is_samples(source):
        return [Log(source, source, _samples_of(source.path))]
    # What a document says that its samples are called is somebody's word: what lies beside it counts.
    path = source.path.with_name(f"{source.path.name.removesuffix(SAMPLES)}.json")
    beside = source.path.name.endswith(SAMPLES) and path.is_file()
    return [Log(source, Source(path, _beside(source, path.name)) if beside else None, source.path)]


def _in_folder(source: Source, path: Path) -> Log:
    one = Source(path, f"{source.shown}/{path.relative_to(source.path).as_posix()}", source.path)
    if one.is_outside(path):
        raise BrokenFile(f"{one.shown}: {_LED_OUT}", hint=f"git exp eval import {shlex.quote(one.shown)}")
    return Log(one, one, _samples_of(path))


def read_document(log: Log, problems: Problems) -> dict[str, Any]:
    """The document; empty where there are samples alone. Raises BrokenFile or NewerFormat."""
    if log.document is None:
        return {}
    value, shown = mapping(log.document.read_document(problems)), log.document.shown
    version = _VERSION.fullmatch(str(value.get("schema_version")))
    if version is None or not isinstance(value.get("evaluation_results"), list):
        raise BrokenFile(f"{shown}: not a document of Every Eval Ever", hint=OTHER_FORMAT)
    if (int(version[1]), int(version[2])) > _NEWEST:
        raise NewerFormat(
            f"{shown}: version {version[0]:.20} of Every Eval Ever, this gitexp reads {VERSION}",
            hint="pip install -U gitexp",
        )
    return value


def samples_of(log: Log, value: Mapping[str, Any], problems: Problems) -> Iterator[Line]:
    """Every sample, and every answer that gitexp wrote apart because it has no score."""
    told = mapping(value.get("detailed_evaluation_results"))
    if log.is_led_out:
        problems.error(log.shown_samples, f"left out: {_LED_OUT}")
    elif log.samples is not None:
        doubled = _check(log, told, problems)
        yield from _lines(log, value, doubled, problems)
    elif told:
        problems.error(
            log.source.shown, f"its samples are missing: no {log.source.path.stem}{SAMPLES} beside it"
        )
    details = details_of(value)
    for number, one in enumerate(listed(parsed(details, UNSCORED)) if RUN in details else ()):
        if isinstance(one, dict):
            yield Line(f"{log.source.shown}, answer {number} without a score", one)


def _check(log: Log, told: Mapping[str, Any], problems: Problems) -> bool:
    """Whether samples that are alike are as many answers: the document counts them."""
    assert log.samples is not None
    checksum = text(told.get("checksum"))
    hashed = checksum.lower() if checksum and told.get("hash_algorithm") == "sha256" else None
    if hashed is not None and hashed != digest_file(log.samples).oid:
        problems.warn(log.shown_samples, "it is not the file that its document was written with")
    wanted = told.get("total_rows")
    if type(wanted) is not int:
        return False
    count = sum(1 for _ in lines(log.samples, log.shown_samples))
    if wanted != count:
        problems.warn(log.shown_samples, f"{count} samples, where its document counts {wanted}")
    return wanted == count


def _lines(log: Log, value: Mapping[str, Any], doubled: bool, problems: Problems) -> Iterator[Line]:
    own, known = value.get("evaluation_id"), set[str]()
    assert log.samples is not None
    for line in lines(log.samples, log.shown_samples):
        fault = line.fault or _fault(line.value, own if log.document else None)
        if fault is None and not doubled:
            hashed = _digest(line.value)
            fault = f"sample {line.value.get('sample_id')!r:.80} occurs twice" if hashed in known else None
            known.update((hashed,) if hashed else ())
        if fault is None:
            yield line
        else:
            problems.error(line.where, fault, "a sample occurs twice" if "occurs twice" in fault else None)


def _fault(value: Mapping[str, Any], evaluation: object) -> str | None:
    if not is_sample(value):
        return "not a sample of Every Eval Ever"
    if evaluation is not None and value["evaluation_id"] != evaluation:
        return "it is of another evaluation than its document"
    return None


def _digest(value: Any) -> str | None:
    try:
        return digest(value)
    except (ValueError, TypeError, RecursionError):
        return None  # told of when the row is added


def _samples_of(path: Path) -> Path | None:
    """The samples of a document; those of older ones have its name alone."""
    names = (f"{path.stem}{SAMPLES}", f"{path.stem}.jsonl")
    return next((found for name in names if (found := path.with_name(name)).is_file()), None)


def _beside(source: Source, name: str) -> str:
    """What a file beside `source` is called in messages."""
    return source.shown.removesuffix(source.path.name) + name
