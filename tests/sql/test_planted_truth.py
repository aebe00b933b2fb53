"""The marts find the failures that the simulator's story plants."""

from __future__ import annotations

from typing import TypeVar

import pytest

from incorta_simulator.company.company import Company
from incorta_simulator.company.elements import (
    Added,
    AlwaysFailing,
    BrokenSince,
    Dropped,
    Element,
    FlakySource,
    Outage,
    StopsWhenAGroupFails,
    Straggler,
    Worsening,
)
from incorta_simulator.company.story import STORY
from sql.base_rows import select
from sql.comparison import BuiltHistory, differences
from sql.compiled import Model, built_in_file
from sql.reference.reading import MARTS
from sql.story_history import story_history

Kind = TypeVar("Kind", bound=Element)


@pytest.fixture(scope="module")
def company() -> Company:
    return Company()


@pytest.fixture(scope="module")
def warehouse(compiled: list[Model], tmp_path_factory: pytest.TempPathFactory) -> BuiltHistory:
    """The warehouse of a separate company, since requesting a tree advances running executions."""
    history = story_history(Company())
    database = tmp_path_factory.mktemp("story") / "warehouse.duckdb"
    return BuiltHistory(history, built_in_file(compiled, database, history))


def planted(kind: type[Kind]) -> list[Kind]:
    return [element for element in STORY if isinstance(element, kind)]


def about(
    warehouse: BuiltHistory, mart: str, columns: str, element: Element, where: str = "true"
) -> list[tuple[object, ...]]:
    """The rows of a mart about the tables of an element."""
    of_table = f"and table_name = '{element.table_name}'" if element.table_name else ""
    return select(
        warehouse.database,
        f"""
        select {columns} from load_analysis.{mart}
        where {where} and schema_name = '{element.schema_name}' {of_table} order by all
        """,
    )


@pytest.mark.parametrize("mart", MARTS)
def test_a_mart_matches_plain_python(warehouse: BuiltHistory, mart: str) -> None:
    """All columns of all rows match for a company's history."""
    assert differences(warehouse, mart) == []


@pytest.mark.parametrize("element", planted(BrokenSince), ids=str)
def test_a_broken_table_is_broken_since_its_execution(
    warehouse: BuiltHistory, company: Company, element: BrokenSince
) -> None:
    """It is the first failed execution that includes the table."""
    since = next(
        id_
        for id_ in company.ids
        if id_ >= element.first_execution_id and _takes_part(company, id_, element)
    )
    assert about(warehouse, "table_health", "behaviour, failing_since_execution_id", element) == [
        ("broken_since", since)
    ]


def _takes_part(company: Company, id_: int, element: Element) -> bool:
    return f"'{element.table_name}'" in str(company.tree(id_))


@pytest.mark.parametrize("element", planted(AlwaysFailing), ids=str)
def test_a_table_that_always_fails_is_reported_as_such(
    warehouse: BuiltHistory, element: AlwaysFailing
) -> None:
    """It has not regressed, since it was never better: no run follows two successes."""
    assert about(warehouse, "table_regressions", "behaviour, verdict", element) == [
        ("always_failing", "insufficient_data")
    ]


@pytest.mark.parametrize("element", planted(Worsening), ids=str)
def test_a_slowly_worsening_table_has_regressed(
    warehouse: BuiltHistory, element: Worsening
) -> None:
    """Errors start more often than before, since an execution after it began to worsen."""
    ((verdict, since, changed_by),) = about(
        warehouse,
        "table_regressions",
        "verdict, since_execution_id, changed_by_execution_id",
        element,
    )
    assert verdict == "regressed"
    assert element.first_execution_id <= since <= changed_by <= element.last_execution_id  # type: ignore[operator]


RECENT_OUTAGES = [outage for outage in planted(Outage) if outage.first_execution_id > 300]


@pytest.mark.parametrize("element", RECENT_OUTAGES, ids=str)
def test_an_outage_is_one_episode_and_ends(warehouse: BuiltHistory, element: Outage) -> None:
    """Each affected table has recovered, and has not regressed; only new ones were unaffected."""
    assert set(about(warehouse, "table_regressions", "verdict, behaviour", element)) - {
        ("insufficient_data", "new")
    } == {("outage", "recovered")}


OF_SCHEMAS = [outage for outage in planted(Outage) if outage.table_name is None]


@pytest.mark.parametrize("element", OF_SCHEMAS, ids=str)
def test_an_outage_of_a_schema_is_an_incident(warehouse: BuiltHistory, element: Outage) -> None:
    """It broke between an execution before the outage and the first one in it, and is over."""
    first = element.first_execution_id
    assert about(
        warehouse,
        "incidents",
        f"broke_after_execution_id < {first} and broke_by_execution_id >= {first}, tables > 3, "
        "is_open",
        element,
    ) == [(True, True, False)]


