"""Options that select rows by name, on every command that prints rows."""

from __future__ import annotations

import pytest

from journeys.shell import User

TABLES = ["failures", "health", "regressions", "fix-first", "conflicts"]


@pytest.mark.parametrize("command", TABLES)
def test_a_schema_selects_its_rows(analyzed: User, command: str) -> None:
    """The rows are those of the whole list with this schema, in the same order."""
    everything = analyzed.reads(command)
    schema = next(row["schema_name"] for row in everything if row["schema_name"] is not None)
    assert analyzed.reads(command, "--schema", schema) == [
        row for row in everything if row["schema_name"] == schema
    ]


@pytest.mark.parametrize("command", TABLES[:-1])  # no table contradicts itself here
def test_a_table_selects_its_rows(analyzed: User, command: str) -> None:
    """It is named as it is, or with its schema in front."""
    everything = analyzed.reads(command)
    first = next(row for row in everything if row["table_name"] is not None)
    wanted = [row for row in everything if row["table_name"] == first["table_name"]]
    assert analyzed.reads(command, "--table", first["table_name"]) == wanted
    qualified = f"{first['schema_name']}.{first['table_name']}"
    assert analyzed.reads(command, "--table", qualified) == wanted


@pytest.mark.parametrize("command", [*TABLES, "incidents", "executions", "coverage", "changes"])
@pytest.mark.parametrize(("option", "name"), [("--cluster", "journey"), ("--tenant", "demo")])
def test_the_only_cluster_and_tenant_select_everything(
    analyzed: User, command: str, option: str, name: str
) -> None:
    """Any other is an error, so that a misspelled name does not look like a clean one."""
    assert analyzed.reads(command, option, name) == analyzed.reads(command)
    done = analyzed.runs(command, option, "x", exit_code=2)
    assert f"There is no {option.strip('-')} 'x' in the warehouse; its " in done.stderr
    assert f"'{name}'" in done.stderr


def test_executions_of_a_table_are_those_in_which_it_ran(analyzed: User) -> None:
    """Restarts run only some tables."""
    [row] = analyzed.queries("SELECT table_name AS name FROM load_analysis.table_health LIMIT 1")
    found = [each["execution_id"] for each in analyzed.reads("executions", "--table", row["name"])]
    ran = analyzed.queries(
        "SELECT DISTINCT execution_id FROM load_analysis.table_runs "
        f"WHERE table_name = '{row['name']}' ORDER BY execution_id DESC"
    )
    assert found == [each["execution_id"] for each in ran]


def test_incidents_of_a_schema_are_those_with_a_table_of_it(analyzed: User) -> None:
    """The tables of one incident are selected in the same way."""
    [row] = analyzed.queries("SELECT * FROM load_analysis.incident_tables LIMIT 1")
    found = analyzed.reads("incidents", "--schema", row["schema_name"])
    assert row["execution_id"] in [each["execution_id"] for each in found]
    tables = analyzed.reads("incidents", str(row["execution_id"]), "--table", row["table_name"])
    assert [each["table_name"] for each in tables] == [row["table_name"]]


def test_a_unit_without_the_name_is_refused(analyzed: User) -> None:
    """Rates by plan are over all of its schemas."""
    done = analyzed.runs("failures", "--by", "plan", "--schema", "x", exit_code=2)
    assert "Rows by plan have no schema" in done.stderr


def test_the_closest_of_many_names_are_listed(analyzed: User) -> None:
    """Ten thousand names would be no help."""
    done = analyzed.runs("health", "--table", "no_such_table", exit_code=2)
    assert "the closest of its" in done.stderr
    assert len(done.stderr) < 500


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("list", "executions"), ("status", "health"), ("describe", "table"), ("compare", "diff")],
)
def test_a_command_is_suggested_by_meaning(analyzed: User, typed: str, meant: str) -> None:
    """Letters alone would suggest nothing, or something else."""
    done = analyzed.runs(typed, exit_code=2)
    assert done.stderr == (
        f"Error: No such command '{typed}'. Did you mean '{meant}'? Try 'incorta-loads --help'.\n"
    )
