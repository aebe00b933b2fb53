from __future__ import annotations

from threading import Event
from time import monotonic
from typing import TYPE_CHECKING

from incorta_simulator.catalogue import CATALOGUE

if TYPE_CHECKING:
    from collections.abc import Callable
    from socket import socket
    from threading import Thread

    from incorta_simulator.faults import Exchange, Fault
    from incorta_simulator.server import Simulator

    Play = Callable[[Fault], socket]
    Threads = Callable[[], list[Thread]]


class Watched:
    """A fault that tells when it begins."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.begun = Event()

    def write(self, exchange: Exchange) -> None:
        self.begun.set()
        self.fault.write(exchange)


def test_stopping_ends_all_faults(simulator: Simulator, play: Play, serving: Threads) -> None:
    """In less than half a second, also when the clients neither read nor leave."""
    for case in CATALOGUE.values():
        fault = Watched(case.make())
        play(fault)
        assert fault.begun.wait(timeout=10)
    threads = serving()
    started = monotonic()
    simulator.stop()
    for thread in threads:
        thread.join(timeout=10)

    assert len(threads) > 10
    assert serving() == []
    assert monotonic() - started < 0.5
