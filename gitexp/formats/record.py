"""A record as the files of `.exp/`, and back; docs/data-model.md specifies every key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from gitexp.errors import BrokenRecord, InvalidName, NewerFormat
from gitexp.formats.canonical import dump
from gitexp.formats.canonical_reader import load
from gitexp.model.names import parse_id, parse_name
from gitexp.model.record import (
    FORMAT,
    Artifact,
    Code,
    Failure,
    How,
    Input,
    Record,
    Resumption,
    RunInfo,
    Status,
)
from gitexp.model.values import Digest, Oid, Scalar, Value

RUN, PARAMS, METRICS = "run.yaml", "params.yaml", "metrics.yaml"
INPUTS, ENV, ARTIFACTS = "inputs.yaml", "env.yaml", "artifacts.yaml"
REQUIREMENTS = "requirements.txt"
SERIES_FOLDER, ARTIFACT_FOLDER, LOG = "series", "artifacts", "log.txt"

T = TypeVar("T")


def encode(record: Record) -> dict[str, bytes]:
    """The YAML files of `record` and its requirements, by their path below `.exp/`.

    The same record gives the same bytes. Files of parts that are empty are left out, save
    `params.yaml` and `metrics.yaml`, which are always there to be compared.
    """
    files = {
        RUN: dump(info_value(record.info)),
        PARAMS: dump(_sorted(record.params)),
        METRICS: dump(_sorted(record.metrics)),
    }
    if record.inputs:
        files[INPUTS] = dump(inputs_value(record.inputs))
    if record.env:
        files[ENV] = dump(_sorted(record.env))
    if record.artifacts:
        files[ARTIFACTS] = dump(artifacts_value(record.artifacts))
    if record.requirements:
        files[REQUIREMENTS] = record.requirements.encode()
    return files


def decode(files: Mapping[str, bytes | None], *, name: str) -> Record:
    """The record in `files`; a missing file stands for an empty part, save `run.yaml`.

    Raises BrokenRecord or NewerFormat, naming the run and the file.
    """
    return Record(
        info=decode_info(files.get(RUN), name=name),
        params=_mapping(files.get(PARAMS), _what(name, PARAMS)),
        metrics=_metrics(files.get(METRICS), _what(name, METRICS)),
        inputs=_read(files.get(INPUTS), _what(name, INPUTS), inputs_from),
        env=_mapping(files.get(ENV), _what(name, ENV)),
        artifacts=_read(files.get(ARTIFACTS), _what(name, ARTIFACTS), artifacts_from),
        requirements=(files.get(REQUIREMENTS) or b"").decode("utf-8", "replace"),
    )


def decode_info(data: bytes | None, *, name: str) -> RunInfo:
    """`run.yaml` read. Raises BrokenRecord or NewerFormat."""
    what = _what(name, RUN)
    if data is None:
        raise BrokenRecord(f"{what} is missing", hint="this commit was not written by gitexp")
    return _checked(what, info_from, _mapping(data, what))


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
        "code": _set({"tree": info.code.tree, "base": info.code.base, "dirty": info.code.dirty}),
        "parents": list(info.parents) or None,
        "resumed": [{"at": r.at, "commit": r.commit, "kept": r.kept, "rows": r.rows} for r in info.resumed]
        or None,
        "group": info.group,
        "tags": sorted(set(info.tags)) or None,
        "note": info.note,
        "star": info.star or None,
        "lost": info.lost or None,
        "earlier_params": {k: list(v) for k, v in sorted(info.earlier_params.items())} or None,
    }
    return _set(value)


def info_from(value: Mapping[str, Any]) -> RunInfo:
    """The inverse of `info_value`. Raises BrokenRecord, NewerFormat, or whatever a wrong type raises."""
    version = value.get("format")
    if type(version) is not int or version < 1:
        raise BrokenRecord("no format version")
    if version > FORMAT:
        raise NewerFormat(
            f"format {version} is newer than this gitexp reads ({FORMAT})", hint="pip install -U gitexp"
        )
    code = value["code"]
    return RunInfo(
        id=parse_id(value["id"]),
        name=parse_name(value["name"]),
        status=Status(value["status"]),
        started=_text(value["started"]),
        ended=_text_or_none(value.get("ended")),
        exit_code=_int_or_none(value.get("exit_code")),
        signal=_text_or_none(value.get("signal")),
        failure=_failure_from(value.get("failure")),
        command=_texts(value.get("command")),
        cwd=_text(value.get("cwd", ".")),
        code=Code(
            _oid(code["tree"]),
            _oid(code["base"]) if code.get("base") is not None else None,
            code.get("dirty") is True,
        ),
        parents=_texts(value.get("parents")),
        resumed=tuple(
            Resumption(_text(r["at"]), _oid(r["commit"]), int(r["kept"]), int(r["rows"]))
            for r in value.get("resumed") or ()
        ),
        title=_text_or_none(value.get("title")),
        group=_text_or_none(value.get("group")),
        tags=_texts(value.get("tags")),
        note=_text_or_none(value.get("note")),
        star=value.get("star") is True,
        lost=_int_or_none(value.get("lost")) or 0,
        earlier_params={_text(k): list(v) for k, v in (value.get("earlier_params") or {}).items()},
    )


def inputs_value(inputs: tuple[Input, ...]) -> dict[str, Value]:
    """Role -> its inputs, roles sorted, inputs in the order they became known."""
    roles: dict[str, list[Value]] = {}
    for one in inputs:
        roles.setdefault(one.role, []).append(input_value(one))
    return dict(_sorted(roles))


def input_value(one: Input) -> dict[str, Value]:
    value: dict[str, Value] = {
        "name": one.name,
        "path": one.path,
        "oid": f"sha256:{one.oid}" if one.oid else None,
        "size": one.size,
        "value": one.value,
        "how": one.how.value,
    }
    return _set(value)


def input_from(role: str, value: Mapping[str, Any]) -> Input:
    return Input(
        role=role,
        name=_text(value["name"]),
        path=_text_or_none(value.get("path")),
        oid=_digest(value["oid"]) if value.get("oid") is not None else None,
        size=_int_or_none(value.get("size")),
        value=value.get("value"),
        how=How(value["how"]),
    )


def inputs_from(value: Mapping[str, Any]) -> tuple[Input, ...]:
    return tuple(input_from(_text(role), one) for role, ones in value.items() for one in ones)


def artifacts_value(artifacts: tuple[Artifact, ...]) -> dict[str, Value]:
    """Path -> what is known of the file, sorted by path."""
    return {one.path: artifact_value(one) for one in sorted(artifacts, key=lambda a: a.path)}


def artifact_value(one: Artifact) -> dict[str, Value]:
    value: dict[str, Value] = {
        "oid": f"sha256:{one.oid}",
        "size": one.size,
        "kind": one.kind,
        "metadata": dict(_sorted(one.metadata)) or None,
    }
    return _set(value)


def artifact_from(path: str, value: Mapping[str, Any]) -> Artifact:
    size = _int_or_none(value["size"])
    if size is None or size < 0:
        raise BrokenRecord(f"artifact {path!r} has no size")
    return Artifact(
        path, _digest(value["oid"]), size, _text_or_none(value.get("kind")), value.get("metadata") or {}
    )


def artifacts_from(value: Mapping[str, Any]) -> tuple[Artifact, ...]:
    return tuple(artifact_from(_text(path), one) for path, one in value.items())


def _failure_value(failure: Failure | None) -> dict[str, Value] | None:
    if failure is None:
        return None
    value: dict[str, Value] = {
        "type": failure.type,
        "message": failure.message,
        "traceback": failure.traceback or None,
    }
    return _set(value)


def _failure_from(value: Any) -> Failure | None:
    if value is None:
        return None
    return Failure(_text(value["type"]), _text(value["message"]), _text(value.get("traceback", "")))


def _what(name: str, path: str) -> str:
    return f"run {name!r}: .exp/{path}"


def _mapping(data: bytes | None, what: str) -> dict[str, Any]:
    if data is None:
        return {}
    value = load(data, what=what)
    if not isinstance(value, dict):
        raise BrokenRecord(f"{what} is not a mapping")
    return value


def _metrics(data: bytes | None, what: str) -> dict[str, Scalar]:
    metrics = _mapping(data, what)
    for key, value in metrics.items():
        if isinstance(value, (dict, list)):
            raise BrokenRecord(f"{what}: metric {key!r} is not one value")
    return metrics


def _read(data: bytes | None, what: str, decoder: Callable[[Mapping[str, Any]], T]) -> T:
    return _checked(what, decoder, _mapping(data, what))


def _checked(what: str, decoder: Callable[[Mapping[str, Any]], T], value: Mapping[str, Any]) -> T:
    """`decoder(value)`, whatever it stumbles over told as a BrokenRecord of `what`."""
    try:
        return decoder(value)
    except NewerFormat as error:
        raise NewerFormat(f"{what}: {error.message}", hint=error.hint) from None
    except (BrokenRecord, InvalidName) as error:
        raise BrokenRecord(f"{what}: {error.message}", hint=error.hint) from None
    except KeyError as error:
        raise BrokenRecord(f"{what}: no {error.args[0]!r}") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise BrokenRecord(f"{what}: {error}") from None


def _set(value: Mapping[str, Value]) -> dict[str, Value]:
    return {key: item for key, item in value.items() if item is not None}


def _sorted(value: Mapping[str, T]) -> dict[str, T]:
    return {key: _sorted_value(value[key]) for key in sorted(value)}


def _sorted_value(value: T) -> T:
    if isinstance(value, Mapping):
        return _sorted(value)  # type: ignore[return-value]
    if isinstance(value, (list, tuple)):
        return [_sorted_value(item) for item in value]  # type: ignore[return-value]
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise BrokenRecord(f"{value!r} is not text")
    return value


def _text_or_none(value: object) -> str | None:
    return None if value is None else _text(value)


def _texts(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise BrokenRecord(f"{value!r} is not a list")
    return tuple(_text(item) for item in value)


def _int_or_none(value: object) -> int | None:
    if value is None or type(value) is int:
        return value
    raise BrokenRecord(f"{value!r} is not a whole number")


def _oid(value: object) -> Oid:
    text = _text(value)
    if len(text) not in (40, 64) or not set(text) <= set("0123456789abcdef"):
        raise BrokenRecord(f"{text!r} is not an object id")
    return Oid(text)


def _digest(value: object) -> Digest:
    kind, _, digits = _text(value).partition(":")
    if kind != "sha256" or len(digits) != 64:
        raise BrokenRecord(f"{value!r} is not a sha256")
    return Digest(_oid(digits))
