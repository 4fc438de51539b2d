"""What this very process reads while a run of it is live, and its children."""

from __future__ import annotations

import sys
from collections.abc import MutableMapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

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
        _live.enter(environ, self.folder)
        self._until_end.callback(_live.leave, environ, self.folder)
        self._until_end.enter_context(self.watching())

    def try_to_start(self, recording: Recording, environ: MutableMapping[str, str]) -> None:
        """Begin; the run goes on without, where that cannot be."""
        try:
            self.start(environ)
        except (OSError, RuntimeError) as error:
            self.stop()
            recording.tracing = None
            recording.notices.append(f"what the run reads is not noted: {error}")

    def finish(self, recording: Recording, *, killed: bool = False) -> None:
        self.stop()
        super().finish(recording, killed=killed)

    def stop(self) -> None:
        self._until_end.close()


@dataclass
class _Live:
    """To whom children report: the newest run that is live, however its runs end."""

    folders: list[Path] = field(default_factory=list)
    before: str | None = None
    """To whom they reported before there was one."""

    def enter(self, environ: MutableMapping[str, str], folder: Path) -> None:
        if not self.folders:
            self.before = environ.get(own.VARIABLE)
        self.folders.append(folder)
        environ.update(observed_environment(environ, folder))

    def leave(self, environ: MutableMapping[str, str], folder: Path) -> None:
        self.folders.remove(folder)
        if self.folders:
            environ.update(observed_environment(environ, self.folders[-1]))
        else:
            _restore(environ, self.before)


_live = _Live()


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
            tracing.try_to_start(recording, environ)


def _restore(environ: MutableMapping[str, str], before: str | None) -> None:
    """Children report to whom they reported before."""
    kept = unobserved(environ) if before is None else {**environ, own.VARIABLE: before}
    for name in set(environ) - set(kept):
        del environ[name]
    environ.update(kept)
