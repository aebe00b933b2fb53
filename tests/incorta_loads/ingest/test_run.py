"""Rules for one run: the ids it requests, the rows it commits, and how it ends."""

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
from incorta_loads.errors import ClusterDownError, InvalidTokenError, RunFailedError, WarehouseError
from incorta_loads.ingest.ingested import Ingested
from incorta_loads.ingest.run import ingest_into, load_answer
from incorta_loads.ingest.stopping import Stopping
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
    stopping: Stopping | None = None,
    report: Callable[[Ingested], None] = lambda _: None,
) -> Ingested:
    wanted = None if ids is None else ExecutionIds.parse(ids)
    stopping = stopping or Stopping()
    return ingest_into(
        warehouse,
        settings,
        wanted,
        outcome_of=StatusOutcomes().of,
        stopping=stopping,
        report=report,
    )


def let_a_day_pass(warehouse: Warehouse) -> None:
    """Moves all requests back, so that every id is due, however long the runs before took."""
    for table in ("nodes", "fetches"):
        warehouse.connection.execute(
            f"UPDATE load_status.{table} SET fetched_at = fetched_at - INTERVAL 1 DAY"
        )


class NewRequests:
    """The ids that the simulator received since the previous call."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._seen = 0

    def __call__(self) -> list[int]:
        """The ids in ascending order, including duplicates."""
        requests = self._simulator.requests[self._seen :]
        self._seen += len(requests)
        return sorted(request.execution_id or 0 for request in requests)


@pytest.fixture
def requested(simulator: Simulator) -> NewRequests:
    return NewRequests(simulator)


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


# --- Requested ids --------------------------------------------------------------------------------


def test_runs_without_ids_request_ids_that_may_have_changed(
    simulator: Simulator, requested: NewRequests, empty_warehouse: Warehouse, settings: Settings
) -> None:
    """The first run requests all ids and the second gaps; later runs the latest, new ids and an
    error."""
    ingested = ingest(empty_warehouse, settings)
    assert requested() == list(range(1, 53))
    assert loaded_ids(empty_warehouse) == list(simulator.company.ids)
    assert ingested.outcomes == Counter(loaded=30, not_found=22)
    assert not ingested.found_nothing

    # The highest id, and the only latest execution of a plan with an error.
    again = Counter(loaded=2)
    let_a_day_pass(empty_warehouse)
    assert ingest(empty_warehouse, settings).outcomes == again + Counter(not_found=22)
    assert requested() == [3, 10, 22, *range(32, 53)]

    let_a_day_pass(empty_warehouse)
    assert ingest(empty_warehouse, settings).outcomes == again + Counter(not_found=20)
    assert requested() == [22, *range(32, 53)]


def test_new_executions_are_found(
    simulator: Simulator, requested: NewRequests, empty_warehouse: Warehouse, settings: Settings
) -> None:
    """Probing continues above them."""
    ingest(empty_warehouse, settings)
    requested()
    new = simulator.company.release(50)
    ingested = ingest(empty_warehouse, settings)
    assert ingested.outcomes["loaded"] == 52
    assert loaded_ids(empty_warehouse) == list(simulator.company.ids)
    assert requested() == [3, 10, 22, *range(32, new[-1] + 21)]


def test_ids_that_are_never_available_do_not_block_later_ids(
    simulator: Simulator, empty_warehouse: Warehouse, make_settings: MakeSettings
) -> None:
    """Twenty of them end each run as if the cluster was unavailable, but the other ids are
    loaded."""
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


def test_running_executions_are_requested_until_they_are_final(
    make_settings: MakeSettings, empty_warehouse: Warehouse
) -> None:
    """Each new response replaces the previous one."""
    with Simulator(Company(executions=10, running=2, seed=32)) as simulator:
        requested = NewRequests(simulator)
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
        assert requested() == list(range(1, 15))
        assert empty_warehouse.connection.execute(states).fetchall() == [
            (11, "Load State"),
            (12, "Load State"),
        ]
        simulator.company.finish_all()
        ingest(empty_warehouse, settings)
        assert requested() == [3, 8, 10, 11, 12, 13, 14]
        assert empty_warehouse.connection.execute(states).fetchall() == [
            (11, "Terminator State"),
            (12, "Terminator State"),
        ]
        ingest(empty_warehouse, settings)
        assert requested() == [8, 12, 13, 14]


# --- Ids that start over --------------------------------------------------------------------------

ENDED = "Terminator State"


def tree(plan: str, *tables: str, status: str = "Success", state: str = ENDED) -> RawBody:
    """A plan of one schema with these tables, all with one status."""
    of = {"status": {"stateType": state, "jobStatus": status}}
    below = [{"name": f"s.{each}", "type": "TABLE"} | of for each in tables]
    schema = {"name": "s", "type": "SCHEMA", "childStatusDetails": below} | of
    root = {"name": plan, "type": "LOAD_PLAN", "childStatusDetails": [schema]} | of
    return RawBody(json.dumps(root).encode())


@dataclass
class Cluster:
    """Responds as the test sets, which may change; other ids are gaps."""

    responses: dict[int, Fault]

    def write(self, exchange: Exchange) -> None:
        self.responses.get(exchange.question.number or 0, Gap()).write(exchange)


@pytest.fixture
def responses(simulator: Simulator) -> dict[int, Fault]:
    """The responses of a cluster that has only execution 7, of the plan Nightly with four
    tables."""
    cluster = Cluster({7: tree("Nightly", "a", "b", "c", "d")})
    for each in range(300):
        simulator.faults.plan(each, cluster)
    return cluster.responses


@pytest.fixture
def small(responses: dict[int, Fault], make_settings: MakeSettings) -> Settings:
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
def test_ids_that_start_over_are_detected(
    responses: dict[int, Fault],
    requested: NewRequests,
    empty_warehouse: Warehouse,
    small: Settings,
    answer: Fault,
    is_restarted: bool,
) -> None:
    """The highest execution is gone, or has another plan with fewer than half of its tables.

    Nothing of the history is overwritten, and the ledger records that the execution is gone.
    """
    ingest(empty_warehouse, small)
    before = contents(empty_warehouse)
    requested()
    responses[7] = answer
    for each in (6, 8):
        responses[each] = tree("Nightly", "a")
    ingested = ingest(empty_warehouse, small)
    assert (ingested.restarted is not None) == is_restarted
    assert not is_restarted or not ingested.is_complete
    assert requested() == ([7] if is_restarted else [7, 8, 9, 10])
    if is_restarted:
        assert contents(empty_warehouse) == before
        assert last_outcomes(empty_warehouse) == {7: "not_found", 8: "not_found", 9: "not_found"}


def test_the_message_about_ids_that_start_over_has_the_remedy(
    responses: dict[int, Fault], empty_warehouse: Warehouse, small: Settings
) -> None:
    """One text explains the situation and the setting to change."""
    ingest(empty_warehouse, small)
    responses[7] = tree("Other", "a")
    assert str(ingest(empty_warehouse, small).restarted) == (
        "The cluster test, tenant Größe/1, seems to have been restored or migrated: execution 7, "
        "the highest in the warehouse, is no longer there (execution of another plan, 'Other' in "
        "place of 'Nightly'). The same ids may now belong to other executions, so nothing was "
        'loaded, to keep the history. To load the new executions, set cluster = "test-2" under '
        "[sources.incorta], which keeps them apart; if only this execution was deleted, load a "
        "newer one with --ids."
    )


def test_an_execution_that_was_gone_must_come_back_unchanged(
    responses: dict[int, Fault], empty_warehouse: Warehouse, small: Settings
) -> None:
    """A restored cluster reaches the same id again, perhaps with the same plan."""
    ingest(empty_warehouse, small)
    responses[7] = Gap()
    assert ingest(empty_warehouse, small).restarted
    responses[7] = tree("Nightly", "a", "b", "c", "d", status="Failed")
    assert ingest(empty_warehouse, small).restarted
    responses[7] = tree("Nightly", "a", "b", "c", "d")
    assert not ingest(empty_warehouse, small).restarted
    assert last_outcomes(empty_warehouse)[7] == "loaded"


def test_a_running_execution_that_was_gone_may_come_back_changed(
    responses: dict[int, Fault], empty_warehouse: Warehouse, small: Settings
) -> None:
    """It has to change, so one 404 does not stop all loading."""
    responses[7] = tree("Nightly", "a", "b", status="Running", state="Load State")
    ingest(empty_warehouse, small)
    responses[7] = Gap()
    assert ingest(empty_warehouse, small).restarted
    responses[7] = tree("Nightly", "a", "b")
    assert not ingest(empty_warehouse, small).restarted
    assert last_outcomes(empty_warehouse)[7] == "loaded"


def test_named_ids_are_loaded_whatever_the_highest_is(
    responses: dict[int, Fault], empty_warehouse: Warehouse, small: Settings
) -> None:
    """A higher id that is loaded this way becomes the highest."""
    ingest(empty_warehouse, small)
    responses[7] = Gap()
    responses[20] = tree("Nightly", "a")
    assert ingest(empty_warehouse, small).restarted
    assert ingest(empty_warehouse, small, "20").outcomes == Counter(loaded=1)
    assert not ingest(empty_warehouse, small).restarted


def test_an_unchanged_final_execution_is_not_rewritten(
    responses: dict[int, Fault], requested: NewRequests, empty_warehouse: Warehouse, small: Settings
) -> None:
    """Requesting it again takes one request and adds one row to the ledger."""
    ingest(empty_warehouse, small)
    before = contents(empty_warehouse)
    requested()
    ingested = ingest(empty_warehouse, small)
    assert requested() == [7, 8, 9]
    assert (ingested.nodes, ingested.outcomes) == (0, Counter(loaded=1, not_found=2))
    assert contents(empty_warehouse) == before


def test_a_failed_execution_restarted_under_its_id_is_loaded_again(
    responses: dict[int, Fault], requested: NewRequests, empty_warehouse: Warehouse, small: Settings
) -> None:
    """It is the latest of its plan, though another plan ran later; a success needs no request."""
    responses[7] = tree("Nightly", "a", status="Failed")
    responses[8] = tree("Hourly", "h")
    ingest(empty_warehouse, small)
    requested()
    responses[7] = tree("Nightly", "a")
    ingested = ingest(empty_warehouse, small)
    assert requested() == [7, 8, 9, 10]
    assert ingested.nodes == 3
    ingest(empty_warehouse, small)
    assert requested() == [8, 9, 10]


def test_a_token_that_sees_few_executions_finds_them_all(
    responses: dict[int, Fault], empty_warehouse: Warehouse, make_settings: MakeSettings
) -> None:
    """Executions that the token may not read still exist, so probing continues."""
    for each in range(1, 101):
        if each not in (30, 60, 90):
            responses[each] = Refusal(403, "No.")
    for each in (30, 60, 90):
        responses[each] = tree("Nightly", "a")
    ingested = ingest(empty_warehouse, make_settings())
    assert loaded_ids(empty_warehouse) == [30, 60, 90]
    assert ingested.outcomes == Counter(loaded=3, forbidden=97, not_found=20)
    assert ingested.in_vain is None


def test_probing_stops_if_the_token_sees_nothing_new(
    responses: dict[int, Fault], empty_warehouse: Warehouse, make_settings: MakeSettings
) -> None:
    """The run stops after fifty times `probe_gap` consecutive ids without nodes, and reports it."""
    for each in range(1, 200):
        responses[each] = Refusal(403, "No.")
    ingested = ingest(empty_warehouse, make_settings(probe_gap=2))
    assert ingested.outcomes == Counter(forbidden=100)
    assert ingested.in_vain == (100, 100)


@pytest.mark.parametrize(("later", "is_loaded"), [("1 second", False), ("400 days", True)])
def test_a_later_response_is_kept_unless_its_time_is_in_the_future(
    empty_warehouse: Warehouse, small: Settings, later: str, is_loaded: bool
) -> None:
    """A wrong clock may have left such a time."""
    client = StatusClient(small, Redactor([small.token]))
    received = client.fetch(7)
    client.close()
    answer = replace(received, fetched_at=received.fetched_at - timedelta(seconds=5))
    ingest(empty_warehouse, small, "7")
    empty_warehouse.connection.execute(
        "UPDATE load_status.nodes SET fetched_at = $at + $later::INTERVAL",
        {"at": answer.fetched_at, "later": later},
    )
    assert load_answer(empty_warehouse, small, answer, []) is is_loaded


def test_a_watched_execution_does_not_replace_one_of_another_plan(
    responses: dict[int, Fault], empty_warehouse: Warehouse, small: Settings
) -> None:
    """After a restore, the cluster assigns known ids again."""
    ingest(empty_warehouse, small)
    before = contents(empty_warehouse)
    responses[7] = tree("Other", "x")
    client = StatusClient(small, Redactor([small.token]))
    answer = client.fetch(7)
    client.close()
    with pytest.raises(RunFailedError, match="execution of another plan, 'Other' in place of"):
        load_answer(empty_warehouse, small, answer, [])
    assert contents(empty_warehouse) == before


# --- Repeated requests ----------------------------------------------------------------------------


def test_ids_that_did_not_load_are_requested_again(
    simulator: Simulator,
    requested: NewRequests,
    empty_warehouse: Warehouse,
    make_settings: MakeSettings,
) -> None:
    """They are requested until they load, whatever the response."""
    settings = make_settings(probe_gap=1)
    simulator.faults.plan(2, Refusal(503), times=1)
    simulator.faults.plan(4, Refusal(403), times=1)
    simulator.faults.plan(5, Refusal(422), times=1)
    simulator.faults.plan(6, RawBody(b"<html>"), times=1)
    ingest(empty_warehouse, settings, "1-9")
    requested()
    assert loaded_ids(empty_warehouse) == [1, 7, 8, 9]
    ingest(empty_warehouse, settings)
    assert {2, 4, 5, 6} <= set(requested())
    assert loaded_ids(empty_warehouse)[:7] == [1, 2, 4, 5, 6, 7, 8]
    ingest(empty_warehouse, settings)
    assert not {2, 4, 5, 6} & set(requested())


def test_only_the_given_ids_are_requested(
    simulator: Simulator, requested: NewRequests, empty_warehouse: Warehouse, settings: Settings
) -> None:
    """The contents of the warehouse do not matter."""
    for _ in range(2):
        ingested = ingest(empty_warehouse, settings, "900,5,1-3")
        assert requested() == [1, 2, 3, 5, 900]
        assert ingested.outcomes == Counter(loaded=3, not_found=2)
        assert ingested.planned == 5
    assert loaded_ids(empty_warehouse) == [1, 2, 5]


def test_an_empty_cluster_is_reported(
    empty_warehouse: Warehouse, make_settings: MakeSettings
) -> None:
    """Only the probed ids are known to be missing: the cluster's ids may start higher."""
    with Simulator(Company(executions=0)) as simulator:
        settings = make_settings(
            cluster_url=simulator.url,
            tenant=simulator.tenant,
            token=simulator.token,
            first_id=500,
            probe_gap=7,
        )
        ingested = ingest(empty_warehouse, settings)
        assert NewRequests(simulator)() == list(range(500, 507))
        assert ingested.found_nothing
        assert ingested.ended_by is None
        assert not ingest(empty_warehouse, settings, "1-3").found_nothing