@pytest.mark.parametrize("element", planted(Outage), ids=str)
def test_an_outage_is_named_as_origin(warehouse: BuiltHistory, element: Outage) -> None:
    """Each run of its tables during the outage is an origin of failures."""
    lasting = (
        f"type = 'TABLE' and execution_id between {element.first_execution_id} "
        f"and {element.last_execution_id} and load_plan = '{element.load_plan}'"
    )
    runs = about(warehouse, "node_outcomes", "execution_id, table_name", element, lasting)
    origins = about(warehouse, "failure_origins", "execution_id, table_name", element, lasting)
    assert len(runs) > 3
    assert origins == runs


@pytest.mark.parametrize("element", planted(Added), ids=str)
def test_a_new_table_is_new(warehouse: BuiltHistory, element: Added) -> None:
    """It appeared in the latest executions of its plan."""
    assert about(warehouse, "table_health", "behaviour", element) == [("new",)]


@pytest.mark.parametrize("element", planted(Dropped), ids=str)
def test_a_dropped_table_is_gone_if_no_plan_has_it(
    warehouse: BuiltHistory, element: Dropped
) -> None:
    """A table dropped by the hourly plan but loaded by the weekly plan still exists."""
    behaviour = "healthy" if element.schema_name == "HR" else "gone"
    assert about(warehouse, "table_health", "behaviour", element) == [(behaviour,)]


def test_groups_after_a_failed_one_are_blocked(warehouse: BuiltHistory, company: Company) -> None:
    """The failed table is an origin; no schema in the blocked groups is."""
    (element,) = planted(StopsWhenAGroupFails)
    kinds = select(
        warehouse.database,
        f"""
        select distinct failure_kind from load_analysis.node_outcomes as nodes
        where load_plan = '{element.load_plan}' and type = 'SCHEMA' and is_error and exists (
            from load_analysis.node_outcomes as tables
            where tables.execution_id = nodes.execution_id and tables.outcome = 'skipped'
            and tables.schema_name = nodes.schema_name
        )
        """,
    )
    assert kinds == [("blocked",)]
    trees = [str(company.tree(id_)) for id_ in company.ids]
    assert sum(element.load_plan in tree and "Skipped" in tree for tree in trees) > 5


def test_a_restart_is_a_partial_execution(warehouse: BuiltHistory, company: Company) -> None:
    """It has less than half of the tables of the complete execution; no other one is partial."""
    sizes = {id_: str(company.tree(id_)).count("'TABLE'") for id_ in company.ids[:-3]}
    restarts = {id_: whole for id_ in sizes if (whole := company.restart_of(id_))}
    partial = select(
        warehouse.database,
        "select execution_id from load_analysis.executions where is_partial order by 1",
    )
    assert partial == [(r,) for r, whole in restarts.items() if sizes[r] < sizes[whole] / 2]
    assert len(partial) > 20


def test_contradictions_are_found(warehouse: BuiltHistory) -> None:
    """Each kind in the story is found at the node with the contradicting status."""
    assert select(
        warehouse.database,
        """
        select distinct rule, name from load_analysis.status_conflicts
        where type in ('SCHEMA', 'TABLE') order by all
        """,
    ) == [
        ("ended_above_running", "Email"),
        ("error_above_success", "Email"),
        ("success_above_error", "Web_Analytics"),
        ("unknown_status", "Email.opens"),
    ]


@pytest.mark.parametrize("element", planted(Straggler), ids=str)
def test_a_straggler_keeps_its_execution_from_being_final(
    warehouse: BuiltHistory, company: Company, element: Straggler
) -> None:
    """The plan has ended, but one table has not."""
    found = select(
        warehouse.database,
        """
        select execution_id from load_analysis.executions
        where not is_final and outcome = 'success' order by 1
        """,
    )
    assert found == [
        (id_,)
        for id_ in company.ids
        if element.first_execution_id <= id_ <= element.last_execution_id
        and _takes_part(company, id_, element)
    ]


def test_tables_of_one_source_fail_together(warehouse: BuiltHistory) -> None:
    """All pairs of tables of the flaky source are found, and no others."""
    (element,) = planted(FlakySource)
    pairs = select(
        warehouse.database,
        "select schema_name_a, schema_name_b, count(*) from load_analysis.co_failures group by all",
    )
    assert pairs == [(element.schema_name, element.schema_name, 4 * 3 // 2)]
