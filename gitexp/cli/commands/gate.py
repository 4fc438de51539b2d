"""`git exp gate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gitexp.cli import exit_codes
from gitexp.cli.gate_reports import REPORTS
from gitexp.cli.options import cluster_option, metrics_option
from gitexp.cli.session import Session

if TYPE_CHECKING:
    from gitexp.cli.gate_reports import How, Refused
    from gitexp.errors import GitExpError
    from gitexp.ops.gating.gating import Gated
    from gitexp.repo import Repository

SUMMARY = "GITHUB_STEP_SUMMARY"
"""The file that a workflow shows on the page of its run."""

_FOR_MACHINES = ("md", "json", "junit")
"""Forms that usually go into a file: the log is to say why a gate does not pass."""


@click.command("gate")
@click.argument("run", required=False, metavar="[RUN]")
@click.option(
    "--baseline",
    metavar="BASELINE",
    help="What RUN is held against: a baseline (main), RUN, REV, best, last:TAG or merge-base:REV.",
)
@click.option("--gate", metavar="NAME", help="Take the rules of this gate in .gitexp.yaml (default).")
@metrics_option("SUITE/METRIC, or a metric of the run; all of the evaluations without it. May be repeated.")
@click.option("--mode", metavar="MODE", help="regression (the usual one), noninferior or improve.")
@click.option("--max-drop", metavar="D", help="The drop that is tolerated: 0.02, or a share such as 2%.")
@click.option("--min-delta", metavar="D", help="With improve: by how much it has to be better.")
@click.option("--confidence", metavar="C", help="One-sided (0.95).")
@click.option("--detect", metavar="D", help="Nothing passes that could not have shown a drop of D.")
@click.option("--power", metavar="P", help="How probably it has to show that drop (0.8).")
@cluster_option
@click.option(
    "--errors",
    metavar="POLICY",
    help="What an answer that failed counts: zero, exclude, or fail, where there may be none.",
)
@click.option("--max-error-rate", metavar="SHARE", help="The share of answers that may have failed (0.02).")
@click.option("--min-n", metavar="N", help="Fewer examples do not pass (30).")
@click.option("--min-overlap", metavar="SHARE", help="The share of examples to be in common (0.95).")
@click.option("--min-completeness", metavar="E2|0.8", help="How complete the record of RUN has to be.")
@click.option(
    "--must-pass",
    metavar="tag:TAG[:SHARE]",
    multiple=True,
    help="No example with TAG may get worse, or be right in less than SHARE of its answers.",
)
@click.option(
    "--max-increase",
    metavar="COST=10%",
    multiple=True,
    help="By how much cost, tokens, latency, latency_p95 or the like may grow. May be repeated.",
)
@click.option("--allow-dataset-change", is_flag=True, help="Compare the examples that both have, unchanged.")
@click.option("--allow-grader-change", is_flag=True, help="Compare although another grader gave the scores.")
@click.option("--correct", metavar="METHOD", help="Allow for the number of metrics: holm, or none.")
@click.option(
    "--aa",
    nargs=2,
    metavar="RUN RUN",
    help="Check the noise instead: two runs of the same must not differ.",
)
@click.option("--confirm", is_flag=True, help="Where it fails run RUN once more: both have to fail.")
@click.option("--trust", is_flag=True, help="With --confirm: run it although somebody else recorded it.")
@click.option(
    "--inconclusive",
    type=click.Choice(["pass", "fail"]),
    help="What it counts as where too little is known, instead of exit code 3.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(list(REPORTS)),
    default="text",
    metavar="FORMAT",
    help="text, md, json, junit or github, which also writes to $GITHUB_STEP_SUMMARY.",
)
@click.option("--bisect", is_flag=True, help="Exit as git bisect run wants it: 0, 1, 125 or 128.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 whatever the verdict is, also for no baseline.")
@click.pass_obj
def command(
    session: Session,
    /,
    run: str | None,
    baseline: str | None,
    gate: str | None,
    aa: tuple[str, str] | None,
    confirm: bool,
    trust: bool,
    inconclusive: str | None,
    form: str,
    bisect: bool,
    exit_zero: bool,
    **typed: Any,
) -> int:
    """Say whether a run is good enough to take the place of another.

    RUN, or else the run of the code as it is now, is held against a baseline: metric by metric, over the
    examples that both have answered, or with the noise that repeated runs or 'noise' in .gitexp.yaml show.
    In mode regression a metric fails where it is surely worse by more than --max-drop; noninferior passes
    only what surely is not, and improve only what surely is better. Where the examples are too few to say,
    the answer is inconclusive, and where data or grader are others, not comparable: neither is a pass.

    The rules are those of 'gates' in .gitexp.yaml of the baseline, so that a branch cannot loosen its own
    gate; options of the command line come before them, and each is told.

    With --confirm a run that fails is run once more, as git exp repro does it, and only where that fails as
    well the gate does. What cannot be run again, or gives exactly the same, leaves it failed.

    \b
    Examples:
      git exp gate --baseline merge-base:main --metric qa/match
      git exp gate @ --baseline main --max-drop 0.02 --must-pass tag:critical --format junit
      git bisect run git exp gate --bisect --baseline v1.0 --metric accuracy
    """
    from gitexp.cli.gate_reports import report_in
    from gitexp.cli.gate_reports.words import verdict_line
    from gitexp.cli.session import note, tell
    from gitexp.errors import GitExpError, UsageError
    from gitexp.model.gate import Outcome
    from gitexp.ops.gating.gating import Ask
    from gitexp.ops.gating.gating import gate as decide

    if bisect and exit_zero:
        raise UsageError("--bisect and --exit-zero exclude one another", hint="git exp gate -h")
    if aa and (run or baseline or confirm):
        raise UsageError(
            f"--aa {'and --confirm exclude one another' if confirm else 'names both runs by itself'}",
            hint="git exp gate --aa RUN1 RUN2",
        )
    if trust and not confirm:
        raise UsageError("--trust is for what --confirm runs", hint="git exp gate RUN --confirm --trust")
    first, second = aa or (baseline, run)
    forms = (form, "md") if form == "github" else (form,)
    try:
        with session.repository() as repo:
            found = decide(repo, Ask(second, first, gate, _given(typed), alike=bool(aa)))
            _remark(found)
            found = _confirmed(repo, found, baseline, trust=trust) if confirm else found
            how = _how(session, repo, found, inconclusive, bisect=bisect)
            how = how._replace(code=exit_codes.OK) if exit_zero else how
            texts = [report_in(one).report(found, how) for one in forms]
        if form in _FOR_MACHINES and found.outcome is not Outcome.PASS:
            note(verdict_line(found))
        code = how.code
    except GitExpError as error:
        refused = _refused(error, bisect=bisect, exit_zero=exit_zero)
        texts = [report_in(one).refusal(refused) for one in forms]
        tell(error)
        code = refused.code
    click.echo(texts[0], nl=False)
    if form == "github":
        _summarize(session, texts[1])
    return code


def _refused(error: GitExpError, *, bisect: bool, exit_zero: bool) -> Refused:
    from gitexp.cli import gate_codes
    from gitexp.cli.gate_reports import Refused
    from gitexp.model.gate import Outcome

    code = gate_codes.of_error(error, [gate_codes.BISECT] if bisect else [])
    told = gate_codes.told(code)
    lenient = exit_zero and told == Outcome.INCOMPARABLE.value
    return Refused(error, told, exit_codes.OK if lenient else code)


def _confirmed(repo: Repository, found: Gated, baseline: str | None, *, trust: bool) -> Gated:
    from gitexp.ops.gating.confirming import confirmed

    return confirmed(repo, found, baseline, trust=trust)


def _remark(found: Gated) -> None:
    from gitexp.cli.session import note, warn

    for remark in found.ruling.remarks:
        note(remark)
    for complaint in found.ruling.complaints:
        warn(complaint)


def _how(session: Session, repo: Repository, found: Gated, inconclusive: str | None, *, bisect: bool) -> How:
    from gitexp.cli import gate_codes
    from gitexp.cli.gate_reports import How
    from gitexp.cli.render.paint import Paint
    from gitexp.cli.screen import look
    from gitexp.model.gate import Outcome

    counts = Outcome(inconclusive) if inconclusive else Outcome.INCONCLUSIVE
    outcome = found.outcome
    code = gate_codes.of_verdict(counts if outcome is Outcome.INCONCLUSIVE else outcome, bisect=bisect)
    return How(Paint(look(repo.config, session.environ, use_pager=False).colour), code, counts)


def _given(typed: dict[str, Any]) -> dict[str, Any]:
    """What was typed as rules. Raises UsageError."""
    from gitexp.errors import UsageError
    from gitexp.formats.gate_rules import READERS

    given = {}
    for key, text in typed.items():
        if text is None or text == () or text is False:
            continue
        reader = READERS[key]
        try:
            given[key] = reader.read(text)
        except (ValueError, TypeError, OverflowError):
            option = f"--{key.replace('_', '-')}"
            told = ", ".join(text) if isinstance(text, tuple) else text
            raise UsageError(f"invalid value for '{option}': {told!r:.200}", hint=reader.hint) from None
    return given


def _summarize(session: Session, text: str) -> None:
    """Put the page beside what else the workflow says there. Raises UsageError."""
    from gitexp.errors import UsageError

    path = session.environ.get(SUMMARY)
    if not path:
        return
    try:
        with Path(path).open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text + "\n")
    except OSError as error:
        raise UsageError(f"cannot write {path!r}: {error.strerror}", hint=f"unset {SUMMARY}") from None
