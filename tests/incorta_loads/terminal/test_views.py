"""Rules for the output of each command."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from incorta_loads.analysis.rows import Row, Rows
from incorta_loads.choices import Format
from incorta_loads.cli.summary import show_check
from incorta_loads.config.settings import Settings
from incorta_loads.endpoint.client import Answer
from incorta_loads.restarted_ids import RestartedIds
from incorta_loads.terminal.coverage_view import show_coverage
from incorta_loads.terminal.execution_view import show_execution
from incorta_loads.terminal.views import (
    show_backtest,
    show_failure_rates,
    show_fix_first,
    show_regressions,
)
from incorta_loads.tree.statuses import STATUS_OUTCOMES

Printed = pytest.CaptureFixture[str]

AT = datetime(2026, 11, 23, 21, 43, 45, 123456, tzinfo=UTC)


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sets the default terminal width of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")


def lines(capsys: Printed) -> list[str]:
    return [line.rstrip() for line in capsys.readouterr().out.splitlines()]


# --- Failure rates -------------------------------------------------------------------------------

RATES = {
    "runs": 130,
    "counted": 120,
    "errors": 30,
    "failures": 15,
    "failure_rate": 0.125,
    "error_rate": 0.25,
    "error_rate_low": 0.1811,
    "error_rate_high": 0.3344,
    "last_error_execution_id": 417,
    "recent_counted": 9,
    "recent_errors": 3,
    "recent_error_rate": 1 / 3,
    "recent_error_rate_low": 0.1206,
    "recent_error_rate_high": 0.6458,
}
SCHEMA_TABLE = ("schema_name", "table_name")
NOTHING_COUNTED = dict.fromkeys(RATES) | {"runs": 2, "counted": 0, "errors": 0, "failures": 0}


def rates(*names: dict[str, Any], cluster: str = "c", **other: Any) -> Rows:
    key = {"cluster": cluster, "tenant": "t"}
    rows = [key | each | (NOTHING_COUNTED if other.get("nothing") else RATES) for each in names]
    return Rows(list(rows[0]), rows)


def table(schema: str | None, name: str | None) -> dict[str, Any]:
    return {"schema_name": schema, "table_name": name}


def test_failure_rates_show_counts_rates_and_intervals(capsys: Printed) -> None:
    """The table fits 80 columns."""
    found = rates({"load_plan": "Sales Daily"}, {"load_plan": None})
    show_failure_rates(found, ("load_plan",), Format.TABLE, by="plan", recent=False)
    assert lines(capsys) == [
        "Failure rates by plan",
        "load plan    runs     errors  failed   error rate (95 %)  last error",
        "Sales Daily   130  30 of 120      15  25.0 % (18.1–33.4)         417",
        "–             130  30 of 120      15  25.0 % (18.1–33.4)         417",
    ]


def test_recent_failure_rates_show_recent_counts(capsys: Printed) -> None:
    """The title states that the rates are recent."""
    found = rates({"load_plan": "Sales Daily"})
    show_failure_rates(found, ("load_plan",), Format.TABLE, by="plan", recent=True)
    assert lines(capsys) == [
        "Failure rates by plan, recent executions",
        "load plan    errors   error rate (95 %)  last error",
        "Sales Daily  3 of 9  33.3 % (12.1–64.6)         417",
    ]


def test_without_counted_runs_there_is_no_rate(capsys: Printed) -> None:
    """The rate is a dash, never 0 %."""
    found = rates({"load_plan": "Sales Daily"}, nothing=True)
    show_failure_rates(found, ("load_plan",), Format.TABLE, by="plan", recent=False)
    assert lines(capsys)[-1].split() == ["Sales", "Daily", "2", "0", "of", "0", "0", "–", "–"]


@pytest.mark.parametrize(
    ("tables", "expected"),
    [
        ([("S", "S.a"), ("T.x", "T.x.b")], [["S.a"], ["T.x.b"]]),
        ([("S", "S.a"), ("T", "b")], [["S", "S.a"], ["T", "b"]]),
        ([("S", "S.a"), ("S", "T.a")], [["S", "S.a"], ["S", "T.a"]]),
        ([("S", "S.a"), ("S", "Sa")], [["S", "S.a"], ["S", "Sa"]]),
        ([("S", "S.a"), ("S", None)], [["S", "S.a"], ["S", "–"]]),
        ([("S", "S.a"), (None, "None.a")], [["S", "S.a"], ["–", "None.a"]]),
        ([("S", "S.a"), ("", ".a")], [["S.a"], [".a"]]),
    ],
)
def test_the_schema_is_shown_unless_table_names_include_it(
    capsys: Printed, tables: list[tuple[str | None, str | None]], expected: list[list[str]]
) -> None:
    """Table names usually include the schema, and 80 columns are narrow."""
    found = rates(*(table(*each) for each in tables))
    show_failure_rates(found, SCHEMA_TABLE, Format.TABLE, by="table", recent=True)
    heading, *rows = lines(capsys)[1:]
    assert heading.startswith("schema name" if len(expected[0]) > 1 else "table name")
    assert [row.split()[: len(expected[0])] for row in rows] == expected


def test_csv_and_json_are_complete(capsys: Printed) -> None:
    """They have all columns of the mart, including the schema and unrounded rates."""
    found = rates(table("S", "S.a"))
    show_failure_rates(found, SCHEMA_TABLE, Format.JSON, by="table", recent=True)
    assert json.loads(capsys.readouterr().out) == found.rows
    show_failure_rates(found, SCHEMA_TABLE, Format.CSV, by="table", recent=True)
    assert capsys.readouterr().out == (
        "cluster,tenant,schema_name,table_name,runs,counted,errors,failures,failure_rate,error_rate,"
        "error_rate_low,error_rate_high,last_error_execution_id,recent_counted,recent_errors,"
        "recent_error_rate,recent_error_rate_low,recent_error_rate_high\n"
        "c,t,S,S.a,130,120,30,15,0.125,0.25,0.1811,0.3344,417,9,3,0.3333333333333333,0.1206,0.6458\n"
    )


def test_cluster_and_tenant_are_shown_if_there_are_several(capsys: Printed) -> None:
    """Only the one that says something is shown, even if these rows have one value."""
    first, second = rates({"load_plan": "P"}), rates({"load_plan": "P"}, cluster="d")
    found = Rows(first.names, first.rows + second.rows, places=("cluster",))
    show_failure_rates(found, ("load_plan",), Format.TABLE, by="plan", recent=True)
    heading, *rows = lines(capsys)[1:]
    assert heading.split()[:3] == ["cluster", "load", "plan"]
    assert [row.split()[:2] for row in rows] == [["c", "P"], ["d", "P"]]


def test_failure_rates_without_rows(capsys: Printed) -> None:
    """The title is followed by a note that there are no rows."""
    found = Rows(rates(table("S", "S.a")).names, [])
    show_failure_rates(found, SCHEMA_TABLE, Format.TABLE, by="table", recent=False)
    assert lines(capsys) == ["Failure rates by table", "No rows."]


def test_qualified_tables_fit_80_columns(capsys: Printed) -> None:
    """Names have 20 characters, and counts four digits."""
    found = rates(table("Sales", "Sales.order_line_new"), table("S", "S." + "x" * 18))
    for row in found.rows:
        row["runs"] = row["counted"] = row["errors"] = row["last_error_execution_id"] = 1_234
    show_failure_rates(found, SCHEMA_TABLE, Format.TABLE, by="table", recent=False)
    assert lines(capsys) == [
        "Failure rates by table",
        "table name            runs        errors  failed   error rate (95 %)  last error",
        "Sales.order_line_new  1234  1234 of 1234      15  25.0 % (18.1–33.4)        1234",
        "S.xxxxxxxxxxxxxxxxxx  1234  1234 of 1234      15  25.0 % (18.1–33.4)        1234",
    ]


# --- Regressions and notifications ----------------------------------------------------------------

REGRESSION = {
    "cluster": "c",
    "tenant": "t",
    "schema_name": "s",
    "table_name": "s.a",
    "verdict": "regressed",
    "since_execution_id": 312,
    "changed_after_execution_id": 290,
    "changed_by_execution_id": 331,
    "recent_errors": 9,
    "recent_runs": 20,
    "baseline_errors": 3,
    "baseline_runs": 100,
    "recent_starts": 4,
    "recent_trials": 10,
    "baseline_starts": 0,
    "baseline_trials": 89,
    "p_value": 0.00022,
    "p_improved": 1.0,
    "p_runs": 1e-6,
    "behaviour": "intermittent",
}


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({}, "regressed 312 (between 290 and 331) 9 of 20 3 of 100 4 of 10 0 of 89 0.00022"),
        ({"changed_after_execution_id": None}, "regressed 312 (by 331) 9 of 20"),
        ({"verdict": "outage", "since_execution_id": None}, "outage – 9 of 20"),
        ({"verdict": "outage"}, "9 of 20 3 of 100 – – 1e-06"),
        ({"verdict": "improved", "p_improved": 0.0005}, "0 of 89 0.0005"),
        (
            dict.fromkeys(("recent_trials", "baseline_trials", "p_value"))
            | {"verdict": "insufficient_data"},
            "9 of 20 3 of 100 – – –",
        ),
    ],
)
def test_a_regression_shows_since_when_and_the_p_value_of_its_verdict(
    capsys: Printed, monkeypatch: pytest.MonkeyPatch, changes: Row, shown: str
) -> None:
    """The bounds of the change are in brackets; what is not known is a dash."""
    monkeypatch.setenv("COLUMNS", "160")
    row = REGRESSION | changes
    show_regressions(Rows(list(row), [row]), Format.TABLE)
    assert shown in " ".join(capsys.readouterr().out.split())


def test_notifications_show_what_became_of_them(
    capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers per million runs are rounded, shares are percentages."""
    monkeypatch.setenv("COLUMNS", "160")
    became = {"confirmed": 6, "passed": 2, "unclear": 1, "open": 3, "short": 0, "long": 0}
    row = {
        "cluster": "c",
        "tenant": "t",
        "setting": "current",
        "kind": "worse",
        "messages": 12,
        "messages_per_million_runs": 1234.5,
        **became,
        "share_confirmed": 2 / 3,
        "median_delay_runs": 17.5,
    }
    show_backtest(Rows(list(row), [row, row | dict.fromkeys(list(row)[5:])]), Format.TABLE)
    first, second = lines(capsys)[-2:]
    assert first.split() == [
        "current",
        "worse",
        "12",
        "1,234",
        "6",
        "2",
        "1",
        "3",
        "0",
        "0",
        "66.7",
        "%",
        "17.5",
    ]
    assert set(second.split()[3:]) == {"–"}