def test_clusters_in_one_warehouse_are_independent(
    simulator: Simulator, requested: NewRequests, empty_warehouse: Warehouse, settings: Settings
) -> None:
    """The same id in another cluster is another execution."""
    ingest(empty_warehouse, settings)
    everything = requested()
    ingested = ingest(empty_warehouse, replace(settings, cluster="another"))
    assert requested() == everything
    assert ingested.outcomes["loaded"] == 30
    counts = "SELECT cluster, count(DISTINCT execution_id) FROM load_status.nodes GROUP BY 1"
    assert sorted(empty_warehouse.connection.execute(counts).fetchall()) == [
        ("another", 30),
        ("test", 30),
    ]


# --- Commits and reports --------------------------------------------------------------------------


def test_a_run_commits_each_batch_before_reporting_it(
    simulator: Simulator, empty_warehouse: Warehouse, settings: Settings
) -> None:
    """The rows counted in a report are already in the warehouse."""
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


def test_the_first_problem_of_each_kind_is_reported(
    simulator: Simulator, empty_warehouse: Warehouse, make_settings: MakeSettings
) -> None:
    """The report has its id and message."""
    for each in (2, 4):
        simulator.faults.plan(each, Refusal(403, f"Not {each}."))
    simulator.faults.plan(5, Refusal(503, "Down."))
    ingested = ingest(empty_warehouse, make_settings(concurrency=1), "1-6")
    assert ingested.outcomes == Counter(loaded=2, forbidden=2, unavailable=1, not_found=1)
    problems = {each: ingested.first_problem[each] for each in ("forbidden", "unavailable")}
    assert problems == {"forbidden": (2, "Not 2."), "unavailable": (5, "Down.")}


