"""The behaviour of tables from drawings of their history, by plain Python and by the models."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from sql.base_rows import History, select
from sql.comparison import BuiltHistory, differences
from sql.compiled import Model, built_in_file
from sql.reference.reading import MARTS
from sql.sketches import sketch


class Case(NamedTuple):
    """The letters of a table, of its plans (all `P`), and `R` for executions still running."""

    letters: str
    behaviour: str
    plans: str = ""
    unfinished: str = ""


BY_STREAKS = (
    Case("XXXX", "insufficient_data"),
    Case("XXXX-", "insufficient_data"),
    Case("-----", "insufficient_data"),
    Case("XXXXX", "always_failing"),
    Case("ppppp", "always_failing"),
    Case("...........................XXX", "broken_since"),
    Case("...........................XXp", "broken_since"),
    Case("...........................X-XX", "broken_since"),
    Case("............................XX", "intermittent"),
    Case("..........XXX...", "recovered"),
    Case("..........XXX..", "intermittent"),
    Case("..........XX...", "intermittent"),
    Case(".....XXX" + "." * 19, "recovered"),
    Case(".....XXX" + "." * 20, "intermittent"),
    Case("..X" + "." * 119, "intermittent"),
    Case("..X" + "." * 120, "healthy"),
    Case("..........", "healthy"),
    Case("." * 20 + "X.X.X" + "." * 20, "intermittent"),  # three errors are tested, two are not
    Case("." * 20 + "X...X" + "." * 20, "intermittent"),
)

BY_PLANS = {
    "left the last ten executions": Case("X" * 12 + " " * 10, "gone"),
    "is skipped, and so still there": Case("." * 12 + " " * 9 + "-", "healthy"),
    "left, but nine are too few to tell": Case("......" + " " * 9, "healthy"),
    "is seen in an execution that still runs": Case(
        "." * 12 + " " * 10 + ".", "healthy", unfinished=" " * 22 + "R"
    ),
    "left one of its plans": Case("." * 12 + " " * 10 + "...", "healthy", "P" * 22 + "WWW"),
    "left both of its plans": Case(".." * 6 + " " * 20, "gone", "PW" * 16),
    "left one, and the other is too rare to tell": Case(
        "." * 12 + " " * 10 + "...", "healthy", "W" + "P" * 21 + "WWW"
    ),
    "is in a plan that ran 999 executions ago": Case(
        "....." + " " * 999, "healthy", "G" * 5 + "P" * 999
    ),
    "is in a plan that ran 1,000 executions ago": Case(
        "....." + " " * 1_000, "gone", "G" * 5 + "P" * 1_000
    ),
    "is only in a plan that never ended": Case(".....", "gone", unfinished="RRRRR"),
    "came with the last ten executions": Case(" " * 12 + "X" * 10, "new"),
    "came one execution before": Case(" " * 12 + "X" * 11, "always_failing"),
    "came with its plan": Case("X" * 10, "always_failing"),
    "came to one plan, and was in the other": Case(
        "." + " " * 22 + "." * 10, "healthy", "W" * 11 + "P" * 22
    ),
    "came to one plan, and the other is young": Case(
        "." + " " * 12 + "." * 10, "new", "W" + "P" * 22
    ),
    "came to one plan, with another": Case(" " * 12 + "." * 11, "new", "P" * 22 + "W"),
    "came, also to a plan that never ended": Case(
        " " * 12 + "." * 11, "healthy", "P" * 22 + "W", " " * 22 + "R"
    ),
}

CASES = {case.letters: case for case in BY_STREAKS} | BY_PLANS


@pytest.fixture(scope="module")
def warehouse(compiled: list[Model], tmp_path_factory: pytest.TempPathFactory) -> BuiltHistory:
    """A warehouse with a tenant per case."""
    nodes = []
    for tenant, (letters, _, plans, unfinished) in CASES.items():
        tables = {"t": letters, "other": "." * len(letters)}
        nodes += sketch(tenant, tables, plans=plans, unfinished=unfinished)
    history = History(nodes, [])
    database = tmp_path_factory.mktemp("behaviour") / "warehouse.duckdb"
    return BuiltHistory(history, built_in_file(compiled, database, history))


def test_a_behaviour_is_the_first_that_applies(warehouse: BuiltHistory) -> None:
    """Pairs of cases differ by one run, one on each side of a limit."""
    found = select(
        warehouse.database,
        "select tenant, behaviour from load_analysis.table_health where table_name = 't'",
    )
    assert set(found) == {(tenant, case.behaviour) for tenant, case in CASES.items()}


def test_plain_python_gives_the_same_behaviour(warehouse: BuiltHistory) -> None:
    """The reference for the models is correct for these cases too."""
    found = {
        row["tenant"]: row["behaviour"]
        for row in warehouse.reading.table_health
        if row["table_name"] == "t"
    }
    assert found == {tenant: case.behaviour for tenant, case in CASES.items()}


@pytest.mark.parametrize("mart", MARTS)
def test_a_mart_matches_plain_python(warehouse: BuiltHistory, mart: str) -> None:
    """All columns of all rows match for these short histories."""
    assert differences(warehouse, mart) == []