# --- Fix first ------------------------------------------------------------------------------------

CAUSE = {
    "cluster": "c",
    "tenant": "t",
    "fix_rank": 1,
    "type": "TABLE",
    "role": "table",
    "name": "s.a",
    "load_plan": None,
    "behaviour": "broken_since",
    "failing_since_execution_id": 300,
    "incident_execution_id": None,
    "tables_not_run": 0,
    "executions_failed": 28,
    "failed_executions": 190,
    "executions_only_cause": 23,
    "cumulative_clean_executions": 91,
}


def test_causes_are_shown_with_what_their_columns_mean(capsys: Printed) -> None:
    """Columns that would say nothing are left out."""
    show_fix_first(Rows(list(CAUSE), [CAUSE]), Format.TABLE)
    assert lines(capsys) == [
        "What to fix first",
        "rank  name  behaviour     since  executions  alone  clean",
        "   1  s.a   broken_since    300          28     23     91",
        "executions: of 190 recent ones with errors, those with this cause",
        "alone: those with no other cause",
        "clean: those without a cause after fixing this one and all of a better rank",
    ]
    show_fix_first(Rows(list(CAUSE), [CAUSE | {"tables_not_run": 8}]), Format.TABLE)
    assert "  not run  " in lines(capsys)[1]


# --- Coverage ------------------------------------------------------------------------------------

