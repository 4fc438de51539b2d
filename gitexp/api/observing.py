"""What this very process reads while a run of it is live, and its children."""

from __future__ import annotations

import sys
from collections.abc import Iterator, MutableMapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from threading import get_ident
from types import ModuleType

from gitexp.capture.shim import _gitexp_observe as own
from gitexp.capture.tracing import observed_environment, unobserved
from gitexp.ops.observing.tracing import Tracing
from gitexp.ops.recording import Recording

_NAME = "_gitexp_observe"
"""What the module is called where it came in front of this program."""


@dataclass
class TracingHere(Tracing):
    """Observes this process until the run ends."""

    _until_end: ExitStack = field(default_factory=ExitStack)

    def start(self, environ: MutableMapping[str, str]) -> None:
        """Begin; children that are started find the folder in `environ`."""
        observer = _observer()
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


@contextmanager
def unseen() -> Iterator[None]:
    """What this thread opens meanwhile is for the recorder, and nothing that the program reads."""
    observer, me = _observer(), get_ident()
    if observer is None or me in observer.unseen:
        yield
        return
    observer.unseen.add(me)
    try:
        yield
    finally:
        observer.unseen.discard(me)


def _observer() -> ModuleType | None:
    """The one that is at work here already, or ours; None where that is of another gitexp."""
    found = sys.modules.setdefault(_NAME, own)
    return found if getattr(found, "VERSION", None) == own.VERSION else None


def _restore(environ: MutableMapping[str, str], before: str | None) -> None:
    """Children report to whom they reported before."""
    kept = unobserved(environ) if before is None else {**environ, own.VARIABLE: before}
    for name in set(environ) - set(kept):
        del environ[name]
    environ.update(kept)
