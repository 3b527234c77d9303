"""What a pool process hands its worker of a task: short errors, which no soft limit breaks off.

A result goes through a pipe of 64 KB, with the text of an error in it twice. On a host that was
unplugged a task ended with a chain of Redis' errors, a text of 15 KB, and the worker, which waited
for Redis as well, read nothing. Then it sent the task's soft limit, which struck the process as it
wrote: another result stood behind half of the first. The worker could not read that and stood
still for good. With what is here a result of that kind is 18 KB instead of 38 KB and more.
"""

from __future__ import annotations

import os
import signal
import traceback
from types import TracebackType
from typing import Any

from billiard.pool import soft_timeout_sighandler
from celery import Task, signals
from celery.exceptions import Reject, Retry

LONGEST_TEXT = 4000
"""Characters of an error's text from which on what led to it is left out."""


class BoundedTask(Task):  # type: ignore[misc]
    """A task whose retries do not hold the errors that led to them where those are long."""

    def retry(self, *arguments: object, **options: object) -> Any:
        """Have Celery send the task again.

        Raises:
            Retry: It was sent.
            Reject: It could not be sent.
        """
        try:
            return super().retry(*arguments, **options)
        except (Retry, Reject) as error:
            shorten(error)
            raise


class BoundedErrors:
    """A block whose errors leave it without what led to them, where that is long."""

    def __enter__(self) -> BoundedErrors:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if error is not None:
            shorten(error)


def shorten(error: BaseException) -> None:
    """Take from an error what led to it, where its text would be long."""
    if error.__cause__ is None and error.__context__ is None:
        return
    if len("".join(traceback.format_exception(error))) > LONGEST_TEXT:
        error.__cause__ = None
        error.__context__ = None


class TaskLimits:
    """Lets the soft time limit reach a pool process while it runs a task, and not afterwards."""

    def __init__(self) -> None:
        self._pid = 0

    def connect(self) -> None:
        """Connect the signals of tasks. Celery looks for receivers before it forks."""
        signals.task_prerun.connect(self.admit, weak=False)
        signals.task_postrun.connect(self.ignore, weak=False)

    def begin(self) -> None:
        """Begin in this process, which is one of a pool."""
        self._pid = os.getpid()
        self.ignore()

    def admit(self, **_: object) -> None:
        """Let the limit interrupt what runs from now on."""
        self._handle(soft_timeout_sighandler)

    def ignore(self, **_: object) -> None:
        """Let the limit pass: the task has ended, and its result is being written."""
        self._handle(signal.SIG_IGN)

    def _handle(self, handler: Any) -> None:
        # In a worker's main process the signal prints what its threads do.
        if self._pid == os.getpid():
            signal.signal(signal.SIGUSR1, handler)
