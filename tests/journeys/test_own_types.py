"""A cluster with types that the vendor does not document."""

from __future__ import annotations

import json

import pytest

from incorta_simulator.faults.faults import RawBody
from incorta_simulator.server.simulator import Simulator
from journeys.shell import User


def node(kind: str | None, name: str, job: str, *below: dict[str, object]) -> dict[str, object]:
    status = {"stateType": "Terminator State", "jobStatus": job}
    return {"type": kind, "name": name, "status": status, "childStatusDetails": below}


@pytest.fixture
def loaded(user: User, simulator: Simulator) -> User:
    """Twelve executions, each with a failing view next to a table whose type is in lower case."""
    leaves = (node("MATERIALIZED_VIEW", "totals", "Failed"), node("table", "orders", "Success"))
    schema = node("SCHEMA", "Sales", "Success", *leaves)
    plan = node("LOAD_PLAN", "Daily", "Success", schema)
    for execution_id in range(1, 13):
        simulator.faults.plan(execution_id, RawBody(json.dumps(plan).encode()))
    user.runs("ingest", "--ids", "1-12")
    return user


def test_an_unknown_type_counts_as_a_table(loaded: User) -> None:
    """By default a failing view makes `health` exit with 4, and the type is listed."""
    done = loaded.runs("analyze")
    assert (
        "12 nodes have a type without a rule (mostly 'MATERIALIZED_VIEW'); 12 of them count as "
        "tables, because they are leaves below a schema" in done.stderr
    )
    loaded.runs("health", "--fail-on-any", exit_code=4)
    shown = loaded.runs("coverage").stdout
    assert "Types without a rule, and what they are counted as" in shown
    assert "MATERIALIZED_VIEW  table" in shown
    assert loaded.queries(
        "SELECT schema_name, table_name, counted, behaviour FROM load_analysis.table_health "
        "ORDER BY table_name"
    ) == [
        {
            "schema_name": "Sales",
            "table_name": "orders",
            "counted": 12,
            "behaviour": "healthy",
        },
        {
            "schema_name": "Sales",
            "table_name": "totals",
            "counted": 12,
            "behaviour": "always_failing",
        },
    ]
    assert loaded.queries(
        "SELECT DISTINCT type, table_name FROM load_status.nodes WHERE table_name IS NOT NULL"
    ) == [{"type": "table", "table_name": "orders"}]


def test_users_define_their_types(loaded: User) -> None:
    """A type that a CSV file in the configuration excludes is neither a table nor a conflict."""
    (loaded.home / "types.csv").write_text("type,role\nmaterialized_view,none\n")
    loaded.settings["SOURCES__INCORTA__MODELS__TYPE_ROLES"] = "types.csv"
    assert "without a rule" not in loaded.runs("analyze").stderr
    loaded.runs("health", "--fail-on-any")
    assert "Types without a rule" not in loaded.runs("coverage").stdout
    assert loaded.queries(
        "SELECT count(*) AS tables, count(*) FILTER (WHERE table_name = 'totals') AS views "
        "FROM load_analysis.table_health"
    ) == [{"tables": 1, "views": 0}]


@pytest.mark.parametrize("command", ["run", "analyze", "check"])
def test_an_invalid_file_of_types_stops_a_command_before_it_starts(
    user: User, simulator: Simulator, command: str
) -> None:
    """The exit code is 2 with line and reason, and the cluster gets no request."""
    path = user.home / "types.csv"
    path.write_text("type;role\nVIEW;table\n")
    user.settings["SOURCES__INCORTA__MODELS__TYPE_ROLES"] = str(path)
    done = user.runs(command, exit_code=2)
    assert done.stderr == (
        f"Error: Line 1 of the type roles '{path}' separates its fields with semicolons; use "
        "commas; nothing was changed.\n"
    )
    assert simulator.requests == ()
