"""Rules for which known ids a run requests again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from incorta_loads.base_tables import FETCHES, NODES
from incorta_loads.endpoint.execution_ids import HIGHEST_ID, ExecutionIds
from incorta_loads.ingest.known import Known, read_known
from incorta_loads.tree.statuses import OutcomeOf
from incorta_loads.warehouse.roots import roots

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ENDED = "Terminator State"
RUNNING = "Load State"


@dataclass(frozen=True)
class BaseTables:
    """The base tables, in memory."""

    connection: duckdb.DuckDBPyConnection

    def add_nodes(
        self,
        execution_id: int,
        *state_types: str | None,
        at: datetime = NOW,
        cluster: str = "c",
        tenant: str = "t",
    ) -> None:
        """Adds an execution with a node for each state type, the root first."""
        self.connection.executemany(
            "INSERT INTO load_status.nodes BY NAME SELECT ? AS cluster, ? AS tenant, "
            "? AS execution_id, ? AS node_id, ? AS state_type, ?::TIMESTAMPTZ AS fetched_at",
            [
                (cluster, tenant, execution_id, node_id, state_type, at)
                for node_id, state_type in enumerate(state_types or (ENDED,))
            ],
        )

    def add_fetch(
        self,
        execution_id: int,
        outcome: str,
        run_id: str = "run 1",
        *,
        at: datetime = NOW,
        cluster: str = "c",
        tenant: str = "t",
        is_final: bool | None = None,
    ) -> None:
        """Adds one row of the ledger."""
        self.connection.execute(
            "INSERT INTO load_status.fetches BY NAME SELECT ? AS cluster, ? AS tenant, "
            "? AS execution_id, ? AS run_id, ? AS outcome, ?::TIMESTAMPTZ AS fetched_at, "
            "?::BOOLEAN AS is_final",
            (cluster, tenant, execution_id, run_id, outcome, at, is_final),
        )

    def load(self, execution_id: int, *state_types: str | None, run_id: str = "run 1") -> None:
        """Adds an execution and its row of the ledger."""
        self.add_nodes(execution_id, *state_types)
        self.add_fetch(execution_id, "loaded", run_id)

    def known(self, **given: Any) -> Known:
        """What a run reads from the tables, without doubtful and missing ids."""
        return replace(self.all_known(**given), doubtful=(), highest_is_gone=False)

    def all_known(
        self,
        *,
        cluster: str = "c",
        tenant: str = "t",
        first_id: int = 1,
        probe_gap: int = 20,
        now: datetime = NOW,
        outcome_of: OutcomeOf = lambda *_: "success",
    ) -> Known:
        """What a run reads from the tables."""
        with roots(self.connection):
            return read_known(
                self.connection,
                cluster=cluster,
                tenant=tenant,
                first_id=first_id,
                probe_gap=probe_gap,
                now=now,
                outcome_of=outcome_of,
            )

    def clear(self) -> None:
        """Empties both tables."""
        self.connection.execute("DELETE FROM load_status.nodes; DELETE FROM load_status.fetches")


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    """Base tables without rows, with the columns that dlt creates."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'; CREATE SCHEMA load_status")
        for name, schema in {"nodes": NODES, "fetches": FETCHES}.items():
            connection.register("empty", schema.empty_table())
            connection.execute(f"CREATE TABLE load_status.{name} AS FROM empty")
            connection.unregister("empty")
        yield connection


@pytest.fixture
def tables(database: duckdb.DuckDBPyConnection) -> BaseTables:
    """The base tables without rows."""
    found = BaseTables(database)
    found.clear()
    return found


def known(not_final: str = "", not_loaded: str = "", highest: int | None = None) -> Known:
    """Known ids; `not_final` and `not_loaded` are written as in --ids."""
    ids = [ExecutionIds.parse(each) if each else ExecutionIds() for each in (not_final, not_loaded)]
    return Known(ids[0], ids[1], highest)


def test_empty_tables_give_no_ids(tables: BaseTables) -> None:
    """There is nothing to request again, and no highest id."""
    assert tables.known() == known()


