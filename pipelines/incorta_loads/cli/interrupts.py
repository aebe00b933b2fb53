"""Ctrl-C and SIGTERM as a wish to end, which a run grants after the batch in flight."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from incorta_loads.errors import InterruptedRunError

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupt:
    """Whether the run is to end, and why.

    Attributes:
        stopping: set by the first signal.
        signal_number: that signal, or None.
    """

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self.signal_number: int | None = None

    def raise_if_set(self, what_is_kept: str) -> None:
        """Ends the command with 130 or 143 when a signal came."""
        if self.signal_number is not None:
            name = signal.Signals(self.signal_number).name
            raise InterruptedRunError(
                f"Interrupted by {name}; {what_is_kept}", signal_number=self.signal_number
            )


@contextmanager
def prompt_interrupt(what_is_kept: str) -> Iterator[None]:
    """SIGINT and SIGTERM inside end the work at once, as `KeyboardInterrupt`.

    Raises:
        InterruptedRunError: in its place, when the work has ended.
    """
    interrupt = Interrupt()

    def handle(number: int, _frame: FrameType | None) -> None:
        interrupt.signal_number = number
        raise KeyboardInterrupt

    with _handling(handle):
        try:
            yield
        finally:  # also where the work took the KeyboardInterrupt for a failure of its own
            interrupt.raise_if_set(what_is_kept)


@contextmanager
def graceful_interrupt() -> Iterator[Interrupt]:
    """The first SIGINT or SIGTERM inside is a wish; the second one ends the process at once."""
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
