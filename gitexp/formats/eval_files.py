"""A suite as the files of `.exp/eval/<suite>/`, and back; docs/data-model.md, section 19, specifies them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gitexp.errors import BrokenRecord
from gitexp.formats import eval_tables as tables
from gitexp.formats import record_fields as fields
from gitexp.formats.canonical import dump
from gitexp.formats.canonical_reader import load
from gitexp.formats.ordering import key_sorted, without_none
from gitexp.formats.record_fields import checked
from gitexp.model.evaluation import (
    FORMAT,
    Direction,
    Example,
    Guess,
    Kind,
    Meta,
    Metric,
    OnError,
    Regrading,
    Source,
    Suite,
    is_score,
)
from gitexp.model.values import Value

FOLDER = "eval"
META, EXAMPLES, SCORES, USAGE = "meta.yaml", "examples.jsonl", "scores.jsonl", "usage.jsonl"
OUTPUTS, TEXTS = "outputs.jsonl", "texts.jsonl"
TEXT_FILES = (OUTPUTS, TEXTS)
COUNTS = ("examples", "epochs", "errors")
"""Keys of `meta.yaml` that are for people: the rows count."""
MAX_META = 4 << 20
MAX_WARNINGS = 100
"""Warnings that are kept; of more, the last one says how many there are."""
MAX_WARNING = 1000


def path_of(suite: str, file: str) -> str:
    """Where a file of the suite stands below `.exp/`."""
    return f"{FOLDER}/{suite}/{file}"


def encode(suite: Suite) -> dict[str, bytes]:
    """The files of `suite` by name; tables without rows are left out, save examples and scores."""
    files = {
        META: dump(meta_value(suite)),
        EXAMPLES: tables.encode_examples(suite.examples),
        SCORES: tables.encode_results(suite.results),
    }
    if suite.usage:
        files[USAGE] = tables.encode_usage(suite.usage)
    if suite.outputs:
        files[OUTPUTS] = tables.encode_outputs(suite.outputs)
    if suite.texts:
        files[TEXTS] = tables.encode_texts(suite.texts)
    return files


def decode(
    name: str,
    files: Mapping[str, bytes | None],
    *,
    what: str,
    known: dict[bytes, tuple[Example, ...]] | None = None,
) -> Suite:
    """The suite in `files`; a missing file is an empty table, save `meta.yaml`.

    `known` are tables of examples that were decoded before, by their bytes: those of the same data are equal
    in every run, and one of them stands for all. This one is put to them.

    Raises BrokenRecord that names `what`, file and line, or NewerFormat.
    """
    meta = decode_meta(name, files.get(META), what=f"{what}/{META}")
    asked = files.get(EXAMPLES) or b""
    known = {} if known is None else known
    if asked not in known:
        known[asked] = tables.decode_examples(asked, what=f"{what}/{EXAMPLES}")
    suite = Suite(
        meta,
        known[asked],
        tables.decode_results(files.get(SCORES) or b"", what=f"{what}/{SCORES}"),
        tables.decode_usage(files.get(USAGE) or b"", what=f"{what}/{USAGE}"),
        tables.decode_outputs(files.get(OUTPUTS) or b"", what=f"{what}/{OUTPUTS}"),
        tables.decode_texts(files.get(TEXTS) or b"", what=f"{what}/{TEXTS}"),
    )
    ids = {one.id for one in suite.examples}
    for rows, file in ((suite.results, SCORES), (suite.usage, USAGE), (suite.outputs, OUTPUTS)):
        _check_known(rows, ids, f"{what}/{file}")
    _check_known(suite.texts, ids, f"{what}/{TEXTS}")
    return suite


def _check_known(rows: Iterable[Any], known: set[str], what: str) -> None:
    for number, row in enumerate(rows, 1):
        if row.id not in known:
            raise BrokenRecord(f"{what}, line {number}: no example {row.id!r}")


def meta_value(suite: Suite) -> dict[str, Value]:
    """`meta.yaml`."""
    meta = suite.meta
    value: dict[str, Value] = {
        "format": FORMAT,
        "suite": meta.suite,
        **dict(zip(COUNTS, (len(suite.examples), suite.epochs, suite.errors), strict=True)),
        "metrics": {one.name: metric_value(one) for one in sorted(meta.metrics, key=lambda m: m.name)},
        "reducer": meta.reducer,
        "on_error": meta.on_error.value,
        "cluster": meta.cluster,
        "source": _source_value(meta.source) if meta.source else None,
        "warnings": _bounded(meta.warnings) or None,
        "reported": key_sorted(meta.reported) or None,
        "history": [_regrading_value(one) for one in meta.history] or None,
        "mixed": meta.mixed or None,
    }
    return without_none(value)


def decode_meta(name: str, data: bytes | None, *, what: str) -> Meta:
    """`meta.yaml` of the suite `name`. Raises BrokenRecord or NewerFormat."""
    if data is None:
        raise BrokenRecord(f"{what} is missing")
    value = load(data, what=what, limit=MAX_META)
    if not isinstance(value, dict):
        raise BrokenRecord(f"{what} is not a mapping")
    meta = checked(what, _meta_from, value)
    if meta.suite != name:
        raise BrokenRecord(f"{what} is of the suite {meta.suite!r}")
    return meta


def _meta_from(value: Mapping[str, Any]) -> Meta:
    fields.check_version(value.get("format"), FORMAT)
    metrics = fields.mapping(value.get("metrics"))
    source = value.get("source")
    return Meta(
        suite=fields.text(value["suite"]),
        metrics=tuple(metric_from(name, fields.mapping(metrics[name])) for name in sorted(metrics)),
        reducer=fields.text(value.get("reducer", "mean")),
        on_error=OnError(value.get("on_error", "exclude")),
        cluster=fields.text_or_none(value.get("cluster")),
        source=None if source is None else _source_from(fields.mapping(source)),
        warnings=fields.texts(value.get("warnings")),
        reported=fields.scalars(fields.mapping(value.get("reported"))),
        history=tuple(_regrading_from(fields.mapping(one)) for one in fields.listed(value.get("history"))),
        mixed=fields.flag(value.get("mixed")),
    )


def metric_value(one: Metric) -> dict[str, Value]:
    """What `meta.yaml` says of a metric; `metric_from` reads it."""
    return {"kind": one.kind.value, "direction": one.direction.value} | without_none(
        {
            "range": list(one.range) if one.range else None,
            "seen": one.seen or None,
            "unit": one.unit,
            "guessed": one.guess.value if one.guess else None,
        }
    )


def metric_from(name: object, value: Mapping[str, Any]) -> Metric:
    bounds = fields.listed(value.get("range"))
    if bounds and (len(bounds) != 2 or not all(map(is_score, bounds)) or bounds[0] > bounds[1]):
        raise BrokenRecord(f"the range of {name!r} is not two numbers")
    guess = Guess(value["guessed"]) if "guessed" in value else None
    direction = Direction(value.get("direction", "max"))
    return Metric(
        fields.text(name),
        Kind(value.get("kind", "continuous")),
        Direction.MAX if guess is Guess.NOBODY else direction,
        (bounds[0], bounds[1]) if bounds else None,
        fields.text_or_none(value.get("unit")),
        guess,
        seen=bool(bounds) and fields.flag(value.get("seen")),
    )


def _source_value(one: Source) -> dict[str, Value]:
    digest = f"sha256:{one.digest}" if one.digest else None
    return without_none({"tool": one.tool, "version": one.version, "digest": digest, "task": one.task})


def _source_from(value: Mapping[str, Any]) -> Source:
    return Source(
        fields.text(value["tool"]),
        fields.text_or_none(value.get("version")),
        fields.digest_or_none(value.get("digest")),
        fields.text_or_none(value.get("task")),
    )


def _regrading_value(one: Regrading) -> dict[str, Value]:
    return without_none(
        {
            **{"at": one.at, "reason": one.reason, "before": one.before},
            **{"rows": one.rows, "means": key_sorted(one.means) or None},
        }
    )


def _regrading_from(value: Mapping[str, Any]) -> Regrading:
    return Regrading(
        fields.text(value["at"]),
        fields.text(value["reason"]),
        fields.oid(value["before"]),
        fields.count(value["rows"]),
        fields.scalars(fields.mapping(value.get("means"))),
    )


def _bounded(warnings: tuple[str, ...]) -> list[Value]:
    told: list[Value] = [one[:MAX_WARNING] for one in warnings[:MAX_WARNINGS]]
    more = len(warnings) - len(told)
    # What was cut before is not counted again: the same meta gives the same bytes.
    return [*told, f"{more} warnings more"] if more > 1 else [*told, *warnings[MAX_WARNINGS:]]
