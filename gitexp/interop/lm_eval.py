"""Results of lm-evaluation-harness: `results_<date>.json` and the `samples_<task>_<date>.jsonl` beside it.

https://github.com/EleutherAI/lm-evaluation-harness, `--output_path DIR --log_samples`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gitexp.errors import BrokenFile
from gitexp.interop.building import Row, SuiteBuilder, compared
from gitexp.interop.imported import OTHER_FORMAT, Imported, Request
from gitexp.interop.problems import Problems
from gitexp.interop.source import Source, lines, listed, load, mapping, text
from gitexp.interop.told import input_of, model_pin, portable, time_text
from gitexp.model.evaluation import Direction, Suite, suite_name
from gitexp.model.evaluation import Source as Origin
from gitexp.model.record import Input, Pin
from gitexp.model.roles import DATASET, GRADER, MODEL, PROMPT, SEEDS, SETTINGS

NAME = "lm-eval"
_NO_FILTER = ("none", None, "")
_SEEDS = ("random_seed", "numpy_seed", "torch_seed", "fewshot_seed")
_RESULTS, _SAMPLES = "results_", "samples_"


def recognises(source: Source) -> bool:
    if source.is_folder:
        return bool(_results(source))
    return source.path.name.startswith(_RESULTS) and {"results", "configs"} <= source.keys


def files(source: Source) -> Sequence[Path]:
    return [one for path in _results(source) for one in (path, *_samples_of(path)) if _is_beside(path, one)]


def read(source: Source, request: Request, problems: Problems) -> list[Imported]:
    found = _results(source)
    if not found:
        raise BrokenFile(
            f"{source.shown}: no results_*.json of lm-eval in it",
            hint="lm_eval --output_path FOLDER --log_samples writes them",
        )
    return [_imported(path, source, request, problems) for path in found]


def _results(source: Source) -> list[Path]:
    if not source.is_folder:
        return [source.path]
    here = sorted(source.path.glob(f"{_RESULTS}*.json"))
    return here or sorted(source.path.glob(f"*/{_RESULTS}*.json"))


def _samples_of(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{_SAMPLES}*_{_date(path)}.jsonl"))


def _is_beside(path: Path, samples: Path) -> bool:
    """Whether they are in the folder of the results: names of tasks and links are somebody's word."""
    return samples.parent == path.parent and samples.resolve().is_relative_to(path.parent.resolve())


def _date(path: Path) -> str:
    """What the names of files of one evaluation have in common; names of tasks have underscores too."""
    return path.stem.removeprefix(_RESULTS)


def _shown(path: Path, source: Source) -> str:
    if source.is_folder:
        return f"{source.shown}/{path.relative_to(source.path).as_posix()}"
    return source.shown if path == source.path else path.name


def _imported(path: Path, source: Source, request: Request, problems: Problems) -> Imported:
    shown = _shown(path, source)
    log = load(path, shown)
    if not isinstance(log, dict) or not isinstance(log.get("configs"), dict):
        raise BrokenFile(f"{shown}: not results of lm-eval", hint=OTHER_FORMAT)
    suites: list[Suite] = []
    inputs: list[Input] = [_model(log)]
    tasks = sorted(log["configs"])
    for task in tasks:
        samples = path.parent / f"{_SAMPLES}{task}_{_date(path)}.jsonl"
        if not samples.is_file() or not _is_beside(path, samples):
            problems.error(shown, f"no samples of the task {task!r}: {samples.name!r} is missing")
            continue
        name = suite_name(task)
        if request.suite is not None:
            name = request.suite if len(tasks) == 1 else suite_name(f"{request.suite}-{task}")
        suite = _suite(samples, _shown(samples, source), log, task, name, request, problems)
        _compare(suite, shown, mapping(mapping(log.get("results")).get(task)), problems)
        suites.append(suite)
        inputs += _inputs(suite, log, mapping(log["configs"][task]), task)
    if not suites:
        raise BrokenFile(f"{shown}: no samples beside it", hint="lm_eval … --log_samples")
    seeds = {key: mapping(log.get("config")).get(key) for key in _SEEDS}
    inputs.append(input_of(SEEDS, "lm-eval", seeds))
    started, took = log.get("date"), log.get("total_evaluation_time_seconds")
    versions = {key: str(log.get(f"{key}_version")) for key in ("lm_eval", "transformers")}
    versions = {key: version for key, version in versions.items() if version not in ("N/A", "None")}
    return Imported(
        tuple(suites),
        tuple(inputs),
        portable(str(log.get("model_name") or "")) or None,
        time_text(started),
        _ended(started, took),
        text(log.get("git_hash")),
        packages=versions,
    )


def _ended(started: object, took: object) -> str | None:
    try:
        return time_text(float(str(started)) + float(str(took)))
    except ValueError:
        return None


def _suite(
    path: Path,
    shown: str,
    log: Mapping[str, Any],
    task: str,
    name: str,
    request: Request,
    problems: Problems,
) -> Suite:
    builder = request.builder(name, problems)
    better = mapping(mapping(log.get("higher_is_better")).get(task))
    results = mapping(mapping(log.get("results")).get(task))
    _add_all(builder, path, shown, better, [key.partition(",")[0] for key in results], request)
    version = mapping(log.get("versions")).get(task)
    told = f"{task} (version {version})" if version is not None else task
    reported = {key: value for key, value in results.items() if isinstance(value, float)}
    return builder.build(Origin("lm-eval", text(log.get("lm_eval_version")), request.digest, told), reported)


