"""The commands that look closely: one execution, one table, and what changed."""

from __future__ import annotations

import csv
import io

import pytest

from journeys.shell import User
from journeys.terminal import on_a_terminal

BROKEN = "SELECT * FROM load_analysis.table_health WHERE behaviour = 'broken_since' LIMIT 1"


@pytest.fixture
def own(pulled: User) -> User:
    """A user with an analysis after one run, and no publication."""
    pulled.runs("analyze")
    return pulled


def test_the_card_of_a_table_has_what_the_marts_have(analyzed: User) -> None:
    """As JSON, it has whole rows of each."""
    [health] = analyzed.queries(BROKEN)
    [card] = analyzed.reads("table", health["table_name"], "--limit", "7")
    assert card["health"] == health
    key = health["table_key"]
    assert [card["regression"]] == analyzed.queries(
        f"SELECT * FROM load_analysis.table_regressions WHERE table_key = '{key}'"
    )
    ids = analyzed.queries(
        f"SELECT execution_id FROM load_analysis.table_runs WHERE table_key = '{key}' "
        "ORDER BY execution_id DESC LIMIT 7"
    )
    assert [run["execution_id"] for run in card["runs"]] == [row["execution_id"] for row in ids]
    assert card["episodes"][0]["first_execution_id"] == health["failing_since_execution_id"]
    assert sum(plan["errors"] for plan in card["plans"]) == health["errors"]


def test_the_card_names_what_broke_with_the_table(analyzed: User) -> None:
    """These are the other tables of its newest incident."""
    tables = analyzed.queries(
        "SELECT table_name FROM load_analysis.incident_tables WHERE execution_id = "
        "(SELECT max(execution_id) FROM load_analysis.incidents) ORDER BY ALL"
    )
    first, *others = (row["table_name"] for row in tables)
    [card] = analyzed.reads("table", first)
    assert [row["table_name"] for row in card["broke_with"]] == others
    assert f"Broke with    {others[0]}\n" in analyzed.runs("table", first).stdout


def test_the_card_for_people_says_since_when_and_shows_the_last_runs(analyzed: User) -> None:
    """Each line of the strip begins with the execution of its first run."""
    [health] = analyzed.queries(BROKEN)
    lines = analyzed.runs("table", health["table_name"]).stdout.splitlines()
    assert lines[0] == health["table_name"]
    assert (
        f"broken_since: {health['current_streak']} errors in a row since "
        f"{health['failing_since_execution_id']}; last success in "
        f"{health['last_success_execution_id']}"
    ) in lines[1]
    assert any(line.endswith("✗") for line in lines)


def test_the_runs_of_a_table_are_csv(analyzed: User) -> None:
    """The newest comes first, as in JSON."""
    [health] = analyzed.queries(BROKEN)
    printed = analyzed.runs("table", health["table_name"], "--format", "csv").stdout
    rows = list(csv.DictReader(io.StringIO(printed)))
    assert rows[0]["execution_id"] == str(health["last_execution_id"])
    assert {row["table_key"] for row in rows} == {health["table_key"]}


def test_an_unknown_table_is_answered_with_the_closest(analyzed: User) -> None:
    """A name without its schema is often meant."""
    [health] = analyzed.queries(BROKEN)
    short = health["table_name"].rpartition(".")[2].upper()
    done = analyzed.runs("table", short, exit_code=2)
    assert done.stderr.startswith(f"Error: There is no table '{short}' in the warehouse")
    assert f"'{health['table_name']}'" in done.stderr


def test_the_newest_execution_has_a_name(own: User) -> None:
    """`last` is the newest of all, the name of a plan its newest."""
    [last] = own.queries("SELECT max(execution_id) AS id FROM load_status.nodes")
    [of_plan] = own.queries(
        "SELECT max(execution_id) AS id FROM load_status.nodes WHERE load_plan = 'Sales Daily'"
    )
    newest = own.runs("show", "last", "--format", "json").stdout
    assert newest == own.runs("show", str(last["id"]), "--format", "json").stdout
    newest = own.runs("show", "Sales Daily", "--format", "json").stdout
    assert newest == own.runs("show", str(of_plan["id"]), "--format", "json").stdout


def test_what_is_neither_id_nor_plan_is_an_error(analyzed: User) -> None:
    """The error lists the plans."""
    done = analyzed.runs("show", "sales", exit_code=2)
    assert done.stderr.startswith("Error: 'sales' is neither an execution id, nor 'last', nor a")
    assert "'Sales Daily'" in done.stderr


def test_two_executions_differ_in_the_outcomes_of_their_nodes(analyzed: User) -> None:
    """Each node is compared with the one at the same path."""
    [pair] = analyzed.queries(
        """
        SELECT min(execution_id) AS earlier, max(execution_id) AS later FROM (
            SELECT execution_id FROM load_analysis.executions
            WHERE load_plan = 'Sales Daily' AND is_final ORDER BY execution_id DESC LIMIT 2
        )
        """
    )
    found = analyzed.reads("diff", "--plan", "Sales Daily")
    assert found == analyzed.reads("diff", "Sales Daily")
    assert found == analyzed.reads("diff", str(pair["earlier"]), str(pair["later"]))
    outcomes = {
        number: {
            row["path"]: row["outcome"]
            for row in analyzed.queries(
                "SELECT path, outcome FROM load_analysis.node_outcomes "
                f"WHERE execution_id = {pair[number]}"
            )
        }
        for number in ("earlier", "later")
    }
    paths = outcomes["earlier"].keys() | outcomes["later"].keys()
    assert {row["path"]: (row["outcome_before"], row["outcome"]) for row in found} == {
        path: (outcomes["earlier"].get(path), outcomes["later"].get(path))
        for path in paths
        if outcomes["earlier"].get(path) != outcomes["later"].get(path)
    }


@pytest.mark.parametrize("arguments", [(), ("1",), ("1", "2", "3"), ("1", "--plan", "Sales Daily")])
def test_a_difference_needs_two_executions(analyzed: User, arguments: tuple[str, ...]) -> None:
    """Or a plan; anything else is wrong usage."""
    done = analyzed.runs("diff", *arguments, exit_code=2)
    assert "two different execution ids, or one load plan" in done.stderr


def test_changes_are_those_whose_state_began_later(analyzed: User) -> None:
    """What broke is at the top, the newest first."""
    found = analyzed.reads("changes", "--since", "0")
    broken = [row["table_name"] for row in found if row["change"] == "broke"]
    everything = analyzed.queries("SELECT * FROM load_analysis.table_health WHERE is_broken")
    assert sorted(broken) == sorted(row["table_name"] for row in everything) != []
    since = [row["since_execution_id"] for row in found if row["change"] == "broke"]
    assert since == sorted(since, reverse=True)
    later = analyzed.reads("changes", "--since", str(since[0] - 1))
    assert {row["since_execution_id"] >= since[0] for row in later} == {True}
    assert analyzed.reads("changes", "--since", "1000000") == []


def test_a_terminal_shows_the_changes_of_the_last_run(own: User) -> None:
    """If there was one run only, everything is new."""
    code, output = on_a_terminal(own, "changes")
    assert code == 0
    assert "Changes after execution 0" in output


def test_the_report_is_named(own: User) -> None:
    """Before the first publication, the error says what to do."""
    done = own.runs("report", exit_code=1)
    assert "run incorta-loads publish first" in done.stderr
    own.runs("publish")
    path = own.home / "published" / "report.html"
    assert own.runs("report").stdout == f"{path}\n"