@pytest.mark.parametrize(
    "state_types",
    [
        ["Terminator State"],
        ["terminator state"],
        ["\t\n\v\f\r TERMINATOR STATE \r"],
        ["Terminator State", "Terminator State"],
        ["Terminator State", None],
        ["Terminator State", "", "Paused"],
        ["Terminator State", "Load\u00a0State"],
        ["Terminator State", "\u00a0Load State"],
        ["Terminator State", "LOAD \u017fTATE"],
    ],
)
def test_an_execution_is_final(tables: BaseTables, state_types: list[str | None]) -> None:
    """The root is in terminator state, no node is in load state; ASCII case and outer blanks are
    ignored."""
    tables.load(1, *state_types)
    assert tables.known() == known(highest=1)


@pytest.mark.parametrize(
    "state_types",
    [
        ["Load State"],
        [None],
        [""],
        ["Paused"],
        ["Terminator  State"],
        ["Terminator\u00a0State"],
        ["\u00a0Terminator State"],
        ["TERMINATOR \u017fTATE"],
        ["Load State", "Terminator State"],
        [None, "Terminator State"],
        ["Terminator State", "Load State"],
        ["Terminator State", "Terminator State", " load state\v"],
        ["Terminator State", "LOAD STATE", "Terminator State"],
    ],
)
def test_an_execution_is_not_final(tables: BaseTables, state_types: list[str | None]) -> None:
    """A node in load state, or a root in any other state, makes the execution due again."""
    tables.load(1, *state_types)
    assert tables.known() == known(not_final="1", highest=1)


def test_nodes_decide_what_is_loaded(tables: BaseTables) -> None:
    """Nodes count without a ledger row and despite later failures; a row alone does not count."""
    tables.add_nodes(1)
    tables.add_nodes(2, RUNNING)
    tables.load(3)
    tables.add_fetch(4, "loaded")
    assert tables.known(now=NOW + DAY) == known(not_final="2", not_loaded="4", highest=3)


@pytest.mark.parametrize("outcome", ["forbidden", "rejected", "unavailable", "invalid_payload"])
def test_a_final_execution_whose_latest_request_failed_is_requested_again(
    tables: BaseTables, outcome: str
) -> None:
    """It was requested by its id, and is due until it is loaded again.

    An execution that no longer exists is not requested again once a higher id has settled it.
    """
    tables.load(1)
    tables.load(2)
    tables.load(3)
    tables.add_fetch(1, outcome, "run 2", at=NOW + HOUR)
    tables.add_fetch(2, "not_found", "run 2", at=NOW + HOUR)
    tables.add_fetch(3, "not_found", "run 2", at=NOW + HOUR)
    assert tables.known(now=NOW + DAY) == known(not_loaded="1,3", highest=3)
    tables.add_fetch(1, "loaded", "run 3", at=NOW + 2 * HOUR)
    assert tables.known(now=NOW + DAY) == known(not_loaded="3", highest=3)


@pytest.mark.parametrize(
    "outcome", ["forbidden", "rejected", "unavailable", "invalid_payload", "loaded", "new one"]
)
def test_ids_without_nodes_are_requested_again(tables: BaseTables, outcome: str) -> None:
    """This holds for any outcome, any number of runs ago, below or above the highest id."""
    for run_id in ("run 1", "run 3", "run 5"):
        for execution_id in (2, 9):
            tables.add_fetch(execution_id, outcome, run_id)
    tables.load(1, run_id="run 1")
    tables.load(5, run_id="run 1")
    tables.add_fetch(3, "not_found", "run 2")
    tables.add_fetch(4, "not_found", "run 2")
    assert tables.known() == known(not_loaded="2,9", highest=5)


