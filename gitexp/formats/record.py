"""A record as the files of `.exp/`, and back; docs/data-model.md specifies every key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from gitexp.errors import BrokenRecord
from gitexp.formats import record_fields as fields
from gitexp.formats.artifacts import artifacts_from, artifacts_value
from gitexp.formats.canonical import LONGEST_DECIMAL, dump
from gitexp.formats.canonical_reader import MAX_SCALAR, MAX_SIZE, load
from gitexp.formats.inputs import inputs_from, inputs_value
from gitexp.formats.ordering import key_sorted, without_none
from gitexp.formats.record_fields import checked
from gitexp.model.files import RUN_FILE
from gitexp.model.names import parse_id, parse_name
from gitexp.model.record import (
    FORMAT,
    Code,
    Failure,
    Record,
    Results,
    Resumption,
    RunInfo,
    Status,
)
from gitexp.model.values import Value

if TYPE_CHECKING:
    from gitexp.model.reproduction import Reproduction
    from gitexp.model.run_steps import RunStep

RUN, PARAMS, METRICS = RUN_FILE, "params.yaml", "metrics.yaml"
INPUTS, ENV, ARTIFACTS = "inputs.yaml", "env.yaml", "artifacts.yaml"
REQUIREMENTS, STEPS = "requirements.txt", "steps.yaml"
SERIES_FOLDER, ARTIFACT_FOLDER, LOG = "series", "artifacts", "log.txt"

_SHORT = 1000
_LONGEST_BITS = 14_284
"""More have more than LONGEST_DECIMAL digits, or may."""

T = TypeVar("T")


def encode(record: Record) -> dict[str, bytes]:
    """The YAML files of `record` and its requirements, by their path below `.exp/`.

    The same record gives the same bytes. Files of parts that are empty are left out, save
    `params.yaml` and `metrics.yaml`, which are always there to be compared.
    """
    files = {
        RUN: _run(record.info),
        PARAMS: _params(record.params),
        METRICS: dump(key_sorted(record.metrics)),
    }
    if record.inputs:
        # Reading needs none of it.
        from gitexp.formats.inputs_file import inputs_file

        files[INPUTS] = inputs_file(record.inputs)
    if record.env:
        files[ENV] = dump(key_sorted(record.env))
    if record.artifacts:
        files[ARTIFACTS] = dump(artifacts_value(record.artifacts))
    if record.requirements:
        files[REQUIREMENTS] = record.requirements.encode()
    if record.steps or record.steps_left_out:
        # Most runs have none.
        from gitexp.formats.run_steps import steps_file

        files[STEPS] = steps_file(record.steps, record.steps_left_out)
    return files


def _run(info: RunInfo) -> bytes:
    """`run.yaml`, within what a reader reads: of a note that is too long the beginning is kept."""
    value = info_value(info)
    data = dump(_shortened(value, MAX_SCALAR))
    return data if len(data) <= MAX_SIZE else dump(_shortened(value, _SHORT))


def _params(params: Mapping[str, Value]) -> bytes:
    """`params.yaml`, within what a reader reads: of texts that are too long the beginning is kept."""
    data = dump(key_sorted(_shortened(params, MAX_SCALAR)))
    if len(data) > MAX_SIZE:
        data = dump(key_sorted(_shortened(params, _SHORT)))
    if len(data) > MAX_SIZE:
        data = dump(dict.fromkeys(sorted(params)[:_SHORT], "(left out: the params are too large)"))
    return data


def _shortened(value: Any, longest: int) -> Any:
    if isinstance(value, str) and len(value) > longest:
        return f"{value[:_SHORT]}… ({len(value)} characters)"
    if isinstance(value, Mapping):
        return {key[:longest]: _shortened(item, longest) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_shortened(item, longest) for item in value]
    return value


def decode(files: Mapping[str, bytes | None], *, name: str) -> Record:
    """The record in `files`; a missing file stands for an empty part, save `run.yaml`.

    Raises BrokenRecord or NewerFormat, naming the run and the file.
    """
    steps, left_out = _steps(files.get(STEPS), name)
    return Record(
        info=decode_info(files.get(RUN), name=name),
        params=_mapping(files.get(PARAMS), _what(name, PARAMS)),
        metrics=_read(files.get(METRICS), _what(name, METRICS), fields.scalars),
        inputs=_read(files.get(INPUTS), _what(name, INPUTS), inputs_from),
        env=_mapping(files.get(ENV), _what(name, ENV)),
        artifacts=_read(files.get(ARTIFACTS), _what(name, ARTIFACTS), artifacts_from),
        requirements=(files.get(REQUIREMENTS) or b"").decode("utf-8", "replace"),
        steps=steps,
        steps_left_out=left_out,
    )


def _steps(data: bytes | None, name: str) -> tuple[tuple[RunStep, ...], int]:
    if data is None:
        return (), 0
    from gitexp.formats.run_steps import steps_from

    return _read(data, _what(name, STEPS), steps_from)


def part_value(file: str, data: bytes, *, name: str) -> Mapping[str, Value]:
    """`inputs.yaml`, `env.yaml`, `artifacts.yaml` or `steps.yaml`, checked, as plain values.

    Raises BrokenRecord.
    """
    what = _what(name, file)
    if file == STEPS:
        from gitexp.formats.run_steps import steps_value

        return steps_value(*_steps(data, name))
    if file == INPUTS:
        return inputs_value(_read(data, what, inputs_from))
    return artifacts_value(_read(data, what, artifacts_from)) if file == ARTIFACTS else _mapping(data, what)


def decode_info(data: bytes | None, *, name: str) -> RunInfo:
    """`run.yaml` read. Raises BrokenRecord or NewerFormat."""
    what = _what(name, RUN)
    if data is None:
        raise BrokenRecord(f"{what} is missing", hint="this commit was not written by gitexp")
    return checked(what, info_from, _mapping(data, what))


def info_value(info: RunInfo) -> dict[str, Value]:
    """`run.yaml` as plain values in their fixed order; what is not set is left out."""
    value: dict[str, Value] = {
        "format": FORMAT,
        "id": info.id,
        "name": info.name,
        "title": info.title,
        "status": info.status.value,
        "started": info.started,
        "ended": info.ended,
        "exit_code": info.exit_code,
        "signal": info.signal,
        "failure": _failure_value(info.failure),
        "command": list(info.command) or None,
        "cwd": info.cwd,
        "results": _results_value(info.results),
        "code": without_none({"tree": info.code.tree, "base": info.code.base, "dirty": info.code.dirty}),
        "parents": list(info.parents) or None,
        "resumed": [{"at": r.at, "commit": r.commit, "kept": r.kept, "rows": r.rows} for r in info.resumed]
        or None,
        "group": info.group,
        "tags": sorted(set(info.tags)) or None,
        "note": info.note,
        "star": info.star or None,
        "source": info.source,
        "lost": info.lost or None,
        "earlier_params": {k: list(v) for k, v in sorted(info.earlier_params.items())} or None,
        "reproduction": _reproduction_value(info.reproduction),
        "mixed_with": list(info.mixed_with) or None,
    }
    return without_none(value)


def info_from(value: Mapping[str, Any]) -> RunInfo:
    """The inverse of `info_value`. Raises BrokenRecord, NewerFormat, or whatever a wrong type raises."""
    fields.check_version(value.get("format"), FORMAT)
    code = fields.mapping(value["code"])
    return RunInfo(
        id=parse_id(fields.text(value["id"])),
        name=parse_name(fields.text(value["name"])),
        status=Status(value["status"]),
        started=fields.time(value["started"]),
        ended=fields.time_or_none(value.get("ended")),
        exit_code=fields.whole_or_none(value.get("exit_code")),
        signal=fields.text_or_none(value.get("signal")),
        failure=_failure_from(value.get("failure")),
        command=fields.texts(value.get("command")),
        cwd=fields.text(value.get("cwd", ".")),
        results=_results_from(fields.mapping(value.get("results"))),
        code=Code(
            fields.oid(code["tree"]), fields.oid_or_none(code.get("base")), fields.flag(code.get("dirty"))
        ),
        parents=fields.texts(value.get("parents")),
        resumed=tuple(_resumption_from(fields.mapping(one)) for one in fields.listed(value.get("resumed"))),
        title=fields.text_or_none(value.get("title")),
        group=fields.text_or_none(value.get("group")),
        tags=fields.texts(value.get("tags")),
        note=fields.text_or_none(value.get("note")),
        star=fields.flag(value.get("star")),
        source=fields.text_or_none(value.get("source")),
        lost=fields.count_or_none(value.get("lost")) or 0,
        earlier_params={
            fields.text(key): fields.listed(values)
            for key, values in fields.mapping(value.get("earlier_params")).items()
        },
        reproduction=_reproduction_from(value.get("reproduction")),
        mixed_with=fields.texts(value.get("mixed_with")),
    )


def _reproduction_value(found: Reproduction | None) -> dict[str, Value] | None:
    if found is None:
        return None
    from gitexp.formats.reproduction import reproduction_value  # few runs are made to reproduce one

    return reproduction_value(found)


def _reproduction_from(value: object) -> Reproduction | None:
    if value is None:
        return None
    from gitexp.formats.reproduction import reproduction_from

    return reproduction_from(value)


def _results_value(results: Results) -> dict[str, Value] | None:
    value: dict[str, Value] = {
        "metrics": list(results.metrics) or None,
        "outputs": list(results.outputs) or None,
    }
    return without_none(value) or None


def _results_from(value: Mapping[str, Any]) -> Results:
    """Without paths that could lead out of the working tree."""
    metrics, outputs = (
        map(fields.input_path, fields.listed(value.get(key))) for key in ("metrics", "outputs")
    )
    return Results(tuple(filter(None, metrics)), tuple(filter(None, outputs)))


def _resumption_from(value: Mapping[str, Any]) -> Resumption:
    kept, rows = fields.count(value["kept"]), fields.count(value["rows"])
    return Resumption(fields.time(value["at"]), fields.oid(value["commit"]), kept, rows)


def _failure_value(failure: Failure | None) -> dict[str, Value] | None:
    if failure is None:
        return None
    value: dict[str, Value] = {
        "type": failure.type,
        "message": failure.message,
        "traceback": failure.traceback or None,
    }
    return without_none(value)


def _failure_from(value: object) -> Failure | None:
    if value is None:
        return None
    one = fields.mapping(value)
    return Failure(
        fields.text(one["type"]), fields.text(one["message"]), fields.text(one.get("traceback", ""))
    )


def _what(name: str, path: str) -> str:
    return f"run {name!r}: .exp/{path}"


def _mapping(data: bytes | None, what: str) -> dict[str, Any]:
    if data is None:
        return {}
    value = load(data, what=what)
    if not isinstance(value, dict):
        raise BrokenRecord(f"{what} is not a mapping")
    if b"0x" in data and _has_long_number(value):
        raise BrokenRecord(f"{what} has a number of more than {LONGEST_DECIMAL} digits")
    return value


def _has_long_number(value: Value) -> bool:
    """Whether there is a number that Python refuses to write; only hexadecimal can say one."""
    if isinstance(value, Mapping):
        return any(map(_has_long_number, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(_has_long_number, value))
    return isinstance(value, int) and value.bit_length() > _LONGEST_BITS


def _read(data: bytes | None, what: str, decoder: Callable[[Mapping[str, Any]], T]) -> T:
    return checked(what, decoder, _mapping(data, what))
