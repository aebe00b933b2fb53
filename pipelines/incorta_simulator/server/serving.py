"""Runs a simulator until a signal arrives."""

from __future__ import annotations

import signal
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from incorta_simulator.server.simulator import Simulator


def serve(simulator: Simulator, announce: Callable[[str], None]) -> int:
    """Runs until SIGINT or SIGTERM and returns the number of the signal.

    `announce` is called once with the URL when the simulator listens. Call it in the main thread.
    """
    # A signal handler can interrupt anything; only this queue has a reentrant `put`.
    received: SimpleQueue[int] = SimpleQueue()
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {
        number: signal.signal(number, lambda got, _frame: received.put(got)) for number in numbers
    }
    try:
        with simulator:
            announce(simulator.url)
            return received.get()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
