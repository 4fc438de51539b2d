"""What this very process reads while a run of it is live, and its children."""

from __future__ import annotations

import sys
from collections.abc import MutableMapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from gitexp.api.unseen import OBSERVER, observer_here
from gitexp.capture.shim import _gitexp_observe as own
from gitexp.capture.tracing import observed_environment, unobserved
from gitexp.ops.observing.tracing import Tracing
from gitexp.ops.recording import Recording


@dataclass
class TracingHere(Tracing):
    """Observes this process until the run ends."""

    _until_end: ExitStack = field(default_factory=ExitStack)

    def start(self, environ: MutableMapping[str, str]) -> None:
        """Begin; children that are started find the folder in `environ`."""
        sys.modules.setdefault(OBSERVER, own)
        observer = observer_here()
        if observer is not None:
            observer.add(str(self.folder))
            self._until_end.callback(observer.remove, str(self.folder))
        self._until_end.callback(_restore, environ, self._tell_children(environ))
        self._until_end.enter_context(self.watching())

    def finish(self, recording: Recording, *, killed: bool = False) -> None:
        self.stop()
        super().finish(recording, killed=killed)

    def stop(self) -> None:
        self._until_end.close()

    def _tell_children(self, environ: MutableMapping[str, str]) -> str | None:
        before = environ.get(own.VARIABLE)
        environ.update(observed_environment(environ, self.folder))
        return before


def observe_here(
    recording: Recording, mode: str, environ: MutableMapping[str, str], param_files: Sequence[str]
) -> None:
    """Have what this process reads from now on noted as inputs of the run."""
    # Not at the end: Python forgets that Ctrl-C ended it where dataclasses are made by then.
    from gitexp.ops.observing import calls, files  # noqa: F401

    top = recording.repo.layout.top
    if top is not None:
        tracing = TracingHere.of(recording, mode, top, param_files)
        recording.tracing = tracing
        if isinstance(tracing, TracingHere):
            tracing.start(environ)


def _restore(environ: MutableMapping[str, str], before: str | None) -> None:
    """Children report to whom they reported before."""
    kept = unobserved(environ) if before is None else {**environ, own.VARIABLE: before}
    for name in set(environ) - set(kept):
        del environ[name]
    environ.update(kept)