@pytest.mark.parametrize(
    ("loaded_by", "not_found_by", "is_settled"),
    [("run 1", "run 2", True), ("run 2", "run 2", False), ("run 2", "run 1", False)],
)
def test_a_gap_is_settled_by_a_run_that_started_after_a_higher_id_had_nodes(
    tables: BaseTables, loaded_by: str, not_found_by: str, is_settled: bool
) -> None:
    """The run ids decide, whatever the times."""
    tables.add_fetch(1, "not_found", not_found_by, at=NOW + 2 * HOUR)
    tables.add_nodes(2)
    tables.add_fetch(2, "loaded", loaded_by, at=NOW + HOUR)
    expected = known(not_loaded="" if is_settled else "1", highest=2)
    assert tables.known(now=NOW + DAY) == expected
    tables.clear()
    tables.add_fetch(1, "not_found", not_found_by, at=NOW)
    tables.add_nodes(2)
    tables.add_fetch(2, "loaded", loaded_by, at=NOW + HOUR)
    assert tables.known(now=NOW + DAY) == expected


def test_any_higher_id_settles_a_gap(tables: BaseTables) -> None:
    """The first load of any higher id settles it, not only of the next; a lower id does not."""
    tables.load(1, run_id="run 1")
    for gap in (2, 4, 8):
        tables.add_fetch(gap, "not_found", "run 3")
    tables.load(3, run_id="run 5")
    tables.load(6, run_id="run 1")
    tables.add_fetch(6, "loaded", "run 7")
    tables.add_fetch(5, "not_found", "run 1")
    assert tables.known() == known(not_loaded="5,8", highest=6)


def test_a_higher_id_without_nodes_settles_nothing(tables: BaseTables) -> None:
    """Its ledger row alone does not count, nor do nodes whose run is unknown."""
    tables.add_fetch(1, "not_found", "run 2")
    tables.add_fetch(2, "not_found", "run 2")
    tables.add_nodes(3)
    tables.add_fetch(4, "loaded", "run 1")
    assert tables.known() == known(not_loaded="1,2,4", highest=3)


def test_the_latest_response_decides(tables: BaseTables) -> None:
    """The greatest (fetched_at, run_id) wins, whatever the order of rows."""
    tables.load(9, run_id="run 0")
    tables.add_fetch(1, "not_found", "run 1", at=NOW + HOUR)
    tables.add_fetch(1, "unavailable", "run 2", at=NOW)
    tables.add_fetch(2, "unavailable", "run 2", at=NOW + HOUR)
    tables.add_fetch(2, "not_found", "run 1", at=NOW)
    tables.add_fetch(3, "not_found", "run 2", at=NOW)
    tables.add_fetch(3, "unavailable", "run 1", at=NOW)
    tables.add_fetch(4, "unavailable", "run 2", at=NOW)
    tables.add_fetch(4, "not_found", "run 1", at=NOW)
    assert tables.known(now=NOW + DAY) == known(not_loaded="2,4-8", highest=9)


@pytest.mark.parametrize(
    ("span", "pause", "is_due"),
    [
        (timedelta(0), timedelta(0), True),
        (10 * HOUR, HOUR, True),
        (10 * HOUR, HOUR - timedelta(microseconds=1), False),
        (timedelta(seconds=3), timedelta(seconds=0.3), True),
        (timedelta(seconds=3), timedelta(seconds=0.299999), False),
        (30 * DAY - timedelta(microseconds=1), 3 * DAY, True),
        (30 * DAY - timedelta(microseconds=1), 3 * DAY - timedelta(microseconds=1), False),
        (30 * DAY, 3 * DAY, False),
        (30 * DAY, 3650 * DAY, False),
        (400 * DAY, 3650 * DAY, False),
    ],
)
def test_ids_are_requested_less_often_as_they_age(
    tables: BaseTables, span: timedelta, pause: timedelta, is_due: bool
) -> None:
    """An id is due after a tenth of the time between its first and latest request, for 30 days."""
    last = NOW - pause
    for execution_id, outcome in ((1, "forbidden"), (2, "loaded")):
        tables.add_fetch(execution_id, outcome, "run 1", at=last - span)
        tables.add_fetch(execution_id, outcome, "run 2", at=last - span / 2)
        tables.add_fetch(execution_id, outcome, "run 3", at=last)
    tables.add_nodes(2, RUNNING, at=last)
    expected = known("2", "1", 2) if is_due else known(highest=2)
    assert tables.known() == expected


