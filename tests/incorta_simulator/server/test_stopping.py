from __future__ import annotations

from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING

from incorta_simulator.faults.catalogue import CATALOGUE
from incorta_simulator.faults.transport import Drip
from support.patience import HANG_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from socket import socket
    from threading import Thread

    from incorta_simulator.faults.faults import Exchange, Fault
    from incorta_simulator.server.simulator import Simulator

    Play = Callable[[Fault], socket]
    Threads = Callable[[], list[Thread]]


class Watched:
    """A fault that signals when it begins."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.begun = Event()

    def write(self, exchange: Exchange) -> None:
        self.begun.set()
        self.fault.write(exchange)


def test_stopping_ends_all_faults(simulator: Simulator, play: Play, serving: Threads) -> None:
    """Clients that neither read nor leave, and faults that last for an hour, do not delay it."""
    for case in CATALOGUE.values():
        fault = case.make()
        if isinstance(fault, Drip):
            fault = replace(fault, total_seconds=3600)
        watched = Watched(fault)
        play(watched)
        assert watched.begun.wait(timeout=HANG_SECONDS)
    threads = serving()
    simulator.stop()
    for thread in threads:
        thread.join(timeout=HANG_SECONDS)

    assert len(threads) > 10
    assert serving() == []
