"""A simulator as a process of its own."""

from __future__ import annotations

import signal
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from incorta_simulator.server.simulator import Simulator


def serve(simulator: Simulator, announce: Callable[[str], None]) -> int:
    """Run until SIGINT or SIGTERM; the number of that signal.

    `announce` is called once, with the URL, when the simulator listens. Only for the main thread.
    """
    # A signal handler runs in the middle of anything: of the queues, this one's `put` is reentrant.
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