def test_ageing_does_not_depend_on_daylight_saving_time(tables: BaseTables) -> None:
    """Thirty days are 720 hours, even if the connection's time zone changes its offset."""
    for execution_id, first in ((1, 720.5), (2, 719.5)):
        last = datetime(2026, 11, 19, tzinfo=UTC)
        tables.add_fetch(execution_id, "forbidden", "run 1", at=last - first * HOUR)
        tables.add_fetch(execution_id, "forbidden", "run 2", at=last)
    try:
        tables.connection.execute("SET TimeZone = 'America/New_York'")
        assert tables.known() == known(not_loaded="2")
    finally:
        tables.connection.execute("SET TimeZone = 'UTC'")


def test_an_execution_without_ledger_rows_counts_as_requested_once(tables: BaseTables) -> None:
    """The time of its nodes counts, so that it is due immediately, however old it is."""
    tables.add_nodes(1, RUNNING, ENDED, at=NOW - 400 * DAY)
    assert tables.known() == known(not_final="1", highest=1)


def test_ids_never_requested_are_due(tables: BaseTables) -> None:
    """They lie between the lowest known id and the highest with nodes."""
    tables.add_fetch(100, "unavailable")
    tables.load(103)
    tables.load(104)
    tables.add_fetch(106, "rejected")
    tables.load(110)
    tables.add_fetch(200, "rejected")
    assert tables.known() == known(not_loaded="100-102,105-109,200", highest=110)


@pytest.mark.parametrize(
    ("first_id", "probe_gap", "holes"),
    [
        (0, 20, "22-24"),
        (1, 20, "1-20,22-24"),
        (2, 20, "2-20,22-24"),
        (20, 1, "20,22-24"),
        (21, 20, "22-24"),
        (23, 20, "22-24"),
        (500, 20, "22-24"),
        (0, 21, "0-20,22-24"),
        (0, 22, "0-20,22-24"),
    ],
)
def test_ids_below_the_lowest_are_due_if_the_first_id_is_near(
    tables: BaseTables, first_id: int, probe_gap: int, holes: str
) -> None:
    """They start at `first_id` if it is at most `probe_gap` below the lowest known id."""
    tables.load(21)
    tables.load(25)
    expected = known(not_loaded=holes, highest=25)
    assert tables.known(first_id=first_id, probe_gap=probe_gap) == expected


def test_without_nodes_no_id_is_a_hole(tables: BaseTables) -> None:
    """Without nodes only requested ids are requested again; probing starts at `first_id` anyway."""
    tables.add_fetch(3, "unavailable")
    tables.add_fetch(7, "not_found")
    assert tables.known() == known(not_loaded="3,7")


def test_clusters_and_tenants_never_mix(tables: BaseTables) -> None:
    """Ids of other clusters and tenants affect nothing: final, settled, due, or the highest."""
    tables.add_nodes(1, RUNNING)
    tables.add_fetch(1, "loaded", "run 1")
    tables.add_fetch(2, "not_found", "run 2")
    tables.add_fetch(4, "forbidden", "run 2")
    alone = known("1", "2,4", 1)
    assert tables.known() == alone
    for cluster, tenant in (("c", "T"), ("C", "t"), ("t", "c"), ("d", "d")):
        for execution_id in (1, 2, 3, 9):
            tables.add_nodes(execution_id, cluster=cluster, tenant=tenant)
            tables.add_fetch(execution_id, "loaded", "run 0", cluster=cluster, tenant=tenant)
        tables.add_fetch(4, "not_found", "run 2", at=NOW + HOUR, cluster=cluster, tenant=tenant)
        assert tables.known() == alone
        expected = known(not_loaded="5-8", highest=9)
        assert tables.known(cluster=cluster, tenant=tenant, now=NOW + HOUR) == expected