COVERAGE: Row = {
    "cluster": "c",
    "tenant": "t",
    "ids_asked": 12,
    "loaded": 7,
    "not_found": 2,
    "forbidden": 1,
    "rejected": 0,
    "unavailable": 2,
    "invalid_payload": 0,
    "lowest_loaded_id": 3,
    "highest_loaded_id": 11,
    "ids_missing": 2,
    "executions_not_final": 1,
    "aged": 0,
    "last_fetched_at": AT,
    "ids_restarted": False,
    "highest_asked_id": 31,
}
NONE_UNKNOWN = Rows(["type", "nodes"], [])


def covered(*rows: Row) -> Rows:
    return Rows(list(COVERAGE), list(rows))


def test_coverage_shows_requests_outcomes_gaps_and_age(capsys: Printed) -> None:
    """The summary shows the requested and missing ids, the outcomes, and how current the data
    is."""
    show_coverage(covered(COVERAGE), NONE_UNKNOWN, NONE_UNKNOWN, Format.TABLE)
    assert lines(capsys) == [
        "Coverage of c, tenant t",
        "12 ids requested: 7 loaded, 2 not_found, 1 forbidden, 2 unavailable.",
        "Executions 3 to 11, with 2 ids missing between them; 1 not final.",
        "Looked for executions up to id 31.",
        "Last response: 2026-11-23 21:43:45 UTC.",
    ]


