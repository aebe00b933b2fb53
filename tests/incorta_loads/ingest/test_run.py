"""Rules of one run: which ids it asks for, what it commits, how it ends."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from incorta_loads.analysis.outcomes import StatusOutcomes
from incorta_loads.config.settings import Settings
from incorta_loads.endpoint.client import StatusClient
from incorta_loads.endpoint.execution_ids import ExecutionIds
from incorta_loads.errors import ClusterDownError, InvalidTokenError, WarehouseError
from incorta_loads.ingest.ingested import Ingested
from incorta_loads.ingest.run import ingest_into, load_answer
from incorta_loads.redaction import Redactor
from incorta_loads.warehouse.writing import Warehouse
from incorta_simulator.company.company import Company
from incorta_simulator.faults.faults import Exchange, Fault, Gap, RawBody, Refusal
from incorta_simulator.server.simulator import Simulator

MakeSettings = Callable[..., Settings]


def ingest(
    warehouse: Warehouse,
    settings: Settings,
    ids: str | None = None,
    *,
    stopping: threading.Event | None = None,
    report: Callable[[Ingested], None] = lambda _: None,
) -> Ingested:
    wanted = None if ids is None else ExecutionIds.parse(ids)
    stopping = stopping or threading.Event()
    return ingest_into(
        warehouse,
        settings,
        wanted,
        outcome_of=StatusOutcomes().of,
        stopping=stopping,
        report=report,
    )


class Asked:
    """Which ids the simulator was asked for since it was last looked at."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._seen = 0

    def __call__(self) -> list[int]:
        """In ascending order, however often each."""
        requests = self._simulator.requests[self._seen :]
        self._seen += len(requests)
        return sorted(request.execution_id or 0 for request in requests)


@pytest.fixture
def asked(simulator: Simulator) -> Asked:
    return Asked(simulator)


def loaded_ids(warehouse: Warehouse) -> list[int]:
    rows = warehouse.connection.execute(
        "SELECT DISTINCT execution_id FROM load_status.nodes ORDER BY 1"
    ).fetchall()
    return [execution_id for (execution_id,) in rows]


def last_outcomes(warehouse: Warehouse) -> dict[int, str]:
    return dict(
        warehouse.connection.execute(
            "SELECT execution_id, arg_max(outcome, (fetched_at, run_id)) FROM load_status.fetches "
            "GROUP BY 1 ORDER BY 1"
        ).fetchall()
    )


# --- Which ids ------------------------------------------------------------------------------------


def test_runs_without_ids_ask_for_what_can_have_changed(
    simulator: Simulator, asked: Asked, empty_warehouse: Warehouse, settings: Settings
) -> None:
    """All at first, gaps once more, from then on the newest, what comes after it, and an error."""
    ingested = ingest(empty_warehouse, settings)
    assert asked() == list(range(1, 53))
    assert loaded_ids(empty_warehouse) == list(simulator.company.ids)
    assert ingested.outcomes == Counter(loaded=30, not_found=22)
    assert not ingested.found_nothing

    again = Counter(loaded=2)  # the highest, and the only newest one of its plan that has an error
    assert ingest(empty_warehouse, settings).outcomes == again + Counter(not_found=22)
    assert asked() == [3, 10, 22, *range(32, 53)]

    assert ingest(empty_warehouse, settings).outcomes == again + Counter(not_found=20)
    assert asked() == [22, *range(32, 53)]


def test_new_executions_are_found(
    simulator: Simulator, asked: Asked, empty_warehouse: Warehouse, settings: Settings
) -> None:
    """And the probing goes on above them."""
    ingest(empty_warehouse, settings)
    asked()
    new = simulator.company.release(50)
    ingested = ingest(empty_warehouse, settings)
    assert ingested.outcomes["loaded"] == 52
    assert loaded_ids(empty_warehouse) == list(simulator.company.ids)
    assert asked() == [3, 10, 22, *range(32, new[-1] + 21)]


