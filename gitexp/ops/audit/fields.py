"""What a run came from, question by question, and how well its record answers each; no I/O."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gitexp.formats.assignment import flatten
from gitexp.formats.identity import pin_of
from gitexp.model.called_seeds import is_seed, seed_options
from gitexp.model.completeness import (
    ARTIFACTS,
    CODE,
    COMMAND,
    ENV,
    EVALUATION,
    HARDWARE,
    PARAMS,
    PARENT,
    Field,
    Thing,
)
from gitexp.model.files import PARAMS_FILES
from gitexp.model.record import Input, Pin, Record, RunInfo
from gitexp.model.roles import (
    DATASET,
    FILE,
    GRADER,
    MODEL,
    PROMPT,
    RETRIEVER,
    SEEDS,
    SETTINGS,
    TOOLS,
    UNTRACKED,
)

_SAMPLING = frozenset(
    ("temperature", "top_p", "top_k", "max_tokens", "max_completion_tokens", "max_new_tokens")
)
"""Settings that nothing but a language model has."""
_PLAIN = {CODE: True, ENV: True, DATASET: True, SEEDS: False, HARDWARE: False}
_EVALUATED = {
    **dict.fromkeys((MODEL, PROMPT, GRADER, RETRIEVER, TOOLS, SETTINGS), True),
    EVALUATION: False,
}
"""What is asked of runs, and whether levels wait for it; of evaluations more than of others."""
_LOG = "eval-log"
_CODE_SUFFIXES = (".py", ".pyc", ".ipynb", ".sh", ".so")


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is to be known of a run."""

    record: Record
    """The whole one."""
    kept: Callable[[Input], bool]
    """Whether the bytes of an input can be had."""
    lost: Sequence[str] = ()
    """Paths of artifacts whose bytes cannot be had."""
    suites: Sequence[str] = ()
    """The evaluations that it holds."""
    texts: Collection[str] = ()
    """Those of them whose questions can be had, as they are kept beside the scores."""
    stale: bool = False
    """Whether the code beside the record is another one."""
    require: Sequence[str] = ()
    """What the project says that no run may be without."""


def fields_of(facts: Facts) -> list[Field]:
    """A field for everything that applies to the run, known or not, and for what it states not to have."""
    record = facts.record
    answers = _answers(facts)
    none = {one.role for one in record.inputs if one.none}
    asked = _asked(facts)
    names = dict.fromkeys([*asked, *answers, *none, *facts.require])
    return [
        Field(
            name,
            tuple(answers.get(name, ())),
            needed=asked.get(name, True),
            required=name in facts.require,
            none=name in none,
        )
        for name in names
    ]


def _asked(facts: Facts) -> dict[str, bool]:
    """What has to be known of this kind of run, and whether levels wait for it."""
    executed = {COMMAND: False} if facts.record.info.status.executed else {}
    return {**_PLAIN, **executed, **(_EVALUATED if _is_evaluation(facts) else {})}


def _is_evaluation(facts: Facts) -> bool:
    return bool(facts.suites) or any(
        one.role == SETTINGS and isinstance(one.value, Mapping) and not _SAMPLING.isdisjoint(one.value)
        for one in facts.record.inputs
    )


def _answers(facts: Facts) -> dict[str, list[Thing]]:
    record = facts.record
    found: dict[str, list[Thing]] = {
        CODE: [] if facts.stale else list(_code(record.info)),
        COMMAND: [Thing(record.info.command[0], Pin.CONTENT)] if record.info.command else [],
        ENV: list(_env(record)),
        PARAMS: [Thing(key, Pin.CONTENT) for key in flatten(record.params)],
        HARDWARE: [Thing(key, Pin.CONTENT) for key in ("accelerator", "cpu") if record.env.get(key)],
        PARENT: [Thing(name, Pin.CONTENT) for name in record.info.parents],
        EVALUATION: [Thing(suite, Pin.CONTENT) for suite in facts.suites],
        SEEDS: list(_seeds(record)),
        ARTIFACTS: [Thing(one.path, Pin.CONTENT, one.path not in facts.lost) for one in record.artifacts],
    }
    inputs = [*record.inputs, *_read_by_steps(record)]
    for one in inputs:
        pin = pin_of(one)
        if pin is not None:
            name = SEEDS if is_seed(one.role) else one.role
            found.setdefault(name, []).append(Thing(one.path or one.name, pin, _is_kept(facts, one)))
    if any(map(_is_unseeded, inputs)):
        found[SEEDS] = []
    if DATASET not in found and not any(one.role == DATASET and one.none for one in record.inputs):
        found[DATASET] = _data(facts, [*found.get(FILE, ()), *found.get(UNTRACKED, ())])
    return {name: things for name, things in found.items() if things}


