"""Rules of which known ids a run requests again."""

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

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ENDED = "Terminator State"
RUNNING = "Load State"


@dataclass(frozen=True)
class Tables:
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
        """An execution with a node for each state type, the root first."""
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
    ) -> None:
        """One row of the ledger."""
        self.connection.execute(
            "INSERT INTO load_status.fetches BY NAME SELECT ? AS cluster, ? AS tenant, "
            "? AS execution_id, ? AS run_id, ? AS outcome, ?::TIMESTAMPTZ AS fetched_at",
            (cluster, tenant, execution_id, run_id, outcome, at),
        )

    def load(self, execution_id: int, *state_types: str | None, run_id: str = "run 1") -> None:
        """An execution and its row of the ledger."""
        self.add_nodes(execution_id, *state_types)
        self.add_fetch(execution_id, "loaded", run_id)

    def known(self, **given: Any) -> Known:
        """What a run learns from the tables, but for its doubts and what is gone."""
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
        """What a run learns from the tables."""
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
    """Empty base tables with the columns that dlt makes."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'; CREATE SCHEMA load_status")
        for name, schema in {"nodes": NODES, "fetches": FETCHES}.items():
            connection.register("empty", schema.empty_table())
            connection.execute(f"CREATE TABLE load_status.{name} AS FROM empty")
            connection.unregister("empty")
        yield connection


@pytest.fixture
def tables(database: duckdb.DuckDBPyConnection) -> Tables:
    """The base tables without rows."""
    found = Tables(database)
    found.clear()
    return found


def known(not_final: str = "", not_loaded: str = "", highest: int | None = None) -> Known:
    """Both sets as people write them."""
    ids = [ExecutionIds.parse(each) if each else ExecutionIds() for each in (not_final, not_loaded)]
    return Known(ids[0], ids[1], highest)


def test_empty_tables_say_nothing(tables: Tables) -> None:
    """Nothing to ask again, and no highest id."""
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
def test_an_execution_is_final(tables: Tables, state_types: list[str | None]) -> None:
    """Root in terminator state, no node in load state; only case in A–Z and outer blanks vary."""
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
def test_an_execution_is_not_final(tables: Tables, state_types: list[str | None]) -> None:
    """A node in load state, or a root in any other state, and it is asked again."""
    tables.load(1, *state_types)
    assert tables.known() == known(not_final="1", highest=1)


def test_nodes_are_the_truth(tables: Tables) -> None:
    """Nodes without a ledger row count and outlive later failures; a row alone does not count."""
    tables.add_nodes(1)
    tables.add_nodes(2, RUNNING)
    tables.load(3)
    tables.add_fetch(4, "loaded")
    assert tables.known(now=NOW + DAY) == known(not_final="2", not_loaded="4", highest=3)


@pytest.mark.parametrize("outcome", ["forbidden", "rejected", "unavailable", "invalid_payload"])
def test_a_final_execution_whose_last_asking_failed_is_asked_again(
    tables: Tables, outcome: str
) -> None:
    """Someone asked for it by its id; until it is loaded again its last ledger row is not its end.

    One that the cluster no longer has is left alone as soon as that is settled, by a higher id.
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
def test_ids_without_nodes_are_asked_again(tables: Tables, outcome: str) -> None:
    """Whatever came back, below and above the highest, however many runs ago."""
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
def test_a_gap_is_settled_by_a_run_that_began_after_a_higher_id_had_nodes(
    tables: Tables, loaded_by: str, not_found_by: str, is_settled: bool
) -> None:
    """Decided by the ids of the runs, whatever the times say."""
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


def test_any_higher_id_settles_a_gap(tables: Tables) -> None:
    """Not only the next one, and its first loading counts; a lower one says nothing."""
    tables.load(1, run_id="run 1")
    for gap in (2, 4, 8):
        tables.add_fetch(gap, "not_found", "run 3")
    tables.load(3, run_id="run 5")
    tables.load(6, run_id="run 1")
    tables.add_fetch(6, "loaded", "run 7")
    tables.add_fetch(5, "not_found", "run 1")
    assert tables.known() == known(not_loaded="5,8", highest=6)


def test_a_higher_id_without_nodes_settles_nothing(tables: Tables) -> None:
    """Neither one of whose loading only the ledger speaks, nor one whose loading no run tells."""
    tables.add_fetch(1, "not_found", "run 2")
    tables.add_fetch(2, "not_found", "run 2")
    tables.add_nodes(3)
    tables.add_fetch(4, "loaded", "run 1")
    assert tables.known() == known(not_loaded="1,2,4", highest=3)


def test_the_last_answer_decides(tables: Tables) -> None:
    """The greatest (fetched_at, run_id), in whatever order the rows stand."""
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
def test_ids_age(tables: Tables, span: timedelta, pause: timedelta, is_due: bool) -> None:
    """Asked again after a tenth of the time from first to last asking, after 30 days no more."""
    last = NOW - pause
    for execution_id, outcome in ((1, "forbidden"), (2, "loaded")):
        tables.add_fetch(execution_id, outcome, "run 1", at=last - span)
        tables.add_fetch(execution_id, outcome, "run 2", at=last - span / 2)
        tables.add_fetch(execution_id, outcome, "run 3", at=last)
    tables.add_nodes(2, RUNNING, at=last)
    expected = known("2", "1", 2) if is_due else known(highest=2)
    assert tables.known() == expected


