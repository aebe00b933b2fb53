"""Rules for the order in which a run requests ids, and the end of probing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incorta_loads.endpoint.execution_ids import HIGHEST_ID, ExecutionIds
from incorta_loads.ingest import feed as feed_module
from incorta_loads.ingest.feed import Feed, asked_for, due
from incorta_loads.ingest.known import Known

Outcomes = Callable[[int], str]


def outcomes_of(loaded: Collection[int], there: Collection[int]) -> Outcomes:
    """Outcomes by id: these have nodes, these exist without, and the others do not exist."""

    def outcome(execution_id: int) -> str:
        if execution_id in loaded:
            return "loaded"
        return "forbidden" if execution_id in there else "not_found"

    return outcome


def walk(
    first: Sequence[int],
    probe_from: int | None,
    probe_gap: int,
    last: Sequence[int],
    outcome: Outcomes,
) -> list[int]:
    """The definition: the ids that a client requests one at a time."""
    requested = list(first)
    probed = []
    missing = without_nodes = 0
    while (
        probe_from is not None
        and missing < probe_gap
        and without_nodes < probe_gap * feed_module.MOST_GAPS
        and probe_from <= HIGHEST_ID
    ):
        probed.append(probe_from)
        missing = missing + 1 if outcome(probe_from) == "not_found" else 0
        without_nodes = 0 if outcome(probe_from) == "loaded" else without_nodes + 1
        probe_from += 1
    return requested + probed + [each for each in last if each not in {*first, *probed}]


def request(feed: Feed, outcome: Outcomes, at_a_time: int, data: st.DataObject) -> list[int]:
    """Requests up to `at_a_time` ids at once, whose responses arrive in any order."""
    requested: list[int] = []
    flying: list[int] = []
    while True:
        wants_more = len(flying) < at_a_time and (not flying or data.draw(st.booleans()))
        if wants_more and (execution_id := feed.take()) is not None:
            requested.append(execution_id)
            flying.append(execution_id)
        elif flying:
            ended = flying.pop(data.draw(st.integers(0, len(flying) - 1)))
            feed.report(ended, outcome(ended))
        else:
            return requested


def ids_taken(feed: Feed, loaded: Collection[int] = (), there: Collection[int] = ()) -> list[int]:
    """The ids that a feed gives if these ids have nodes, or exist without."""
    taken = []
    while (execution_id := feed.take()) is not None:
        taken.append(execution_id)
        feed.report(execution_id, outcomes_of(loaded, there)(execution_id))
    return taken


offsets = st.sets(st.integers(0, 40), max_size=25)


@given(offsets, offsets, offsets, offsets, st.integers(1, 5), st.integers(2, 6), st.data())
def test_concurrent_probing_requests_the_same_ids_as_a_sequential_walk(
    loaded: set[int],
    there: set[int],
    first: set[int],
    last: set[int],
    probe_gap: int,
    most_gaps: int,
    data: st.DataObject,
) -> None:
    """The order is the same for any number of ids in flight and any order of responses."""
    origin = data.draw(st.sampled_from([100, HIGHEST_ID - 20]))
    probe_from = data.draw(st.none() | st.integers(origin, min(origin + 25, HIGHEST_ID + 1)))
    ids = [
        sorted(origin + each - 10 for each in offsets if origin + each - 10 <= HIGHEST_ID)
        for offsets in (loaded, there, first, last)
    ]
    outcome = outcomes_of(ids[0], ids[1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(feed_module, "MOST_GAPS", most_gaps)
        feed = Feed(
            ExecutionIds.of(ids[2]),
            probe_from=probe_from,
            probe_gap=probe_gap,
            last=ExecutionIds.of(ids[3]),
        )
        expected = walk(ids[2], probe_from, probe_gap, ids[3], outcome)
        assert request(feed, outcome, data.draw(st.integers(1, 6)), data) == expected
        assert feed.take() is None


few = st.sets(st.integers(0, 20), max_size=8)


@given(few, few, few, st.permutations(range(100, 121)), st.integers(1, 4), st.data())
def test_doubtful_ids_are_requested_once_at_the_end(
    loaded: set[int],
    last: set[int],
    doubted: set[int],
    order: list[int],
    probe_gap: int,
    data: st.DataObject,
) -> None:
    """Each id of the sequential walk is requested once, if doubtful ids are assumed to exist."""
    doubtful = [each for each in order if each - 100 in doubted]
    outcome = outcomes_of({each + 100 for each in loaded}, ())
    named = sorted(each + 100 for each in last)
    probe_from = data.draw(st.integers(100, 110))
    feed = Feed(
        ExecutionIds(),
        probe_from=probe_from,
        probe_gap=probe_gap,
        last=ExecutionIds.of(named),
        doubtful=doubtful,
    )
    requested = request(feed, outcome, data.draw(st.integers(1, 3)), data)
    taken_to_be = outcomes_of({each + 100 for each in loaded}, doubtful)
    assert sorted(requested) == sorted(walk([], probe_from, probe_gap, named, taken_to_be))


@pytest.mark.parametrize("outcome", ["forbidden", "rejected", "invalid_payload", "unavailable"])
def test_an_existing_id_without_nodes_is_not_a_gap(outcome: str) -> None:
    """Probing continues even if the token may see only every thirtieth execution."""
    feed = Feed(ExecutionIds(), probe_from=1, probe_gap=3)
    taken = []
    while (execution_id := feed.take()) is not None:
        taken.append(execution_id)
        seen = "loaded" if execution_id in (30, 60) else outcome
        feed.report(execution_id, seen if execution_id <= 70 else "not_found")
    assert taken == list(range(1, 74))
    assert feed.ids_in_vain == 0


def test_probing_stops_after_many_ids_without_nodes() -> None:
    """It stops after fifty times `probe_gap` consecutive ids without nodes and counts them."""
    feed = Feed(ExecutionIds(), probe_from=11, probe_gap=2)
    assert ids_taken(feed, loaded=[15], there=range(11, 1000)) == list(range(11, 116))
    assert (feed.ids_in_vain, feed.last_probed) == (100, 115)


def test_the_normal_end_takes_precedence_over_giving_up() -> None:
    """If both limits are reached at the same id, all executions were found."""
    feed = Feed(ExecutionIds(), probe_from=1, probe_gap=2)
    assert ids_taken(feed, there=range(1, 99)) == list(range(1, 101))
    assert (feed.ids_in_vain, feed.last_probed) == (0, 100)


def test_a_block_of_unavailable_ids_does_not_end_probing() -> None:
    """Unavailable ids exist, so the ids above them are probed; they themselves are requested
    last."""
    known = Known(highest=10, doubtful=tuple(range(11, 36)))
    feed = due(known, first_id=1, probe_gap=3)
    assert ids_taken(feed, loaded=[37]) == [36, 37, 38, 39, 40, *range(11, 36)]


def test_a_feed_waits_for_responses_that_may_extend_probing() -> None:
    """None does not mean the end while probes are in flight: a response with nodes extends it."""
    feed = Feed(ExecutionIds(), probe_from=5, probe_gap=2, last=ExecutionIds.of([1, 6, 7]))
    assert [feed.take() for _ in range(3)] == [5, 6, None]
    feed.report(5, "not_found")
    assert feed.take() is None
    feed.report(6, "loaded")
    assert [feed.take() for _ in range(3)] == [7, 8, None]
    feed.report(8, "not_found")
    feed.report(7, "not_found")
    assert [feed.take() for _ in range(2)] == [1, None]


def test_named_ids_are_requested_exactly() -> None:
    """No id is added, whatever the responses."""
    feed = asked_for(ExecutionIds.parse("720,3-5"))
    assert ids_taken(feed, loaded=range(1000)) == [3, 4, 5, 720]


def test_a_scheduled_run_has_three_phases() -> None:
    """It requests executions that are not final, new ids above the highest, then ids not loaded
    yet."""
    known = Known(ExecutionIds.of([7, 9]), ExecutionIds.of([2, 8, 12, 90]), highest=10)
    feed = due(known, first_id=1, probe_gap=3)
    assert ids_taken(feed, loaded=[12]) == [7, 9, 11, 12, 13, 14, 15, 2, 8, 90]


def test_unavailable_ids_are_requested_last() -> None:
    """The least recently requested ones come first; those that exist still extend probing."""
    known = Known(ExecutionIds.of([7, 9]), ExecutionIds.of([2, 3]), 10, (12, 9, 3, 15, 90))
    feed = due(known, first_id=1, probe_gap=3)
    assert ids_taken(feed, loaded=[7, 12]) == [7, 11, 13, 14, 16, 17, 18, 2, 12, 9, 3, 15]


def test_an_id_that_is_due_for_two_reasons_is_requested_once() -> None:
    """Execution 7 is to be repaired, and its last request failed."""
    known = Known(
        not_loaded=ExecutionIds.of([2, 7]), highest=9, not_successful=ExecutionIds.of([7])
    )
    feed = due(known, first_id=1, probe_gap=1)
    assert ids_taken(feed) == [7, 10, 2]


def test_an_id_requested_last_is_not_probed_again() -> None:
    """If doubtful id 10 exists after all, probing continues past 13 and 15."""
    known = Known(not_loaded=ExecutionIds.of([2, 10, 13, 15]), highest=9, doubtful=(10,))
    feed = due(known, first_id=1, probe_gap=3)
    assert ids_taken(feed, loaded=[10, 13]) == [11, 12, 13, 14, 15, 16, 2, 10]


def test_an_empty_warehouse_starts_at_the_first_id() -> None:
    """If no id exists, `probe_gap` ids from `first_id` are requested, then earlier ids."""
    feed = due(Known(not_loaded=ExecutionIds.of([400, 501, 600])), first_id=500, probe_gap=3)
    assert ids_taken(feed) == [500, 501, 502, 400, 600]


def test_no_id_above_the_largest_is_requested() -> None:
    """If the warehouse has the largest possible id, nothing is probed."""
    known = Known(ExecutionIds(), ExecutionIds.of([3]), highest=HIGHEST_ID)
    feed = due(known, first_id=1, probe_gap=20)
    assert [feed.take(), feed.take()] == [3, None]