def test_coverage_reports_ids_that_start_over(capsys: Printed) -> None:
    """The report explains the situation and the remedy."""
    show_coverage(
        covered(COVERAGE | {"ids_restarted": True}), NONE_UNKNOWN, NONE_UNKNOWN, Format.TABLE
    )
    assert lines(capsys)[4] == str(RestartedIds("c", "t", 11))


def test_coverage_of_ids_without_executions(capsys: Printed) -> None:
    """There is no range if nothing was loaded; ids that are no longer requested are counted."""
    nothing: Row = dict.fromkeys(COVERAGE, 0) | {
        "cluster": "[c]",
        "tenant": "\x1bt",
        "ids_asked": 3,
        "not_found": 3,
        "aged": 3,
        "lowest_loaded_id": None,
        "highest_loaded_id": None,
        "highest_asked_id": 3,
        "last_fetched_at": AT,
    }
    show_coverage(covered(nothing), NONE_UNKNOWN, NONE_UNKNOWN, Format.TABLE)
    assert lines(capsys) == [
        "Coverage of [c], tenant \\x1bt",
        "3 ids requested: 3 not_found.",
        "Looked for executions up to id 3.",
        "3 ids without a final result after 30 days are skipped unless named with --ids.",
        "Last response: 2026-11-23 21:43:45 UTC.",
    ]


def test_coverage_of_one_id_is_singular(capsys: Printed) -> None:
    """Sentences about one id use the singular."""
    one: Row = COVERAGE | {"ids_asked": 1, "ids_missing": 1, "aged": 1}
    show_coverage(covered(one), NONE_UNKNOWN, NONE_UNKNOWN, Format.TABLE)
    output = lines(capsys)
    assert output[1].startswith("1 id requested: ")
    assert "with 1 id missing between them" in output[2]
    assert output[4].startswith("1 id without a final result after 30 days is skipped")


def test_coverage_without_rows(capsys: Printed) -> None:
    """There is a sentence for people, and no rows in other formats."""
    show_coverage(covered(), NONE_UNKNOWN, NONE_UNKNOWN, Format.TABLE)
    show_coverage(covered(), NONE_UNKNOWN, NONE_UNKNOWN, Format.JSON)
    show_coverage(covered(), NONE_UNKNOWN, NONE_UNKNOWN, Format.CSV)
    assert lines(capsys) == ["No id was requested yet.", "[]", ",".join(COVERAGE)]