def test_ids_that_are_never_available_keep_a_run_from_nothing(
    simulator: Simulator, empty_warehouse: Warehouse, make_settings: MakeSettings
) -> None:
    """Twenty of them end each run like a cluster that is down; what is behind them comes."""
    settings = make_settings(concurrency=1, max_attempts=1)
    ingest(empty_warehouse, settings, "1-4")
    simulator.faults.plan(30, Refusal(503, "Down."), times=1)
    ingest(empty_warehouse, settings, "26-32")
    for each in range(5, 25):
        simulator.faults.plan(each, Refusal(503, "Down."))
    new = simulator.company.release(5)
    for _ in range(4):
        assert type(ingest(empty_warehouse, settings).ended_by) is ClusterDownError
    wanted = [each for each in simulator.company.ids if each not in range(5, 25)]
    assert loaded_ids(empty_warehouse) == wanted
    assert new[-1] == wanted[-1]
    assert set(range(5, 25)) <= set(last_outcomes(empty_warehouse))


def test_executions_that_run_are_asked_for_until_they_are_final(
    make_settings: MakeSettings, empty_warehouse: Warehouse
) -> None:
    """And then no more; what they say replaces what they said."""
    with Simulator(Company(executions=10, running=2, seed=32)) as simulator:
        asked = Asked(simulator)
        settings = make_settings(
            cluster_url=simulator.url,
            tenant=simulator.tenant,
            token=simulator.token,
            probe_gap=2,
        )
        states = (
            "SELECT DISTINCT execution_id, state_type FROM load_status.nodes WHERE node_id = 0 "
            "AND execution_id > 9 ORDER BY 1"
        )
        assert simulator.company.ids == (1, 2, 4, 5, 6, 7, 8, 9, 11, 12)
        ingest(empty_warehouse, settings)
        assert asked() == list(range(1, 15))
        assert empty_warehouse.connection.execute(states).fetchall() == [
            (11, "Load State"),
            (12, "Load State"),
        ]
        simulator.company.finish_all()
        ingest(empty_warehouse, settings)
        assert asked() == [3, 8, 10, 11, 12, 13, 14]
        assert empty_warehouse.connection.execute(states).fetchall() == [
            (11, "Terminator State"),
            (12, "Terminator State"),
        ]
        ingest(empty_warehouse, settings)
        assert asked() == [8, 12, 13, 14]


# --- Whether the ids go on ------------------------------------------------------------------------

ENDED = "Terminator State"


def tree(plan: str, *tables: str, status: str = "Success", state: str = ENDED) -> RawBody:
    """A plan of one schema with these tables, all of one status."""
    of = {"status": {"stateType": state, "jobStatus": status}}
    below = [{"name": f"s.{each}", "type": "TABLE"} | of for each in tables]
    schema = {"name": "s", "type": "SCHEMA", "childStatusDetails": below} | of
    root = {"name": plan, "type": "LOAD_PLAN", "childStatusDetails": [schema]} | of
    return RawBody(json.dumps(root).encode())


@dataclass
class Cluster:
    """Answers as the test says, which may change; a gap where it says nothing."""

    answers: dict[int, Fault]

    def write(self, exchange: Exchange) -> None:
        self.answers.get(exchange.question.number or 0, Gap()).write(exchange)


@pytest.fixture
def answers(simulator: Simulator) -> dict[int, Fault]:
    """What a cluster answers that has execution 7 only, of the plan Nightly with four tables."""
    cluster = Cluster({7: tree("Nightly", "a", "b", "c", "d")})
    for each in range(300):
        simulator.faults.plan(each, cluster)
    return cluster.answers


@pytest.fixture
def small(answers: dict[int, Fault], make_settings: MakeSettings) -> Settings:
    """Settings for this cluster."""
    return make_settings(first_id=7, probe_gap=2)


def contents(warehouse: Warehouse) -> list[tuple[object, ...]]:
    return warehouse.connection.execute("FROM load_status.nodes ORDER BY ALL").fetchall()


