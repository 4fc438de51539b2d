"""A run as a document of Every Eval Ever, `data/<suite>/<developer>/<model>/<uuid>.json`, and its samples.

https://github.com/evaleval/every_eval_ever
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

from gitexp.formats.canonical_json import finite
from gitexp.formats.eval_files import metric_value
from gitexp.formats.inputs import inputs_value
from gitexp.formats.ordering import without_none
from gitexp.interop import plain_rows
from gitexp.interop.eee import fields, words
from gitexp.interop.eee.fields import Fields
from gitexp.interop.eee.places import generation_config, source_data
from gitexp.interop.eee.written_samples import Samples, metrics_of
from gitexp.model.eval_summary import Mean, told_mean
from gitexp.model.evaluation import Direction, Kind, Metric, Suite, is_score, suite_name
from gitexp.model.record import Input, Record
from gitexp.model.roles import MODEL
from gitexp.model.values import Oid

_TABLES = (plain_rows.JSON_LINES.NAME, plain_rows.CSV.NAME)


@dataclass(frozen=True, slots=True)
class Written:
    """The files of a run."""

    files: Mapping[str, bytes]
    """By their paths; the document comes last."""
    unknown: tuple[str, ...]
    """What the schema requires and nobody knows, a sentence for each that begins with the field."""


def written(
    record: Record, commit: Oid, suites: Sequence[Suite], told: Mapping[str, str], now: float
) -> Written:
    """`suites` of a run; their texts are written where they have any. Raises UsageError for what is `told`.

    Seconds since 1970 are `now`. Of one run there is one document, whenever it is written.
    """
    known = Fields(told)
    model = _model(record, known)
    id = f"{suites[0].name}/{model['id']}/{record.info.name}"
    samples = Samples(id, model["id"], known)
    lines = [f"{json.dumps(line, allow_nan=False)}\n" for suite in suites for line in samples.lines(suite)]
    data = "".join(lines).encode()
    place = _place(suites[0], model, record, known)
    document = {
        "schema_version": words.VERSION,
        "evaluation_id": id,
        "evaluation_timestamp": record.info.started,
        "retrieved_timestamp": str(now),
        "source_metadata": _source(record, commit, suites, samples, known),
        "eval_library": _library(suites, known),
        "model_info": model,
        "evaluation_results": [one for suite in suites for one in _results(record, suite, known)],
        "detailed_evaluation_results": _detailed(f"{place}{words.SAMPLES}", data, len(lines)),
    }
    samples.tell()
    files = {f"{place}{words.SAMPLES}": data} if lines else {}
    text = json.dumps(finite(without_none(document)), indent=2, allow_nan=False)
    return Written({**files, f"{place}.json": f"{text}\n".encode()}, tuple(known.unknown))


def _place(suite: Suite, model: Mapping[str, Any], record: Record, known: Fields) -> str:
    """Where the files stand, without their endings; of one run of one suite it is always the same."""
    developer, _, name = model["id"].partition("/")
    if not name:
        # The schema reads the developer out of the id, and elsewhere only where none is in it.
        developer, name = model.get("developer"), model["id"]
    if not developer:
        known.note(fields.DEVELOPER, f"not known, the folder is {words.UNKNOWN!r}")
    parts = (suite.name, developer or words.UNKNOWN, name)
    hashed = sha256(f"{record.info.id} {suite.name}".encode()).digest()
    return "/".join(["data", *map(_part, parts), str(UUID(bytes=hashed[:16], version=4))])


def _part(text: str) -> str:
    found = suite_name(text.replace("/", "_"))
    # The schema keeps this word for the root.
    return f"{found}_" if found == "data" else found


def _model(record: Record, known: Fields) -> dict[str, Any]:
    models = [one for one in record.inputs if one.role == MODEL and not one.none]
    one = models[0] if models else Input(MODEL, "")
    if len(models) > 1:
        known.note(fields.MODEL_ID, f"the run has {len(models)} models, {one.name!r} is written")
    name = known.required(fields.MODEL_ID, one.name or None)
    value = one.value if isinstance(one.value, Mapping) else {}
    developer, details = value.get("developer"), value.get("details")
    platform, engine = value.get("inference_platform"), value.get("inference_engine")
    before = details if isinstance(details, Mapping) else {}
    axes = {
        path.rpartition(".")[2]: known.required(path, _word(path, before))
        for path in (fields.DEPLOYMENT, fields.AVAILABILITY)
    }
    apart = ("developer", "details", "inference_platform", "inference_engine")
    return without_none(
        {
            "name": one.name or name,
            "id": name,
            "developer": known.told.get(fields.DEVELOPER)
            or (developer if isinstance(developer, str) else None),
            "inference_platform": platform if isinstance(platform, str) else None,
            "inference_engine": engine if isinstance(engine, Mapping) else None,
            "additional_details": {
                **words.texts({key: item for key, item in value.items() if key not in apart}),
                **words.texts(before),
                **axes,
            },
        }
    )


def _word(path: str, details: Mapping[str, Any]) -> str | None:
    found = details.get(path.rpartition(".")[2])
    return found if found in fields.FIELDS[path] else None


def _source(
    record: Record, commit: Oid, suites: Sequence[Suite], samples: Samples, known: Fields
) -> dict[str, Any]:
    info = record.info
    details = {
        words.RUN: info.name,
        words.COMMIT: commit,
        words.TITLE: info.title,
        words.ENDED: info.ended,
        words.CODE: info.code.base,
        words.DIRTY: "true" if info.code.dirty else None,
        words.INPUTS: words.told(inputs_value(record.inputs)) if record.inputs else None,
        words.SUITES: words.told({suite.name: _about(suite) for suite in suites}),
        words.UNSCORED: words.told(samples.unscored) if samples.unscored else None,
    }
    return {
        # By the schema it is the rows, not who has them, that make a run of it.
        "source_type": "evaluation_run" if any(suite.results for suite in suites) else "documentation",
        "source_organization_name": known.required(fields.ORGANIZATION),
        "evaluator_relationship": known.required(fields.RELATIONSHIP, instead="other"),
        "additional_details": without_none(details),
    }


def _about(suite: Suite) -> dict[str, str]:
    task = suite.meta.source.task if suite.meta.source else None
    return words.texts({"cluster": suite.meta.cluster, "on_error": suite.meta.on_error.value, "task": task})


def _library(suites: Sequence[Suite], known: Fields) -> dict[str, str]:
    # A plain table does not say what wrote it.
    sources = {
        one if one and one.tool not in _TABLES else None for one in (suite.meta.source for suite in suites)
    }
    names = {source.tool if source else None for source in sources}
    versions = {source.version if source else None for source in sources}
    return {
        "name": known.required(fields.LIBRARY, names.pop() if len(names) == 1 else None),
        "version": known.required(fields.LIBRARY_VERSION, versions.pop() if len(versions) == 1 else None),
    }


def _results(record: Record, suite: Suite, known: Fields) -> list[dict[str, Any]]:
    found = []
    command = shlex.join(record.info.command) if record.info.command else None
    for metric in metrics_of(suite):
        mean = told_mean(suite, metric.name)
        if mean is None or not is_score(mean.value):
            known.note("score_details.score", f"{suite.name}/{metric.name} has no value: it is left out")
            continue
        one = {
            "evaluation_result_id": f"{suite.name}/{metric.name}",
            "evaluation_name": suite.name,
            "source_data": source_data(record.inputs, suite),
            "metric_config": _metric(suite.name, metric, known),
            "score_details": _score(mean),
            "generation_config": generation_config(record.inputs, suite, command) or None,
        }
        found.append(without_none(one))
    return found


def _metric(suite: str, metric: Metric, known: Fields) -> dict[str, Any]:
    lower = metric.direction is Direction.MIN
    if metric.doubt is not None:
        told = f"{suite}/{metric.name}: {metric.doubt}, {json.dumps(lower)} is written"
        known.note("metric_config.lower_is_better", told)
    least, most = metric.ends or (None, None)
    kinds = {Kind.BINARY: "binary"} if metric.ends is None else {Kind.BINARY: "binary", **_MEASURED}
    return without_none(
        {
            "metric_name": metric.name,
            "metric_unit": metric.unit,
            "lower_is_better": lower,
            "score_type": kinds.get(metric.kind),
            "min_score": least,
            "max_score": most,
            "additional_details": {words.METRIC: words.told(metric_value(metric))},
        }
    )


_MEASURED = {Kind.CONTINUOUS: "continuous", Kind.COUNT: "continuous"}
"""What has to have a range in the schema, and levels their names: without those the kind is left out."""


def _score(mean: Mean) -> dict[str, Any]:
    method = "analytic" if mean.clusters is None else "clustered"
    error = {"value": mean.se, "method": method} if is_score(mean.se) else None
    sure = without_none({"standard_error": error, "num_samples": mean.n or None})
    return {"score": mean.value, **({"uncertainty": sure} if sure else {})}


def _detailed(path: str, data: bytes, rows: int) -> dict[str, Any] | None:
    if not rows:
        return None
    return {
        "format": "jsonl",
        "file_path": path,
        "hash_algorithm": "sha256",
        "checksum": sha256(data).hexdigest(),
        "total_rows": rows,
    }
