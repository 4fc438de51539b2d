"""How a run ends: once, whoever asks for it, and in the middle of what."""

from __future__ import annotations

import os
from collections.abc import Callable
from threading import get_ident

from gitexp.api.warning import warn
from gitexp.errors import GitExpError
from gitexp.model.record import Status
from gitexp.ops.recording import Recording
from gitexp.ops.seal import Ending


def of_exit(exit_code: int | None) -> Ending:
    """How a run ends whose program does with that code."""
    return Ending(Status.FAILED if exit_code else Status.FINISHED, exit_code=exit_code)


def of_error(error: BaseException) -> Ending | None:
    """How a run ends that an exception leaves; None where it is a failure, of which there is more to tell."""
    if isinstance(error, SystemExit):
        return of_exit(error.code if isinstance(error.code, int) else int(error.code is not None))
    return Ending(Status.KILLED, signal="SIGINT") if isinstance(error, KeyboardInterrupt) else None


class Lifetime:
    """What records a run until it has ended; its checkpoints and its end."""

    def __init__(
        self,
        recording: Recording | None,
        on_end: Callable[[], None],
        on_trouble: Callable[[Exception], None],
    ) -> None:
        self.recording = recording
        """What takes rows; None once the run has ended, and where nothing is recorded."""
        self.commit: str | None = None
        self.status = Status.RUNNING
        self._on_end = on_end
        self._on_trouble = on_trouble
        self._process = os.getpid()
        self._checkpointing: set[int] = set()
        """The threads that are making a checkpoint right now."""
        self._ending: Ending | None = None
        """How the run shall end once that is made."""
        self._finishing: Recording | None = None

    @property
    def forked(self) -> bool:
        """Whether this process was forked from the one that began the run."""
        return os.getpid() != self._process

    def live(self) -> Recording:
        """What takes rows. Raises GitExpError when the run has ended."""
        if self.recording is None:
            raise GitExpError("the run has ended")
        return self.recording

    def checkpoint(self) -> str | None:
        """The commit of what was logged so far; None in the midst of making one. Raises as `end` does."""
        recording = self.live()
        if get_ident() in self._checkpointing:
            # A signal handler has interrupted a checkpoint of this very thread: that one will do.
            return None
        self._checkpointing.add(get_ident())
        try:
            self.commit = recording.checkpoint()
            return self.commit
        finally:
            self._checkpointing.discard(get_ident())
            if self._ending:
                self.end(self._ending)

    def end(self, ending: Ending) -> None:
        """Commit the run; where it is another process's, only stop logging. Raises GitExpError, OSError."""
        recording = self.live()
        if self.forked:
            # A forked worker shares the run, but not the right to end it.
            recording.writer.sync()
            return
        if get_ident() in self._checkpointing:
            # A signal handler has interrupted a checkpoint of this very thread, which cannot be waited for.
            if recording.owns:
                recording.note(ending)
            self._ending = self._ending or ending
            return
        self.recording, self._finishing = None, recording
        told = len(recording.notices)
        try:
            self._end_recording(recording, ending)
        finally:
            self._finishing = None
            self._on_end()
        for notice in recording.notices[told:]:
            self._on_trouble(GitExpError(notice))
        if recording.refused:
            rows = "1 row" if recording.refused == 1 else f"{recording.refused} rows"
            warn(f"run {recording.name!r} lacks {rows} of its evaluations that could not be recorded")

    def note_death(self, ending: Ending) -> bool:
        """Whether a signal that ends the process has come in the midst of `end`: there is no other then."""
        finishing = self._finishing
        if finishing is not None and finishing.owns:
            # Whoever seals what the interrupted finish leaves goes by this, unless it has had its say.
            finishing.note(ending)
        return finishing is not None

    def discard(self) -> None:
        """Take back a run that is empty yet. Raises GitExpError, OSError."""
        recording = self.live()
        self.recording = None
        self._on_end()
        if recording.owns:
            recording.discard()
        else:
            recording.leave()

    def _end_recording(self, recording: Recording, ending: Ending) -> None:
        import sys

        try:
            recording.environment(sys.modules, final=True)
        finally:
            if recording.owns:
                self.commit = recording.finish(ending)
                self.status = ending.status
            else:
                recording.leave()