def test_coverage_shows_statuses_without_a_rule(capsys: Printed) -> None:
    """They come last, for people only; CSV and JSON have only the coverage."""
    unknown = Rows(
        ["type", "job_status", "nodes"],
        [{"type": "TABLE", "job_status": "Odd\n[red]", "nodes": 5}],
    )
    show_coverage(covered(COVERAGE), unknown, NONE_UNKNOWN, Format.TABLE)
    assert lines(capsys)[5:] == [
        "Statuses without a rule (outcome unknown)",
        "type   job_status  nodes",
        "TABLE  Odd\\n[red]      5",
    ]
    show_coverage(covered(COVERAGE), unknown, NONE_UNKNOWN, Format.JSON)
    printed = json.loads(capsys.readouterr().out)
    assert printed == [COVERAGE | {"last_fetched_at": "2026-11-23T21:43:45.123456+00:00"}]


def test_coverage_shows_types_without_a_role(capsys: Printed) -> None:
    """They come last with their assumed role, for people only."""
    types = Rows(
        ["type", "role_taken", "nodes"],
        [{"type": "VIEW", "role_taken": "table", "nodes": 5}],
    )
    show_coverage(covered(COVERAGE), NONE_UNKNOWN, types, Format.TABLE)
    assert lines(capsys)[5:] == [
        "Types without a rule, and what they are counted as",
        "type  role_taken  nodes",
        "VIEW  table           5",
    ]
    show_coverage(covered(COVERAGE), NONE_UNKNOWN, types, Format.JSON)
    assert len(json.loads(capsys.readouterr().out)) == 1


# --- One execution -------------------------------------------------------------------------------

NODE: Row = {
    "cluster": "c",
    "tenant": "t",
    "execution_id": 7,
    "node_id": 0,
    "last_descendant_id": 0,
    "depth": 0,
    "type": "LOAD_PLAN",
    "name": "Sales Daily",
    "state_type": "Terminator State",
    "job_status": "Failed",
    "extra": None,
    "fetched_at": AT,
    "outcome": "failure",
}


def node(node_id: int, last: int, depth: int, **other: Any) -> Row:
    return NODE | {"node_id": node_id, "last_descendant_id": last, "depth": depth} | other


TREE = [
    node(0, 3, 0),
    node(1, 3, 1, type="GROUP", name="Group [1]"),
    node(2, 2, 2, type="TABLE", name="a\nb", job_status="Odd", outcome="unknown"),
    node(3, 3, 2, type="TABLE", name=None, job_status=None, state_type=None, outcome="unknown"),
]


def executed(*rows: Row) -> Rows:
    return Rows(list(NODE), list(rows))


def test_an_execution_is_shown_as_a_tree(capsys: Printed) -> None:
    """Nodes are indented; a status without a rule has its state, and missing names have a
    placeholder."""
    show_execution("7", executed(*TREE), Format.TABLE)
    assert lines(capsys) == [
        "Execution 7 of c, tenant t, as of 2026-11-23 21:43:45 UTC",
        "✗ Sales Daily  Failed",
        "  ✗ Group [1]  Failed",
        "    ? a\\nb  Odd (Terminator State)",
        "    ? (TABLE without a name)  no status (no state)",
        "✗ 2 failure  ? 2 unknown",
    ]


