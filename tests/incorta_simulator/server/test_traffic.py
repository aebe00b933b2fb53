from __future__ import annotations

from dataclasses import dataclass

from incorta_simulator.question import Question
from incorta_simulator.server.traffic import Traffic

QUESTION = Question("demo", "1", 4)


@dataclass(eq=False)
class FakeClient:
    """A client that may hang up."""

    gone: bool = False

    def is_gone(self) -> bool:
        return self.gone


def begin(traffic: Traffic, client: FakeClient) -> int:
    """The number of requests in flight, including this new one."""
    traffic.begin(client, QUESTION, "/", {})
    return traffic.requests[-1].in_flight


def test_a_request_without_a_response_is_in_flight() -> None:
    """It counts until its response; a second response changes nothing."""
    traffic, first, second = Traffic(), FakeClient(), FakeClient()

    assert [begin(traffic, first), begin(traffic, second)] == [1, 2]
    traffic.end(first)
    traffic.end(first)
    assert begin(traffic, FakeClient()) == 2
    assert traffic.max_in_flight == 2


def test_a_request_of_a_gone_client_is_not_in_flight() -> None:
    """This holds before the server has noticed it."""
    traffic, first = Traffic(), FakeClient()
    begin(traffic, first)
    first.gone = True

    assert begin(traffic, FakeClient()) == 1
    assert traffic.max_in_flight == 1


def test_a_request_whose_client_already_left_is_recorded() -> None:
    """It is recorded, but not in flight."""
    traffic = Traffic()

    assert [begin(traffic, FakeClient()), begin(traffic, FakeClient(gone=True))] == [1, 1]
    assert len(traffic.requests) == 2