def test_ageing_does_not_depend_on_the_clock_on_the_wall(tables: Tables) -> None:
    """Thirty days are 720 hours, also where the connection's time zone changes its clocks."""
    for execution_id, first in ((1, 720.5), (2, 719.5)):
        last = datetime(2026, 11, 19, tzinfo=UTC)
        tables.add_fetch(execution_id, "forbidden", "run 1", at=last - first * HOUR)
        tables.add_fetch(execution_id, "forbidden", "run 2", at=last)
    try:
        tables.connection.execute("SET TimeZone = 'America/New_York'")
        assert tables.known() == known(not_loaded="2")
    finally:
        tables.connection.execute("SET TimeZone = 'UTC'")


def test_an_execution_without_ledger_rows_was_asked_when_its_nodes_came(tables: Tables) -> None:
    """Once, so that it is due at once and not aged, however old it is."""
    tables.add_nodes(1, RUNNING, ENDED, at=NOW - 400 * DAY)
    assert tables.known() == known(not_final="1", highest=1)


def test_ids_that_nobody_asked_for_are_due(tables: Tables) -> None:
    """Between the lowest id that is known and the highest with nodes; not above that."""
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
def test_ids_below_the_lowest_are_due_when_the_first_id_is_near(
    tables: Tables, first_id: int, probe_gap: int, holes: str
) -> None:
    """From `first_id` when that is at most `probe_gap` below the lowest known, else from there."""
    tables.load(21)
    tables.load(25)
    expected = known(not_loaded=holes, highest=25)
    assert tables.known(first_id=first_id, probe_gap=probe_gap) == expected


def test_without_nodes_no_id_is_a_hole(tables: Tables) -> None:
    """Only ids that were asked for are asked again; probing begins at `first_id` anyway."""
    tables.add_fetch(3, "unavailable")
    tables.add_fetch(7, "not_found")
    assert tables.known() == known(not_loaded="3,7")


def test_clusters_and_tenants_never_mix(tables: Tables) -> None:
    """The same ids elsewhere change nothing: not what is final, settled, due, or the highest."""
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


def test_ids_go_to_the_largest_there_can_be(tables: Tables) -> None:
    """2**63 - 1 itself, with a hole of nine quintillion ids below it."""
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
def test_a_clock_that_was_wrong_once_stops_no_asking(tables: Tables, ahead: timedelta) -> None:
    """A row from the future: its id is due by the other rows, and it settles no gap."""
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
    tables: Tables, execution_id: int, load_plan: str | None, status: str, at: datetime = NOW
) -> None:
    """A final execution of one node and its row of the ledger."""
    tables.connection.execute(
        "INSERT INTO load_status.nodes BY NAME SELECT 'c' AS cluster, 't' AS tenant, "
        "? AS execution_id, 0 AS node_id, ? AS load_plan, ? AS state_type, ? AS job_status, "
        "?::TIMESTAMPTZ AS fetched_at",
        (execution_id, load_plan, ENDED, status, at),
    )
    tables.add_fetch(execution_id, "loaded", at=at)


def repaired(tables: Tables, now: datetime = NOW) -> ExecutionIds:
    """The final executions that are asked for again."""
    return tables.known(now=now, outcome_of=lambda _, status: str(status)).not_successful


def test_the_newest_execution_of_a_plan_may_be_repaired(tables: Tables) -> None:
    """Where it did not end in success; an older one of its plan is left alone."""
    add_root(tables, 1, "A", "failure")
    add_root(tables, 2, "A", "failure")
    add_root(tables, 3, "B", "failure")
    add_root(tables, 4, "B", "success")
    add_root(tables, 5, None, "partial")
    add_root(tables, 6, "C", "success")
    assert repaired(tables) == ExecutionIds.of([2, 5])


def test_one_that_still_runs_is_newer(tables: Tables) -> None:
    """It is asked for as one that is not final."""
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
def test_repairs_age_from_when_it_was_first_seen_final(
    tables: Tables, final_for: timedelta, pause: timedelta, is_due: bool
) -> None:
    """However long it ran before: its nodes are those of the first answer that was final."""
    last = NOW - pause
    add_root(tables, 1, "A", "failure", at=last - final_for)
    tables.add_fetch(1, "loaded", "run 0", at=last - final_for - 20 * DAY)
    tables.add_fetch(1, "loaded", "run 2", at=last)
    assert repaired(tables) == ExecutionIds.of([1] if is_due else [])


def test_reading_leaves_nothing_behind(tables: Tables) -> None:
    """No table, and the same answer again."""
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
        asked = [row.hours_ago for row in rows] or [0]
        span, pause = max(asked) - min(asked), min(asked)
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
def test_the_plan_is_what_the_definition_says(
    database: duckdb.DuckDBPyConnection,
    nodes: dict[int, list[str | None]],
    ledger: list[Fetch],
    first_id: int,
    probe_gap: int,
) -> None:
    """Any nodes and any ledger."""
    tables = Tables(database)
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
    """A connection that counts.

    Attributes:
        connection: what is asked.
        statements: how many were executed.
        rows: how many came back.
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


def test_planning_on_a_large_warehouse_reads_what_is_due(tables: Tables) -> None:
    """Of 100,000 executions and 11,111 gaps, by a few statements: DuckDB looks at all others.

    How long it takes is for `make bench-planning`.
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
    assert Tables(cast("duckdb.DuckDBPyConnection", counted)).known() == Known(
        ExecutionIds.of(range(1, 111_112, 1000)),
        ExecutionIds.of(range(20, 111_112, 20)),
        highest=111_111,
    )
    due = 112 + 5_555  # not final, and not loaded
    assert counted.rows < due + 10
    assert counted.statements < 10