def _add_all(
    builder: SuiteBuilder,
    path: Path,
    shown: str,
    better: Mapping[str, Any],
    metrics: Sequence[str],
    request: Request,
) -> None:
    directions: dict[str, Direction] = {}
    builder.directions = directions
    taken: dict[str, list[Any]] = {}
    for line in lines(path, shown):
        if line.fault is not None:
            builder.problems.error(line.where, line.fault)
            continue
        # Older versions do not say in a row which of its keys are metrics.
        names = listed(line.value["metrics"]) if "metrics" in line.value else metrics
        row = _row(line.where, line.value, names, taken, request)
        if row is None:
            builder.problems.error(line.where, "not a sample of lm-eval: it has no 'doc_hash'")
            continue
        for metric in row.scores:
            sense = better.get(metric.partition("@")[0])
            if isinstance(sense, bool):
                directions[metric] = Direction.MAX if sense else Direction.MIN
        builder.merge(row)


def _row(
    where: str,
    value: Mapping[str, Any],
    names: Sequence[Any],
    taken: dict[str, list[Any]],
    request: Request,
) -> Row | None:
    digest = value.get("doc_hash")
    if not isinstance(digest, str):
        return None
    doc, behind = mapping(value.get("doc")), value.get("filter")
    suffix = "" if behind in _NO_FILTER else f"@{behind}"
    target = text(value.get("target_hash"))
    return Row(
        where,
        _id(doc, digest, value.get("doc_id"), taken),
        input=doc or None,
        target=value.get("target"),
        x=digest[:16],
        y=target[:16] if target else None,
        # A pair of numbers is what an aggregate is made of (the tokens of a perplexity), not a score.
        scores={
            f"{name}{suffix}": value.get(name)
            for name in names
            if isinstance(name, str) and not isinstance(value.get(name), list)
        },
        metadata={name: doc.get(name) for name in request.columns.tags},
        cluster=doc.get(request.cluster) if request.cluster else None,
        output=value.get("filtered_resps"),
    )


def _id(doc: Mapping[str, Any], digest: str, number: Any, taken: dict[str, list[Any]]) -> str:
    """The document's own id, or its hash; documents that have one in common are counted."""
    own = doc.get("id")
    base = str(own) if isinstance(own, (str, int)) and own != "" else digest[:16]
    numbers = taken.setdefault(base, [])
    if number not in numbers:
        numbers.append(number)
    at = numbers.index(number)
    return f"{base}#{at + 1}" if at else base


def _compare(suite: Suite, shown: str, results: Mapping[str, Any], problems: Problems) -> None:
    for key, value in results.items():
        metric, _, behind = key.partition(",")
        name = metric if behind in _NO_FILTER else f"{metric}@{behind}"
        if suite.metric(name) is not None:
            compared(suite, shown, name, value, key, problems)


def _model(log: Mapping[str, Any]) -> Input:
    config = mapping(log.get("config"))
    keys = ("model_sha", "model_dtype", "model_revision", "model_num_parameters")
    told = {key.removeprefix("model_"): config.get(key, log.get(key)) for key in keys}
    told |= {
        "provider": config.get("model"),
        "args": config.get("model_args"),
        "peft_sha": config.get("peft_sha"),
    }
    name = str(log.get("model_name") or config.get("model"))
    return input_of(MODEL, name, told, pin=model_pin(name, told["sha"] or told["revision"]))


def _inputs(suite: Suite, log: Mapping[str, Any], task: Mapping[str, Any], name: str) -> Iterator[Input]:
    config = mapping(log.get("config"))
    yield _prompt(suite, log, task)
    wanted = ("dataset_path", "dataset_name", "dataset_kwargs", "test_split", "validation_split")
    data = {key: task.get(key) for key in wanted}
    yield input_of(DATASET, suite.name, {**data, "limit": config.get("limit")}, suite)
    graded = {key: task.get(key) for key in ("metric_list", "filter_list", "output_type", "doc_to_target")}
    version, package = mapping(log.get("versions")).get(name), text(log.get("lm_eval_version"))
    yield input_of(
        GRADER,
        suite.name,
        {**graded, "version": version, "lm_eval": package},
        pin=Pin.REVISION if package and not _is_code(graded) else Pin.NAMED,
    )
    used = {"generation": task.get("generation_kwargs"), "overrides": config.get("gen_kwargs")}
    told = {**used, "batch_size": config.get("batch_size"), "repeats": task.get("repeats")}
    yield input_of(SETTINGS, suite.name, told)


def _prompt(suite: Suite, log: Mapping[str, Any], task: Mapping[str, Any]) -> Input:
    """The template; what came of it depends on the data as well, so that is no part of what it is."""
    template = {
        key: task.get(key) for key in ("doc_to_text", "description", "fewshot_delimiter", "target_delimiter")
    }
    told = {key: log.get(key) for key in ("system_instruction", "chat_template_sha", "fewshot_as_multiturn")}
    return input_of(
        PROMPT,
        suite.name,
        {**template, **told, "num_fewshot": task.get("num_fewshot")},
        pin=Pin.INFERRED if _is_code(template) else Pin.CONTENT,
    )


def _is_code(value: Any) -> bool:
    """Whether a part of a task is a function, of which a log has nothing but the name or the place."""
    if isinstance(value, Mapping):
        return any(map(_is_code, value.values()))
    if isinstance(value, list):
        return any(map(_is_code, value))
    return isinstance(value, str) and value.lstrip().startswith(("<function ", "def ", "functools.partial"))