@pytest.mark.parametrize(
    ("answer", "is_restarted"),
    [
        (Gap(), True),
        (tree("Other", "a"), True),
        (tree("Other", "a", "e", "f"), True),
        (tree("Other", "a", "b"), False),
        (tree("Nightly", "e"), False),
        (tree("Nightly", "a", "b", "c", "d", status="Failed"), False),
        (Refusal(403, "No."), False),
        (Refusal(500, "Oops."), False),
        (RawBody(b"no tree"), False),
    ],
)
def test_a_cluster_whose_ids_start_over_is_noticed(
    answers: dict[int, Fault],
    asked: Asked,
    empty_warehouse: Warehouse,
    small: Settings,
    answer: Fault,
    is_restarted: bool,
) -> None:
    """Where the highest execution is gone, or is of another plan with fewer than half its tables.

    Nothing is loaded over the history then, and the ledger says that the execution is gone.
    """
    ingest(empty_warehouse, small)
    before = contents(empty_warehouse)
    asked()
    answers[7] = answer
    for each in (6, 8):
        answers[each] = tree("Nightly", "a")
    ingested = ingest(empty_warehouse, small)
    assert (ingested.restarted is not None) == is_restarted
    assert not is_restarted or not ingested.is_complete
    assert asked() == ([7] if is_restarted else [7, 8, 9, 10])
    if is_restarted:
        assert contents(empty_warehouse) == before
        assert last_outcomes(empty_warehouse) == {7: "not_found", 8: "not_found", 9: "not_found"}


def test_what_it_means_that_ids_start_over(
    answers: dict[int, Fault], empty_warehouse: Warehouse, small: Settings
) -> None:
    """In one text, with what to set."""
    ingest(empty_warehouse, small)
    answers[7] = tree("Other", "a")
    assert str(ingest(empty_warehouse, small).restarted) == (
        "The cluster test, tenant Größe/1, seems to have been restored or migrated: execution 7, "
        "the highest in the warehouse, is no longer there (execution of another plan, 'Other' in "
        "place of 'Nightly'). Its ids may name other executions now, so nothing is loaded over the "
        'history. To load the new executions, set cluster = "test-2" under [sources.incorta], '
        "which keeps them apart; if only this execution was deleted, load a newer one with --ids."
    )


def test_an_execution_that_was_gone_must_come_back_as_it_was(
    answers: dict[int, Fault], empty_warehouse: Warehouse, small: Settings
) -> None:
    """A restored cluster comes to the same id again, perhaps with the same plan."""
    ingest(empty_warehouse, small)
    answers[7] = Gap()
    assert ingest(empty_warehouse, small).restarted
    answers[7] = tree("Nightly", "a", "b", "c", "d", status="Failed")
    assert ingest(empty_warehouse, small).restarted
    answers[7] = tree("Nightly", "a", "b", "c", "d")
    assert not ingest(empty_warehouse, small).restarted
    assert last_outcomes(empty_warehouse)[7] == "loaded"


def test_ids_that_are_named_load_whatever_the_highest_is(
    answers: dict[int, Fault], empty_warehouse: Warehouse, small: Settings
) -> None:
    """And a newer one that is loaded so is the highest from then on."""
    ingest(empty_warehouse, small)
    answers[7] = Gap()
    answers[20] = tree("Nightly", "a")
    assert ingest(empty_warehouse, small).restarted
    assert ingest(empty_warehouse, small, "20").outcomes == Counter(loaded=1)
    assert not ingest(empty_warehouse, small).restarted


def test_a_final_execution_that_is_as_it_was_is_not_written_again(
    answers: dict[int, Fault], asked: Asked, empty_warehouse: Warehouse, small: Settings
) -> None:
    """Asking for it again is one request and one row in the ledger."""
    ingest(empty_warehouse, small)
    before = contents(empty_warehouse)
    asked()
    ingested = ingest(empty_warehouse, small)
    assert asked() == [7, 8, 9]
    assert (ingested.nodes, ingested.outcomes) == (0, Counter(loaded=1, not_found=2))
    assert contents(empty_warehouse) == before


