"""Programs that record runs and tell on stdout what was acknowledged: `python -m … WHAT`.

A line is written after the call returned, in one write: whoever reads it may rely on the run having it.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

import gitexp
from gitexp.api import active, run, start  # noqa: F401  (imported before the clock starts)


def say(text: str) -> None:
    os.write(1, f"{text}\n".encode())


def value(step: int) -> dict[str, float | int]:
    """What is logged at `step`; whoever checks can compute it."""
    return {"loss": 1.0 / (step + 3), "count": step * 7}


def log(live: gitexp.Run, first: int, last: int) -> None:
    for step in range(first, last):
        live.log(value(step), step=step)
        say(f"row {step}")


def whole_life() -> None:
    """Start, log, checkpoint, log, artifact, finish."""
    say("ready")
    live = gitexp.start("killed", params={"lr": 0.1}, strict=True)
    say(f"name {live.name}")
    log(live, 0, 60)
    live.checkpoint()
    say("checkpoint")
    log(live, 60, 120)
    live.log_artifact(b"weights" * 100, "model.bin")
    live.finish()
    say("finished")


def forever() -> None:
    """Run after run, for as long as it may."""
    say("ready")
    while True:
        live = gitexp.start("cut", strict=True)
        say(f"name {live.name}")
        log(live, 0, 30)
        live.finish()
        say(f"finished {live.name} {time.monotonic()}")


def one_long() -> None:
    """One run that logs slowly; each row is told with the time at which it was acknowledged."""
    say("ready")
    live = gitexp.start("long", strict=True)
    say(f"name {live.name}")
    step = 0
    while True:
        live.log(value(step), step=step)
        say(f"row {step} {time.monotonic()}")
        step += 1
        time.sleep(0.002)


def weights(number: int) -> bytes:
    """The checkpoint of that number; whoever checks can compute it."""
    return number.to_bytes(4, "big") * 5000


def keeping() -> None:
    """One run that logs checkpoints for ever, keeps the best and the last, and commits now and then."""
    say("ready")
    live = gitexp.start("keeping", strict=True)
    say(f"name {live.name}")
    number = 0
    while True:
        live.log({"loss": (number * 7919) % 101})
        live.log_artifact(weights(number), f"ckpt/{number}.pt", keep="best:loss:1,last:2")
        say(f"kept {number}")
        if number % 10 == 9:
            live.checkpoint()
        number += 1


def several() -> None:
    """As many runs as GITEXP_TEST_RUNS says, 50 rows each, begun when the parent closes stdin."""
    say("ready")
    sys.stdin.read()
    for _ in range(int(os.environ["GITEXP_TEST_RUNS"])):
        live = gitexp.start("many", strict=True)
        log(live, 0, 50)
        live.finish()
        say(f"finished {live.name}")


def until_full() -> None:
    """One run, not strict, that logs more than there is room for; only rows that were kept are told."""
    say("ready")
    sys.stdin.readline()
    live = gitexp.start("full")
    say(f"name {live.name}")
    for step in range(int(os.environ["GITEXP_TEST_ROWS"])):
        before = live.rows
        live.log(value(step), step=step)
        if live.rows > before:
            say(f"row {step}")
    live.finish()
    say("went on")


WHAT: dict[str, Callable[[], None]] = {
    "whole-life": whole_life,
    "forever": forever,
    "one-long": one_long,
    "keeping": keeping,
    "several": several,
    "until-full": until_full,
}

if __name__ == "__main__":
    WHAT[sys.argv[1]]()
