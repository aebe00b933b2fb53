from __future__ import annotations

from dataclasses import dataclass

from incorta_simulator.question import Question
from incorta_simulator.server.traffic import Traffic

QUESTION = Question("demo", "1", 4)


@dataclass(eq=False)
class Asker:
    """A client that may hang up."""

    gone: bool = False

    def is_gone(self) -> bool:
        return self.gone


def begin(traffic: Traffic, asker: Asker) -> int:
    """How many requests are under way with this one."""
    traffic.begin(asker, QUESTION, "/", {})
    return traffic.requests[-1].in_flight


def test_what_is_not_answered_is_under_way() -> None:
    """Until it is; answering it twice changes nothing."""
    traffic, first, second = Traffic(), Asker(), Asker()

    assert [begin(traffic, first), begin(traffic, second)] == [1, 2]
    traffic.end(first)
    traffic.end(first)
    assert begin(traffic, Asker()) == 2
    assert traffic.max_in_flight == 2


def test_who_has_hung_up_waits_for_nothing() -> None:
    """Whether or not the server has come to notice it."""
    traffic, first = Traffic(), Asker()
    begin(traffic, first)
    first.gone = True

    assert begin(traffic, Asker()) == 1
    assert traffic.max_in_flight == 1


def test_a_request_that_comes_in_after_its_client_left_is_seen() -> None:
    """It is remembered, and not under way."""
    traffic = Traffic()

    assert [begin(traffic, Asker()), begin(traffic, Asker(gone=True))] == [1, 1]
    assert len(traffic.requests) == 2