def test_a_failed_execution_that_is_restarted_under_its_id_is_loaded_again(
    answers: dict[int, Fault], asked: Asked, empty_warehouse: Warehouse, small: Settings
) -> None:
    """The newest of its plan, though another plan ran later; a healthy one costs no request."""
    answers[7] = tree("Nightly", "a", status="Failed")
    answers[8] = tree("Hourly", "h")
    ingest(empty_warehouse, small)
    asked()
    answers[7] = tree("Nightly", "a")
    ingested = ingest(empty_warehouse, small)
    assert asked() == [7, 8, 9, 10]
    assert ingested.nodes == 3
    ingest(empty_warehouse, small)
    assert asked() == [8, 9, 10]


def test_a_token_that_sees_few_executions_finds_them_all(
    answers: dict[int, Fault], empty_warehouse: Warehouse, make_settings: MakeSettings
) -> None:
    """Those that it may not see are there."""
    for each in range(1, 101):
        if each not in (30, 60, 90):
            answers[each] = Refusal(403, "No.")
    for each in (30, 60, 90):
        answers[each] = tree("Nightly", "a")
    ingested = ingest(empty_warehouse, make_settings())
    assert loaded_ids(empty_warehouse) == [30, 60, 90]
    assert ingested.outcomes == Counter(loaded=3, forbidden=97, not_found=20)
    assert ingested.in_vain is None


def test_a_token_that_sees_nothing_new_gives_up(
    answers: dict[int, Fault], empty_warehouse: Warehouse, make_settings: MakeSettings
) -> None:
    """After fifty times `probe_gap` ids in a row without nodes, and says so."""
    for each in range(1, 200):
        answers[each] = Refusal(403, "No.")
    ingested = ingest(empty_warehouse, make_settings(probe_gap=2))
    assert ingested.outcomes == Counter(forbidden=100)
    assert ingested.in_vain == (100, 100)


@pytest.mark.parametrize(("later", "is_loaded"), [("1 second", False), ("400 days", True)])
def test_what_was_received_later_stays_unless_it_is_from_the_future(
    empty_warehouse: Warehouse, small: Settings, later: str, is_loaded: bool
) -> None:
    """As a clock left it that was wrong once."""
    client = StatusClient(small, Redactor([small.token]))
    received = client.fetch(7)
    client.close()
    answer = replace(received, fetched_at=received.fetched_at - timedelta(seconds=5))
    ingest(empty_warehouse, small, "7")
    empty_warehouse.connection.execute(
        "UPDATE load_status.nodes SET fetched_at = $at + $later::INTERVAL",
        {"at": answer.fetched_at, "later": later},
    )
    assert load_answer(empty_warehouse, small, answer) is is_loaded


# --- What is asked for again ----------------------------------------------------------------------


def test_ids_that_did_not_load_are_asked_for_again(
    simulator: Simulator, asked: Asked, empty_warehouse: Warehouse, make_settings: MakeSettings
) -> None:
    """Until they do, whatever came in place of a tree."""
    settings = make_settings(probe_gap=1)
    simulator.faults.plan(2, Refusal(503), times=1)
    simulator.faults.plan(4, Refusal(403), times=1)
    simulator.faults.plan(5, Refusal(422), times=1)
    simulator.faults.plan(6, RawBody(b"<html>"), times=1)
    ingest(empty_warehouse, settings, "1-9")
    asked()
    assert loaded_ids(empty_warehouse) == [1, 7, 8, 9]
    ingest(empty_warehouse, settings)
    assert {2, 4, 5, 6} <= set(asked())
    assert loaded_ids(empty_warehouse)[:7] == [1, 2, 4, 5, 6, 7, 8]
    ingest(empty_warehouse, settings)
    assert not {2, 4, 5, 6} & set(asked())


def test_given_ids_are_asked_for_and_no_others(
    simulator: Simulator, asked: Asked, empty_warehouse: Warehouse, settings: Settings
) -> None:
    """Whatever the warehouse knows of them."""
    for _ in range(2):
        ingested = ingest(empty_warehouse, settings, "900,5,1-3")
        assert asked() == [1, 2, 3, 5, 900]
        assert ingested.outcomes == Counter(loaded=3, not_found=2)
        assert ingested.planned == 5
    assert loaded_ids(empty_warehouse) == [1, 2, 5]


