"""Handles Ctrl-C and SIGTERM: a run ends after the current batch."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from incorta_loads.errors import InterruptedRunError
from incorta_loads.ingest.stopping import Stopping

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupt:
    """Whether the run must end, and which signal requested it.

    Attributes:
        stopping: set by the first signal.
        signal_number: that signal, or None.
    """

    def __init__(self) -> None:
        self.stopping = Stopping()
        self.signal_number: int | None = None

    def raise_if_set(self, what_is_kept: str) -> None:
        """Ends the command with exit code 130 or 143 if a signal was received."""
        if self.signal_number is not None:
            name = signal.Signals(self.signal_number).name
            raise InterruptedRunError(
                f"Interrupted by {name}; {what_is_kept}", signal_number=self.signal_number
            )


@contextmanager
def prompt_interrupt(what_is_kept: str) -> Iterator[None]:
    """SIGINT and SIGTERM within the context end the work at once, as `KeyboardInterrupt`.

    Raises:
        InterruptedRunError: instead of the KeyboardInterrupt, after the work has ended.
    """
    interrupt = Interrupt()

    def handle(number: int, _frame: FrameType | None) -> None:
        interrupt.signal_number = number
        raise KeyboardInterrupt

    with _handling(handle):
        try:
            yield
        finally:  # even if the work turned the KeyboardInterrupt into an error of its own
            interrupt.raise_if_set(what_is_kept)


@contextmanager
def graceful_interrupt() -> Iterator[Interrupt]:
    """The first SIGINT or SIGTERM requests the end; the second ends the process at once."""
    interrupt = Interrupt()

    def handle(number: int, _frame: FrameType | None) -> None:
        interrupt.signal_number = number
        interrupt.stopping.set()
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_DFL)

    with _handling(handle):
        yield interrupt


@contextmanager
def _handling(handle: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    before = {each: signal.signal(each, handle) for each in _SIGNALS}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