def test_the_largest_possible_id_is_supported(tables: BaseTables) -> None:
    """The id 2**63 - 1 may have a hole of nine quintillion ids below it."""
    tables.load(5)
    tables.load(HIGHEST_ID - 2)
    tables.load(HIGHEST_ID, RUNNING)
    assert tables.known(first_id=5) == Known(
        ExecutionIds.of([HIGHEST_ID]),
        ExecutionIds.of_ranges([(6, HIGHEST_ID - 3), (HIGHEST_ID - 1, HIGHEST_ID - 1)]),
        highest=HIGHEST_ID,
    )
    assert tables.known(first_id=HIGHEST_ID) == tables.known(first_id=5)


@pytest.mark.parametrize("ahead", [HOUR, 400 * DAY])
def test_a_row_from_the_future_does_not_stop_requests(tables: BaseTables, ahead: timedelta) -> None:
    """The other rows decide when its id is due, and it settles no gap."""
    tables.load(9)
    for execution_id, outcome in ((1, "forbidden"), (2, "not_found"), (3, "not_found")):
        tables.add_fetch(execution_id, outcome, "run 9", at=NOW + ahead)
    tables.add_fetch(3, "not_found", "run 2", at=NOW - HOUR)
    tables.add_nodes(4, RUNNING, at=NOW + ahead)
    tables.add_fetch(4, "loaded", "run 9", at=NOW + ahead)
    for execution_id in range(5, 9):
        tables.load(execution_id)
    assert tables.known() == known("4", "1-3", 9)
    for execution_id in range(1, 5):
        tables.add_fetch(execution_id, "unavailable", "run 3", at=NOW - 20 * DAY)
        tables.add_fetch(execution_id, "unavailable", "run 4", at=NOW - DAY)
    assert tables.known() == known(highest=9)


def add_root(
    tables: BaseTables, execution_id: int, load_plan: str | None, status: str, at: datetime = NOW
) -> None:
    """Adds a final execution of one node and its row of the ledger."""
    tables.connection.execute(
        "INSERT INTO load_status.nodes BY NAME SELECT 'c' AS cluster, 't' AS tenant, "
        "? AS execution_id, 0 AS node_id, ? AS load_plan, ? AS state_type, ? AS job_status, "
        "?::TIMESTAMPTZ AS fetched_at",
        (execution_id, load_plan, ENDED, status, at),
    )
    tables.add_fetch(execution_id, "loaded", at=at)


def repaired(tables: BaseTables, now: datetime = NOW) -> ExecutionIds:
    """The final executions that are requested again."""
    return tables.known(now=now, outcome_of=lambda _, status: str(status)).not_successful


def test_the_latest_execution_of_a_plan_is_repaired(tables: BaseTables) -> None:
    """It is requested again if it was not a success; older executions of its plan are not."""
    add_root(tables, 1, "A", "failure")
    add_root(tables, 2, "A", "failure")
    add_root(tables, 3, "B", "failure")
    add_root(tables, 4, "B", "success")
    add_root(tables, 5, None, "partial")
    add_root(tables, 6, "C", "success")
    assert repaired(tables) == ExecutionIds.of([2, 5])


def test_a_running_execution_is_the_latest_of_its_plan(tables: BaseTables) -> None:
    """It is requested as an execution that is not final."""
    add_root(tables, 1, "A", "failure")
    tables.connection.execute(
        "INSERT INTO load_status.nodes BY NAME SELECT 'c' AS cluster, 't' AS tenant, "
        "2 AS execution_id, 0 AS node_id, 'A' AS load_plan, 'Load State' AS state_type, "
        f"'{NOW}'::TIMESTAMPTZ AS fetched_at"
    )
    assert repaired(tables) == ExecutionIds()


@pytest.mark.parametrize(
    ("final_for", "pause", "is_due"),
    [
        (timedelta(0), timedelta(0), True),
        (10 * HOUR, HOUR, True),
        (10 * HOUR, HOUR - timedelta(microseconds=1), False),
        (30 * DAY - timedelta(microseconds=1), 3 * DAY, True),
        (30 * DAY, 300 * DAY, False),
    ],
)
def test_repairs_age_from_the_first_final_response(
    tables: BaseTables, final_for: timedelta, pause: timedelta, is_due: bool
) -> None:
    """The time before the first final response does not count."""
    last = NOW - pause
    add_root(tables, 1, "A", "failure", at=last - final_for)
    tables.add_fetch(1, "loaded", "run 0", at=last - final_for - 20 * DAY)
    tables.add_fetch(1, "loaded", "run 2", at=last)
    assert repaired(tables) == ExecutionIds.of([1] if is_due else [])