def test_an_empty_cluster_is_told(empty_warehouse: Warehouse, make_settings: MakeSettings) -> None:
    """Only the probing is over: the ids may begin elsewhere."""
    with Simulator(Company(executions=0)) as simulator:
        settings = make_settings(
            cluster_url=simulator.url,
            tenant=simulator.tenant,
            token=simulator.token,
            first_id=500,
            probe_gap=7,
        )
        ingested = ingest(empty_warehouse, settings)
        assert Asked(simulator)() == list(range(500, 507))
        assert ingested.found_nothing
        assert ingested.ended_by is None
        assert not ingest(empty_warehouse, settings, "1-3").found_nothing


def test_clusters_in_one_warehouse_know_nothing_of_each_other(
    simulator: Simulator, asked: Asked, empty_warehouse: Warehouse, settings: Settings
) -> None:
    """The same id is another execution."""
    ingest(empty_warehouse, settings)
    everything = asked()
    ingested = ingest(empty_warehouse, replace(settings, cluster="another"))
    assert asked() == everything
    assert ingested.outcomes["loaded"] == 30
    counts = "SELECT cluster, count(DISTINCT execution_id) FROM load_status.nodes GROUP BY 1"
    assert sorted(empty_warehouse.connection.execute(counts).fetchall()) == [
        ("another", 30),
        ("test", 30),
    ]


# --- What is committed, and what is reported ------------------------------------------------------


def test_a_run_commits_and_reports_as_it_goes(
    simulator: Simulator, empty_warehouse: Warehouse, settings: Settings
) -> None:
    """What a report counts is in the warehouse by then."""
    reported: list[tuple[int, int, int | None]] = []
    committed: list[tuple[int, int]] = []

    def report(ingested: Ingested) -> None:
        reported.append((ingested.ids, ingested.nodes, ingested.planned))
        committed.extend(
            empty_warehouse.connection.execute(
                "SELECT (SELECT count(*) FROM load_status.fetches WHERE run_id = $run_id), "
                "(SELECT count(*) FROM load_status.nodes)",
                {"run_id": ingested.run_id},
            ).fetchall()
        )

    ingested = ingest(empty_warehouse, settings, "1-250", report=report)
    assert [ids for ids, _, _ in reported] == [0, 100, 200, 250]
    assert [planned for _, _, planned in reported] == [250] * 4
    assert [(ids, nodes) for ids, nodes, _ in reported] == committed
    assert ingested.nodes == committed[-1][1] > 300
    assert ingested.seconds > 0


def test_the_first_problem_of_each_kind_is_told(
    simulator: Simulator, empty_warehouse: Warehouse, make_settings: MakeSettings
) -> None:
    """With its id and message."""
    for each in (2, 4):
        simulator.faults.plan(each, Refusal(403, f"Not {each}."))
    simulator.faults.plan(5, Refusal(503, "Down."))
    ingested = ingest(empty_warehouse, make_settings(concurrency=1), "1-6")
    assert ingested.outcomes == Counter(loaded=2, forbidden=2, unavailable=1, not_found=1)
    problems = {each: ingested.first_problem[each] for each in ("forbidden", "unavailable")}
    assert problems == {"forbidden": (2, "Not 2."), "unavailable": (5, "Down.")}


def test_a_run_whose_ledger_was_lost_has_one_row_an_id(
    empty_warehouse: Warehouse, settings: Settings
) -> None:
    """The row that is restored is not one of this run, which may ask for the id as well."""
    ingest(empty_warehouse, settings, "1-2")
    empty_warehouse.connection.execute("DELETE FROM load_status.fetches")
    ingested = ingest(empty_warehouse, settings, "2")
    rows = empty_warehouse.connection.execute(
        "SELECT execution_id, run_id = $run_id, run_id < $run_id, attempts "
        "FROM load_status.fetches ORDER BY ALL",
        {"run_id": ingested.run_id},
    ).fetchall()
    assert rows == [(1, False, True, None), (2, False, True, None), (2, True, False, 1)]
    assert ingested.outcomes == Counter(loaded=1)


