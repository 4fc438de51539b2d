"""What `git exp repro --json` prints."""

from __future__ import annotations

from typing import Any

from gitexp.cli.json_output import strict
from gitexp.formats.inputs import input_value
from gitexp.formats.reproduction import reproduction_value
from gitexp.ops.repro.plan import Plan
from gitexp.ops.repro.reproduce import Reproduced
from gitexp.ops.repro.supplies import Found


def plan_value(plan: Plan) -> dict[str, Any]:
    """What will be executed, and where all that it needs is."""
    author = plan.provenance.author
    return strict(
        {
            "run": plan.run.name,
            "author": {"name": author.name, "email": author.email},
            "standing": plan.provenance.standing.value,
            "trusted": plan.provenance.standing.trusted,
            "command": list(plan.command),
            "cwd": plan.cwd,
            "commit": plan.commit,
            "code": {"tree": plan.code.tree, "base": plan.code.base, "dirty": plan.code.dirty},
            "on": plan.on,
            "params": plan.params,
            "edited": list(plan.files),
            "differing": {k: {"then": then, "now": now} for k, (then, now) in plan.differing.items()},
            "variables": dict(plan.variables),
            "unset": list(plan.unset),
            "remarks": list(plan.remarks),
            "inputs": [_input(one) for one in plan.inputs],
            "artifacts": {one.artifact.path: one.place.value for one in plan.artifacts},
            "packages": {one.name: {"then": one.old, "now": one.new} for one in plan.packages},
        }
    )


def reproduced_value(plan: Plan, done: Reproduced) -> dict[str, Any]:
    """How it went."""
    executed = done.executed
    return strict(
        {
            "name": executed.name,
            "commit": done.commit or executed.commit,
            "status": executed.status.value,
            "exit_code": executed.exit.shell_code,
            "reproduction": reproduction_value(done.reproduction) if done.reproduction else None,
            "plan": plan_value(plan),
        }
    )


def _input(one: Found) -> dict[str, Any]:
    return {"role": one.input.role, **input_value(one.input), "place": one.place.name.lower(), "now": one.now}