def test_reading_leaves_nothing_behind(tables: BaseTables) -> None:
    """No table is left, and a second read gives the same result."""
    tables.load(1, RUNNING)
    before = tables.connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
    assert tables.known() == tables.known()
    assert tables.connection.execute("SELECT table_name FROM duckdb_tables()").fetchall() == before


# --- Reading against a plain definition ----------------------------------------------------------


@dataclass(frozen=True)
class Fetch:
    """One row of the ledger, in hours before now."""

    execution_id: int
    run: int
    hours_ago: int
    outcome: str


ids = st.integers(1, 12)
fetches = st.lists(
    st.builds(
        Fetch,
        execution_id=ids,
        run=st.integers(1, 4),
        hours_ago=st.sampled_from([0, 1, 2, 10, 20, 21, 719, 720, 721, 800]),
        outcome=st.sampled_from(["loaded", "not_found", "not_found", "unavailable"]),
    ),
    max_size=20,
    unique_by=lambda row: (row.execution_id, row.run),
)
states = st.sampled_from([ENDED, ENDED, RUNNING, None])
executions = st.dictionaries(ids, st.lists(states, min_size=1, max_size=3), max_size=6)


def define(
    nodes: dict[int, list[str | None]], ledger: list[Fetch], first_id: int, probe_gap: int
) -> Known:
    """The rules of the design, id by id."""
    highest = max(nodes, default=None)
    seen = set(nodes) | {row.execution_id for row in ledger}
    not_final, not_loaded, doubtful = set(), set(), []
    for execution_id in seen:
        rows = [row for row in ledger if row.execution_id == execution_id]
        ages = [row.hours_ago for row in rows] or [0]
        span, pause = max(ages) - min(ages), min(ages)
        is_due = span < 720 and pause * 10 >= span
        last = min(rows, key=lambda row: (row.hours_ago, -row.run), default=None)
        if last and last.outcome == "unavailable" and (is_due or execution_id > (highest or -1)):
            doubtful.append((-pause, execution_id))
        if execution_id in nodes:
            states = nodes[execution_id]
            if states[0] != ENDED or RUNNING in states:
                not_final |= {execution_id} if is_due else set()
                continue
        if last is None or (execution_id in nodes and last.outcome == "loaded"):
            continue
        is_settled = last.outcome == "not_found" and any(
            row.outcome == "loaded" and row.run < last.run
            for row in ledger
            if row.execution_id > execution_id and row.execution_id in nodes
        )
        if is_due and not is_settled:
            not_loaded.add(execution_id)
    if highest is not None:
        begin = first_id if min(seen) - probe_gap <= first_id < min(seen) else min(seen)
        not_loaded |= set(range(begin, highest)) - seen
    return Known(
        ExecutionIds.of(not_final),
        ExecutionIds.of(not_loaded),
        highest,
        tuple(execution_id for _, execution_id in sorted(doubtful)),
        highest_is_gone=any(
            row.outcome == "not_found"
            for row in [
                min(
                    (row for row in ledger if row.execution_id == highest),
                    key=lambda row: (row.hours_ago, -row.run),
                    default=None,
                )
            ]
            if row
        ),
    )


@given(executions, fetches, st.integers(0, 14), st.integers(1, 6))
def test_the_plan_matches_the_definition(
    database: duckdb.DuckDBPyConnection,
    nodes: dict[int, list[str | None]],
    ledger: list[Fetch],
    first_id: int,
    probe_gap: int,
) -> None:
    """The rule holds for any nodes and any ledger."""
    tables = BaseTables(database)
    tables.clear()
    for execution_id, state_types in nodes.items():
        tables.add_nodes(execution_id, *state_types)
    for row in ledger:
        at = NOW - row.hours_ago * HOUR
        tables.add_fetch(row.execution_id, row.outcome, f"run {row.run}", at=at)
    expected = define(nodes, ledger, first_id, probe_gap)
    assert tables.all_known(first_id=first_id, probe_gap=probe_gap) == expected


