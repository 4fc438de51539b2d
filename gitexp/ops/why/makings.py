"""What made the results of runs, as the index has it; what many runs share is read once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from gitexp.formats.assignment import join_key
from gitexp.formats.inputs import inputs_from, is_of
from gitexp.formats.making import Making, Owners, Texts, files_of, leaves_of, seen_by, texts, vector_of
from gitexp.index.row import SEPARATOR, shape_of
from gitexp.model.called_seeds import is_seed, parted
from gitexp.model.missing import MISSING, Missing
from gitexp.model.record import Input
from gitexp.model.roles import SETTINGS
from gitexp.model.values import Value, is_finite
from gitexp.ops.read import StoredRun
from gitexp.ops.repro.variables import deciding_variables
from gitexp.ops.why.prompts import joined, read_prompts
from gitexp.repo import Repository

HASH_SEED = "PYTHONHASHSEED"
_COUNT = ".n"
"""How the metric ends that tells how many examples a suite has."""


class _Inputs(NamedTuple):
    each: tuple[Input, ...]
    vector: Mapping[str, tuple[str, ...]]
    files: Mapping[str, Owners]
    leaves: Mapping[str, Texts]
    seen: Mapping[str, Texts]
    seeds: Texts


class _Surroundings(NamedTuple):
    env: Texts
    seeds: Texts


class Makings:
    """Gives the making of each run that it is asked for, without its packages.

    With a `suite`, what is of another suite of a run is left out: it made other scores.
    """

    def __init__(self, repo: Repository, suite: str | None = None) -> None:
        self._repo = repo
        self._suite = suite
        self._inputs: dict[tuple[str, frozenset[str]], _Inputs] = {}
        self._others: dict[str, frozenset[str]] = {}
        """Shape -> the names of the other suites."""
        self._envs: dict[str, _Surroundings] = {}
        self._keys: dict[str, list[str]] = {}
        """Shape -> the params that runs of it have, by dotted key."""

    def of(self, run: StoredRun) -> Making:
        head, tail = run.row
        inputs, around = self._inputs_of(run), self._around(tail.env)
        info = json.loads(tail.info)
        words, command_seeds = parted(info.get("command", ()))
        params, seeds = self._params(head.shape, head.cells)
        if command_seeds:
            seeds["command"] = json.dumps(command_seeds)
        return Making(
            inputs=inputs.vector,
            files=inputs.files,
            leaves=inputs.leaves,
            seen=inputs.seen,
            params=params,
            command=(info.get("cwd", "."), *words) if words else (),
            seeds=seeds,
            noted_seeds={**around.seeds, **inputs.seeds},
            code=_code(info),
            env=around.env,
        )

    def inputs(self, run: StoredRun) -> tuple[Input, ...]:
        """Those that made the score, seeds among them."""
        return self._inputs_of(run).each

    def _params(self, shape: str, cells: str) -> tuple[dict[str, str], dict[str, str]]:
        """The params, and the seeds among them."""
        keys = self._keys.get(shape)
        if keys is None:
            keys = self._keys[shape] = [join_key(path) for path in shape_of(shape).params]
        params = dict(zip(keys, cells.split(SEPARATOR), strict=False))
        seeds = {f"params.{key}": params.pop(key) for key in keys if is_seed(key)}
        return params, seeds

    def _inputs_of(self, run: StoredRun) -> _Inputs:
        others = self._other_suites(run.head.shape)
        key = run.row.tail.inputs, others
        if key not in self._inputs:
            suites = () if self._suite is None else (self._suite,)
            each = tuple(one for one in inputs_from(json.loads(key[0])) if is_of(one, suites, others))
            leaves = leaves_of(each)
            seeds = {f"input.{key}": value for one in each for key, value in _seeds_in(one)}
            seeds |= {
                f"settings.{key}": value for key, value in leaves.get(SETTINGS, {}).items() if is_seed(key)
            }
            files = read_prompts(run, each)
            # What was sent is what decides, from a file or not; the file is where it is shown.
            sent = [one for one in each if one not in files.values()]
            self._inputs[key] = _Inputs(
                joined(each, files), vector_of(sent), files_of(each), leaves, seen_by(each), seeds
            )
        return self._inputs[key]

    def _other_suites(self, shape: str) -> frozenset[str]:
        if self._suite is None:
            return frozenset()
        if shape not in self._others:
            counted = (name for name in shape_of(shape).metrics if name.endswith(_COUNT))
            suites = {name.partition("/")[0] for name in counted if "/" in name}
            self._others[shape] = frozenset(suites - {self._suite})
        return self._others[shape]

    def _around(self, text: str) -> _Surroundings:
        if text not in self._envs:
            env = json.loads(text)
            self._envs[text] = _Surroundings(deciding(self._repo, env), _noted_seeds(env))
        return self._envs[text]


def deciding(repo: Repository, env: Mapping[str, Value]) -> dict[str, str]:
    """What of the environment results may depend on wherever they are computed; seeds aside."""
    platform, interpreter = _section(env, "platform"), _section(env, "interpreter")
    variables = {key: one for key, one in deciding_variables(repo, env).items() if key != HASH_SEED}
    switches = {
        key: one
        for key, one in _section(env, "determinism").items()
        if key != HASH_SEED and key not in variables
    }
    found: dict[str, object] = {
        "interpreter": {key: interpreter[key] for key in ("implementation", "version") if key in interpreter},
        "platform": {key: platform[key] for key in ("system", "machine") if key in platform},
        "accelerator": _section(env, "accelerator"),
        "determinism": switches,
        "variables": variables,
    }
    return texts({key: value for key, value in found.items() if value})


def metric_of(run: StoredRun, key: str) -> Value | Missing:
    """What the run has for the metric `key`."""
    head = run.head
    at = shape_of(head.shape).positions["metrics"].get(key)
    if at is None:
        return MISSING
    found: Value = json.loads(head.cells.split(SEPARATOR)[at])
    return found


def number_of(run: StoredRun, key: str) -> float | None:
    """As `metric_of`, where that is a finite number."""
    value = metric_of(run, key)
    return float(value) if is_finite(value) else None


def _code(info: Mapping[str, Any]) -> str | None:
    """The code tree; None of a log that another tool wrote of code that nobody has."""
    code = info["code"]
    tree: str = code["tree"]
    return None if info.get("source") is not None and not code.get("base") else tree


def _seeds_in(one: Input) -> Iterable[tuple[str, str]]:
    """Those that an input tells, if that is its role."""
    if not is_seed(one.role) or one.none:
        return ()
    return texts(one.value if isinstance(one.value, Mapping) else {one.name: one.value}).items()


def _noted_seeds(env: Mapping[str, Value]) -> dict[str, str]:
    """Those that are certain; the state of a generator is another one in each run."""
    found = {
        f"env.{name}": json.dumps(one["seed"])
        for name, one in _section(env, "seeds").items()
        if isinstance(one, Mapping) and "seed" in one
    }
    for section in ("determinism", "variables"):
        value = _section(env, section).get(HASH_SEED)
        if value is not None:
            found[f"env.{HASH_SEED}"] = json.dumps(value)
    return found


def _section(env: Mapping[str, Value], name: str) -> Mapping[str, Value]:
    found = env.get(name)
    return found if isinstance(found, Mapping) else {}
