"""Someone whose cluster has types that the vendor does not name."""

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
    """Twelve executions, in each a view that fails beside a table in lower case."""
    leaves = (node("MATERIALIZED_VIEW", "totals", "Failed"), node("table", "orders", "Success"))
    schema = node("SCHEMA", "Sales", "Success", *leaves)
    plan = node("LOAD_PLAN", "Daily", "Success", schema)
    for execution_id in range(1, 13):
        simulator.faults.plan(execution_id, RawBody(json.dumps(plan).encode()))
    user.runs("ingest", "--ids", "1-12")
    return user


def test_a_view_that_always_fails_is_seen(loaded: User) -> None:
    """It is a table until the user says otherwise: `health` ends with 4, and its type is named."""
    done = loaded.runs("analyze")
    assert (
        "12 nodes have a type without a role, most of them 'MATERIALIZED_VIEW'; 12 counted as "
        "tables because they are leaves below a schema, 0 as none" in done.stderr
    )
    loaded.runs("health", "--fail-on-any", exit_code=4)
    shown = loaded.runs("coverage").stdout
    assert "Types without a role, and what they are counted as" in shown
    assert "MATERIALIZED_VIEW  table" in shown
    assert loaded.asks(
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
    assert loaded.asks(
        "SELECT DISTINCT type, table_name FROM load_status.nodes WHERE table_name IS NOT NULL"
    ) == [{"type": "table", "table_name": "orders"}]


def test_users_say_what_their_types_mean(loaded: User) -> None:
    """In a CSV file that the configuration names: such a type is no table, and no conflict."""
    (loaded.home / "types.csv").write_text("type,role\nmaterialized_view,none\n")
    loaded.settings["SOURCES__INCORTA__MODELS__TYPE_ROLES"] = "types.csv"
    assert "without a role" not in loaded.runs("analyze").stderr
    loaded.runs("health", "--fail-on-any")
    assert "Types without a role" not in loaded.runs("coverage").stdout
    assert loaded.asks(
        "SELECT count(*) AS tables, count(*) FILTER (WHERE table_name = 'totals') AS views "
        "FROM load_analysis.table_health"
    ) == [{"tables": 1, "views": 0}]


@pytest.mark.parametrize("command", ["run", "analyze", "check"])
def test_a_bad_file_of_types_ends_a_command_before_it_begins(
    user: User, simulator: Simulator, command: str
) -> None:
    """Exit code 2 with line and reason; the cluster is not asked."""
    path = user.home / "types.csv"
    path.write_text("type;role\nVIEW;table\n")
    user.settings["SOURCES__INCORTA__MODELS__TYPE_ROLES"] = str(path)
    done = user.runs(command, exit_code=2)
    assert done.stderr == (
        f"Error: Line 1 of the type roles '{path}' is separated by semicolons; separate the fields "
        "by commas; nothing was changed.\n"
    )
    assert simulator.requests == ()