def _read_by_steps(record: Record) -> Iterator[Input]:
    """What steps of the run had from outside of it: neither made by one of them, nor known otherwise."""
    outputs = (one for step in record.steps for one in step.outputs)
    seen = {(one.path or one.name, one.oid) for one in (*record.inputs, *outputs)}
    for one in (each for step in record.steps for each in step.inputs):
        if (one.path or one.name, one.oid) not in seen:
            seen.add((one.path or one.name, one.oid))
            yield one


def _is_kept(facts: Facts, one: Input) -> bool:
    """What the log of another tool tells of is in that log."""
    told = one.oid is None and facts.record.info.source is not None
    return facts.kept(one) or (told and _has_log(facts))


def _has_log(facts: Facts) -> bool:
    """Whether the log that the run was made of can be had."""
    return any(one.kind == _LOG and one.path not in facts.lost for one in facts.record.artifacts)


def _is_unseeded(one: Input) -> bool:
    """Whether a generator had no seed, which is noted as null: then no other seed makes it come out again."""
    return is_seed(one.role) and one.oid is None and not one.none and _has_null(one.value)


def _has_null(value: object) -> bool:
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return value is None or any(map(_has_null, items))


def _code(info: RunInfo) -> Iterator[Thing]:
    if info.source is None:
        yield Thing(info.code.tree[:10], Pin.CONTENT)
    elif info.code.base:
        # A log's word for it; what was not committed then, nobody has kept.
        yield Thing(info.code.base[:10], Pin.NAMED if info.code.dirty else Pin.REVISION)


def _env(record: Record) -> Iterator[Thing]:
    """By all that was installed; a lock file beside it says the bytes of that, too."""
    known = record.env.get("lock_files")
    locks = [str(name) for name in known if "lock" in str(name)] if isinstance(known, Mapping) else []
    packages = len(record.requirements.splitlines())
    if packages:
        yield Thing(
            f"{packages} {'package' if packages == 1 else 'packages'}", Pin.CONTENT if locks else Pin.REVISION
        )
    elif locks:
        yield Thing(locks[0], Pin.REVISION)
    elif record.env.get("platform"):
        yield Thing("platform", Pin.NAMED)


def _seeds(record: Record) -> Iterator[Thing]:
    """Those that packages told, and those among params and options of the command."""
    told = record.env.get("seeds")
    for name, one in told.items() if isinstance(told, Mapping) else ():
        if isinstance(one, Mapping) and one.get("seed") is not None:
            yield Thing(str(name), Pin.CONTENT)
    for key, value in flatten(record.params).items():
        if is_seed(key) and value is not None:
            yield Thing(key, Pin.CONTENT)
    for option in seed_options(record.info.command):
        yield Thing(option, Pin.CONTENT)


def _data(facts: Facts, read: Sequence[Thing]) -> list[Thing]:
    """What stands for a dataset that nobody spoke of: examples of an evaluation, or files that were read.

    That a file was read does not say that the examples are from it.
    """
    if not facts.suites:
        return [one for one in read if _is_data(one.name)]
    return [Thing(suite, Pin.CONTENT, suite in facts.texts or _has_log(facts)) for suite in facts.suites]


def _is_data(path: str) -> bool:
    return path.rpartition("/")[2] not in PARAMS_FILES and not path.endswith(_CODE_SUFFIXES)