def test_a_run_after_the_loss_of_the_ledger_adds_one_row_per_id(
    empty_warehouse: Warehouse, settings: Settings
) -> None:
    """The restored row belongs to another run id, so this run may request the id as well."""
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
def test_a_stop_request_awaits_the_ids_in_flight(
    simulator: Simulator, empty_warehouse: Warehouse, make_settings: MakeSettings, ids: str | None
) -> None:
    """The responses are committed, and the next run requests the rest."""
    settings = make_settings(concurrency=1)
    stopping = Stopping()

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
def test_an_error_ends_the_run_and_keeps_the_responses(
    simulator: Simulator,
    empty_warehouse: Warehouse,
    make_settings: MakeSettings,
    fault: Refusal,
    error: type[Exception],
    extra: dict[str, int],
) -> None:
    """The error is returned with the counts, and the next run requests the rest."""
    settings = make_settings(concurrency=1)
    for each in range(5, 35):
        simulator.faults.plan(each, fault, times=1)
    ingested = ingest(empty_warehouse, settings)
    assert type(ingested.ended_by) is error
    assert ingested.outcomes == Counter({"loaded": 3, "not_found": 1} | extra)
    assert loaded_ids(empty_warehouse) == [1, 2, 4]


@pytest.mark.parametrize("fault", [Refusal(401), Refusal(503)])
def test_a_run_that_ended_early_does_not_report_an_empty_cluster(
    simulator: Simulator, empty_warehouse: Warehouse, settings: Settings, fault: Refusal
) -> None:
    """There may be executions that the run could not see."""
    for each in range(1, 60):
        simulator.faults.plan(each, fault)
    ingested = ingest(empty_warehouse, settings)
    assert ingested.ended_by is not None
    assert loaded_ids(empty_warehouse) == []
    assert not ingested.found_nothing


def test_a_run_stopped_at_the_start_does_not_report_an_empty_cluster(
    empty_warehouse: Warehouse, settings: Settings
) -> None:
    """The run did not probe."""
    stopping = Stopping()
    stopping.set()
    ingested = ingest(empty_warehouse, settings, stopping=stopping)
    assert (ingested.ids, ingested.found_nothing) == (0, False)


def test_a_warehouse_that_cannot_be_written_ends_the_run(
    simulator: Simulator, empty_warehouse: Warehouse, settings: Settings
) -> None:
    """The previous batches are committed, and no more requests are sent."""
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