# --- How a run ends -------------------------------------------------------------------------------


@pytest.mark.parametrize("ids", [None, "1-99"])
def test_a_wish_to_end_is_granted_after_the_ids_under_way(
    simulator: Simulator, empty_warehouse: Warehouse, make_settings: MakeSettings, ids: str | None
) -> None:
    """What came back is committed, and the next run has the rest."""
    settings = make_settings(concurrency=1)
    stopping = threading.Event()

    class Stop:
        def write(self, exchange: Exchange) -> None:
            stopping.set()
            exchange.write_last(exchange.normal().encode())

    simulator.faults.plan(6, Stop(), times=1)
    ingested = ingest(empty_warehouse, settings, ids, stopping=stopping)
    assert ingested.outcomes == Counter(loaded=5, not_found=1)
    assert ingested.ended_by is None
    assert loaded_ids(empty_warehouse) == [1, 2, 4, 5, 6]

    ingest(empty_warehouse, settings)
    assert loaded_ids(empty_warehouse) == list(simulator.company.ids)


@pytest.mark.parametrize(
    ("fault", "error", "extra"),
    [(Refusal(401), InvalidTokenError, {}), (Refusal(503), ClusterDownError, {"unavailable": 8})],
)
def test_an_error_ends_the_run_and_keeps_what_was_fetched(
    simulator: Simulator,
    empty_warehouse: Warehouse,
    make_settings: MakeSettings,
    fault: Refusal,
    error: type[Exception],
    extra: dict[str, int],
) -> None:
    """It is returned with the sums, and the next run has the rest."""
    settings = make_settings(concurrency=1)
    for each in range(5, 35):
        simulator.faults.plan(each, fault, times=1)
    ingested = ingest(empty_warehouse, settings)
    assert type(ingested.ended_by) is error
    assert ingested.outcomes == Counter({"loaded": 3, "not_found": 1} | extra)
    assert loaded_ids(empty_warehouse) == [1, 2, 4]


@pytest.mark.parametrize("fault", [Refusal(401), Refusal(503)])
def test_a_run_that_ended_early_has_not_found_nothing(
    simulator: Simulator, empty_warehouse: Warehouse, settings: Settings, fault: Refusal
) -> None:
    """There may be executions: it could not see them."""
    for each in range(1, 60):
        simulator.faults.plan(each, fault)
    ingested = ingest(empty_warehouse, settings)
    assert ingested.ended_by is not None
    assert loaded_ids(empty_warehouse) == []
    assert not ingested.found_nothing


def test_a_run_that_was_stopped_at_once_has_not_found_nothing(
    empty_warehouse: Warehouse, settings: Settings
) -> None:
    """It did not look."""
    stopping = threading.Event()
    stopping.set()
    ingested = ingest(empty_warehouse, settings, stopping=stopping)
    assert (ingested.ids, ingested.found_nothing) == (0, False)


def test_a_warehouse_that_cannot_be_written_ends_the_run(
    simulator: Simulator, empty_warehouse: Warehouse, settings: Settings
) -> None:
    """The batches before are committed, and no request is made any more."""
    empty_warehouse.connection.execute(
        "CREATE UNIQUE INDEX one_each ON load_status.fetches (http_status, attempts, outcome)"
    )
    with pytest.raises(WarehouseError, match="could not be written"):
        ingest(empty_warehouse, settings, "1-500")
    assert len(simulator.requests) < 500
    assert not [each for each in threading.enumerate() if each.name.startswith("fetch")]
    empty_warehouse.connection.execute("DROP INDEX load_status.one_each")

    assert ingest(empty_warehouse, settings).ended_by is None
    assert set(simulator.company.ids) == set(loaded_ids(empty_warehouse))
    assert {each for each, outcome in last_outcomes(empty_warehouse).items()
            if outcome == "loaded"} == set(simulator.company.ids)  # fmt: skip
