"""What people call their seeds, in params, in commands and as inputs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_NAMES = frozenset(("seed", "seeds", "random_seed", "random_state", "rng_seed", "manual_seed"))
_NUMBER = re.compile(r"-?[0-9]+")


def is_seed(key: str) -> bool:
    """Whether a param or a role is called as seeds are."""
    return key.rpartition(".")[2].lower() in _NAMES


def option_of(word: str) -> tuple[str, str, bool]:
    """The option in a word of a command, the `=` behind it, and whether it is one for a seed."""
    option, equals, _ = word.partition("=")
    return option, equals, is_seed(option.lstrip("-+").replace("-", "_"))


def seed_options(command: Sequence[str]) -> list[str]:
    """The options of a command that set a seed: `--seed 1`, or `seed=1` as Hydra has it."""
    return [
        option for option, equals, seed in map(option_of, command) if seed and (equals or option[:1] == "-")
    ]


def parted(command: Iterable[str]) -> tuple[list[str], list[str]]:
    """The words of a command without the values of its options for seeds, and these values."""
    words: list[str] = []
    seeds: list[str] = []
    after_seed = False
    for word in command:
        option, equals, seed = option_of(word)
        if after_seed and _NUMBER.fullmatch(word):
            seeds.append(word)
        else:
            words.append(option if seed and equals else word)
            seeds += [word.removeprefix(f"{option}=")] if seed and equals else []
        after_seed = seed and word.startswith("-") and not equals
    return words, seeds