def test_the_signs_of_a_terminal_without_unicode(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each outcome has its own ASCII sign."""
    stdout = io.TextIOWrapper(io.BytesIO(), "ascii")
    monkeypatch.setattr("sys.stdout", stdout)
    nodes = [node(0, 0, 1, outcome=each, job_status=each) for each in STATUS_OUTCOMES]
    show_execution("7", executed(node(0, 0, 0, name="Größe"), *nodes), Format.TABLE)
    stdout.seek(0)
    assert [line.strip() for line in stdout.readlines()[1:-1]] == [
        "x Gr\\xf6\\xdfe  Failed",
        "+ Sales Daily  success",
        "! Sales Daily  partial",
        "x Sales Daily  failure",
        "# Sales Daily  interrupted",
        "- Sales Daily  skipped",
        "> Sales Daily  running",
        ". Sales Daily  queued",
        "? Sales Daily  unknown (Terminator State)",
    ]


def test_long_and_bidirectional_names_do_not_disturb_other_text(capsys: Printed) -> None:
    """Names are cut to 200 characters, with direction marks escaped; JSON has them complete."""
    name = "\u202e" + "x" * 200_000 + "\u200fend"
    show_execution("7", executed(node(0, 0, 0, name=name)), Format.TABLE)
    line = lines(capsys)[1]
    assert line == "✗ \\u202e" + "x" * 99 + "…" + "x" * 95 + "\\u200fend  Failed"
    show_execution("7", executed(node(0, 0, 0, name=name)), Format.JSON)
    assert json.loads(capsys.readouterr().out)["name"] == name


def test_an_execution_as_json_is_the_tree_of_the_cluster(capsys: Printed) -> None:
    """Names and statuses are unchanged, in one document."""
    show_execution("7", executed(*TREE), Format.JSON)
    failed = {"stateType": "Terminator State", "jobStatus": "Failed"}
    odd = {"stateType": "Terminator State", "jobStatus": "Odd"}
    assert json.loads(capsys.readouterr().out) == {
        "name": "Sales Daily",
        "type": "LOAD_PLAN",
        "status": failed,
        "childStatusDetails": [
            {
                "name": "Group [1]",
                "type": "GROUP",
                "status": failed,
                "childStatusDetails": [
                    {"name": "a\nb", "type": "TABLE", "status": odd},
                    {"type": "TABLE"},
                ],
            }
        ],
    }


def test_an_execution_of_two_clusters_is_two_trees(capsys: Printed) -> None:
    """Each tree has its own first line; in JSON each is a line of its own."""
    found = executed(node(0, 0, 0), node(0, 0, 0, cluster="d", name="Other"))
    show_execution("7", found, Format.TABLE)
    assert lines(capsys) == [
        "Execution 7 of c, tenant t, as of 2026-11-23 21:43:45 UTC",
        "✗ Sales Daily  Failed",
        "Execution 7 of d, tenant t, as of 2026-11-23 21:43:45 UTC",
        "✗ Other  Failed",
        "✗ 2 failure",
    ]
    show_execution("7", found, Format.JSON)
    printed = [json.loads(line)["name"] for line in lines(capsys)]
    assert printed == ["Sales Daily", "Other"]


def test_an_execution_as_csv_is_its_rows(capsys: Printed) -> None:
    """The rows have all columns."""
    show_execution("7", executed(TREE[2]), Format.CSV)
    assert capsys.readouterr().out == (
        "cluster,tenant,execution_id,node_id,last_descendant_id,depth,type,name,state_type,"
        "job_status,extra,fetched_at,outcome\n"
        'c,t,7,2,2,2,TABLE,"a\nb",Terminator State,Odd,,2026-11-23T21:43:45.123456+00:00,unknown\n'
    )


def test_an_execution_without_errors_has_a_note(capsys: Printed) -> None:
    """The note is a sentence for people, null in JSON, and the heading alone in CSV."""
    show_execution("7", executed(), Format.TABLE)
    show_execution("7", executed(), Format.JSON)
    show_execution("7", executed(), Format.CSV)
    assert lines(capsys) == ["Nothing failed in execution 7.", "null", ",".join(NODE)]


def test_a_check_reports_what_works(capsys: Printed) -> None:
    """It has the cluster, the tenant and the cluster's name, and never the token."""
    settings = Settings("https://h/incorta", "Größe/1", "s3cret-token", cluster="h")
    show_check(settings, Answer(1, "not_found", AT))
    assert capsys.readouterr().out == (
        "https://h/incorta responds and accepts the tenant 'Größe/1' and the token "
        "(execution 1: not_found).\n"
        "Rows are stored under the cluster name 'h'.\n"
    )