# --- Size ----------------------------------------------------------------------------------------


@dataclass
class Counted:
    """A connection that counts statements and rows.

    Attributes:
        connection: the connection that runs the statements.
        statements: the number of executed statements.
        rows: the number of returned rows.
    """

    connection: duckdb.DuckDBPyConnection
    statements: int = 0
    rows: int = 0

    def execute(self, query: str, parameters: object = None) -> Counted:
        self.statements += 1
        self.connection.execute(query, parameters)
        return self

    def fetchone(self) -> tuple[Any, ...] | None:
        self.rows += 1
        return self.connection.fetchone()

    def fetchall(self) -> list[tuple[Any, ...]]:
        found = self.connection.fetchall()
        self.rows += len(found)
        return found


@pytest.mark.parametrize("is_final", [True, False])
def test_the_ledger_decides_whether_an_execution_is_final(
    tables: BaseTables, is_final: bool
) -> None:
    """Only its root is read, even if the nodes contradict the ledger."""
    tables.add_nodes(1, ENDED, "Load State" if is_final else ENDED)
    tables.add_fetch(1, "loaded", is_final=is_final)
    assert tables.known() == known(not_final="" if is_final else "1", highest=1)


def test_the_ledger_row_of_another_response_does_not_decide(tables: BaseTables) -> None:
    """The nodes are of the later response, which had no row of its own with `is_final`."""
    tables.add_nodes(1, ENDED, ENDED)
    tables.add_fetch(1, "loaded", at=NOW - timedelta(hours=1), is_final=False)
    tables.add_fetch(1, "loaded", "run 2")
    tables.add_nodes(2, "Load State")
    tables.add_fetch(2, "loaded", at=NOW - timedelta(hours=1), is_final=True)
    tables.add_fetch(2, "loaded", "run 2")
    assert tables.known(now=NOW + timedelta(hours=1)) == known(not_final="2", highest=2)


def test_planning_on_a_large_warehouse_reads_due_ids_only(tables: BaseTables) -> None:
    """A few statements return due ids only; DuckDB scans the 100,000 executions and 11,111 gaps.

    `make bench-planning` measures the time.
    """
    tables.connection.execute(
        f"""
        INSERT INTO load_status.nodes BY NAME
        SELECT
            'c' AS cluster, 't' AS tenant, id AS execution_id, node AS node_id,
            if(id % 1000 = 1, 'Load State', 'Terminator State') AS state_type,
            '{NOW}'::TIMESTAMPTZ AS fetched_at
        FROM range(1, 111112) AS ids(id), range(3) AS nodes(node)
        WHERE id % 10 > 0;
        INSERT INTO load_status.fetches BY NAME
        SELECT
            'c' AS cluster, 't' AS tenant, id AS execution_id, 'run ' || run AS run_id,
            if(id % 10 > 0, 'loaded', if(id % 20 > 0, 'not_found', 'forbidden')) AS outcome,
            '{NOW}'::TIMESTAMPTZ AS fetched_at
        FROM range(1, 111112) AS ids(id), range(3) AS runs(run)
        """
    )
    count = "SELECT count(DISTINCT execution_id), count(*) FROM load_status."
    assert tables.connection.execute(count + "nodes").fetchone() == (100_000, 300_000)
    assert tables.connection.execute(count + "fetches").fetchone() == (111_111, 333_333)
    counted = Counted(tables.connection)
    assert BaseTables(cast("duckdb.DuckDBPyConnection", counted)).known() == Known(
        ExecutionIds.of(range(1, 111_112, 1000)),
        ExecutionIds.of(range(20, 111_112, 20)),
        highest=111_111,
    )
    due = 112 + 5_555  # not final, and not loaded
    assert counted.rows < due + 10
    assert counted.statements < 15
