"""Prints the result of each command, with the columns and wording for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from incorta_loads.analysis.rows import Row, Rows
from incorta_loads.choices import Format, Timed, Wanted
from incorta_loads.terminal.printing import (
    Column,
    code,
    number,
    part_of,
    print_line,
    print_rest,
    print_rows,
    probability,
    rate,
    rate_with_interval,
    value,
)
from incorta_loads.text import between


def show_failure_rates(
    found: Rows, names: Sequence[str], output: Format, *, by: str, recent: bool
) -> None:
    """Prints failure rates with counts and intervals."""
    shown = [name for name in names if name != "schema_name" or not _are_qualified(found.rows)]
    columns: list[Column] = [*_places(found), *(value(name) for name in shown)]
    if recent:
        columns += [
            part_of("recent_errors", "recent_counted", "errors"),
            rate_with_interval("recent_error_rate", "error rate (95 %)"),
        ]
    else:
        columns += [
            number("runs"),
            part_of("errors", "counted", "errors"),
            number("failures", "failed"),
            rate_with_interval("error_rate", "error rate (95 %)"),
        ]
    columns.append(number("last_error_execution_id", "last error"))
    title = f"Failure rates by {by}{', recent executions' if recent else ''}"
    print_rows(found, output, columns=columns, title=title)


def show_health(found: Rows, output: Format) -> None:
    """Prints the behavior of each table, and since when it has been failing."""
    columns = [
        *_tables(found),
        code("behaviour"),
        number("failing_since_execution_id", "since"),
        part_of("errors", "counted", "errors"),
        rate("error_rate", "error rate"),
        number("last_success_execution_id", "last success"),
    ]
    print_rows(found, output, columns=columns, title="Health of tables")


def show_regressions(found: Rows, output: Format) -> None:
    """Prints whether each table fails more often than before, since when, and the p-value."""
    columns = [
        *_tables(found),
        code("verdict"),
        Column("since", since_in_words),
        part_of("recent_errors", "recent_runs", "errors"),
        part_of("baseline_errors", "baseline_runs", "before"),
        _starts("recent_starts", "recent_trials", "starts"),
        _starts("baseline_starts", "baseline_trials", "starts before"),
        probability(_p_value, "p"),
        code("behaviour"),
    ]
    title = "Regressions: errors and starts of errors in the last runs and in those before"
    print_rows(found, output, columns=columns, title=title)


def show_backtest(found: Rows, output: Format) -> None:
    """Prints what notifications each setting would have sent, and what became of them."""
    columns = [
        *_places(found),
        code("setting"),
        code("kind", "says"),
        number("messages"),
        Column("per million runs", _messages_per_million_runs, is_number=True),
        *(number(became) for became in ("confirmed", "passed", "unclear", "open", "short", "long")),
        rate("share_confirmed", "share confirmed"),
        number("median_delay_runs", "median delay in runs"),
    ]
    title = "Notifications over this history, and what became of them"
    print_rows(found, output, columns=columns, title=title)


def show_executions(found: Rows, output: Format) -> None:
    """Prints how each execution ended, and how many of its tables did."""
    columns = [
        *_places(found),
        number("execution_id", "execution"),
        value("load_plan", "plan"),
        code("outcome"),
        part_of("table_errors", "tables", "tables in error"),
        *_unless_empty(number("tables_not_run", "not run"), found.rows),
        Column("run", lambda row: "partial" if row["is_partial"] else "whole", is_code=True),
    ]
    print_rows(found, output, columns=columns, title="Executions, newest first")


def show_incidents(found: Rows, output: Format) -> None:
    """Prints what broke together, and between which executions."""
    columns = [
        *_places(found),
        number("execution_id", "incident"),
        number("tables"),
        number("open_tables", "open"),
        Column("schema", lambda row: _one_of(row, "schema_name", "schemas")),
        Column("plan", lambda row: _one_of(row, "load_plan", "load_plans")),
        number("broke_after_execution_id", "broke after"),
        number("broke_by_execution_id", "and by"),
        number("last_execution_id", "last error"),
    ]
    print_rows(found, output, columns=columns, title="Incidents: tables that broke together")


def show_incident_tables(incident: int, found: Rows, output: Format) -> None:
    """Prints the tables of an incident."""
    columns = [
        *_tables(found),
        Column("open", lambda row: "yes" if row["is_open"] else "no", is_code=True),
        number("errors", "errors in a row"),
        number("ok_until_execution_id", "well until"),
        number("first_execution_id", "in error from"),
    ]
    print_rows(found, output, columns=columns, title=f"Tables of incident {incident}")


def show_changes(found: Rows, output: Format) -> None:
    """Prints which tables broke, got worse or recovered."""
    rows = found.rows
    columns = [
        code("change"),
        *_tables(found),
        number("since_execution_id", "since"),
        code("behaviour"),
        number("runs", "runs since"),
        part_of("errors", "counted", "errors in all"),
        *_unless_empty(number("incident_execution_id", "incident"), rows),
    ]
    after = sorted({row["after_execution_id"] for row in rows})
    title = f"Changes after execution {'/'.join(map(str, after))}" if after else "Changes"
    print_rows(found, output, columns=columns, title=title)


def show_conflicts(found: Rows, output: Format) -> None:
    """Prints the nodes where the cluster contradicts itself."""
    columns = [
        *_places(found),
        number("execution_id", "execution"),
        number("node_id", "node"),
        value("name"),
        code("job_status", "status"),
        code("rule"),
        number("evidence_node_id", "because of"),
    ]
    print_rows(found, output, columns=columns, title="Where the cluster contradicts itself")


def show_fix_first(found: Rows, output: Format) -> None:
    """Prints the causes to fix first, and what fixing them would do."""
    rows = found.rows
    columns = [
        *_places(found),
        number("fix_rank", "rank"),
        *([value("type")] if any(row["role"] != "table" for row in rows) else []),
        value("name"),
        *([value("load_plan", "plan")] if any(row["load_plan"] for row in rows) else []),
        code("behaviour"),
        number("failing_since_execution_id", "since"),
        *_unless_empty(number("incident_execution_id", "incident"), rows),
        *_unless_empty(number("tables_not_run", "not run"), rows),
        number("executions_failed", "executions"),
        number("executions_only_cause", "alone"),
        number("cumulative_clean_executions", "clean"),
    ]
    print_rows(found, output, columns=columns, title="What to fix first")
    if output is Format.TABLE and rows:
        failed = "/".join(str(each) for each in sorted({row["failed_executions"] for row in rows}))
        print_line(f"executions: of {failed} recent ones with errors, those with this cause")
        print_line("alone: those with no other cause")
        print_line("clean: those without a cause after fixing this one and all of a better rank")


def show_durations(found: Rows, output: Format, *, by: Timed) -> None:
    """Prints how long plans or tables take: the median, and the last run."""
    is_table = by is Timed.TABLE
    columns = [
        *(_tables(found) if is_table else _places(found)),
        value("load_plan", "plan"),
        number("runs"),
        _interval("median", "median"),
        _interval("p90", "90 % within"),
        _interval("last", "last run"),
        number("last_execution_id", "execution"),
        code("verdict"),
        *([rate("share_of_plan", "of plan")] if is_table else []),
    ]
    print_rows(found, output, columns=columns, title=f"Durations by {by}")


def show_known_times(
    known: int, total: int, output: Format, *, of: str, counts_some: bool = False
) -> None:
    """Prints of how many executions or runs the times are known, and how more would be.

    Args:
        known: how many.
        total: of how many.
        output: nothing is printed for programs.
        of: what they are.
        counts_some: whether the rows above count only some of them.
    """
    if output is Format.TABLE:
        print_line(f"Durations are known of {known:,} of {total:,} {of}s.")
        if counts_some and known:
            print_line("Runs that failed and restarts of a part of a plan are not counted.")
        if known < total:
            print_line(
                "A duration needs a look before the start and one after the end; run "
                "incorta-loads run on a schedule."
            )


def _interval(name: str, title: str) -> Column:
    """Returns a column with a duration between two bounds."""

    def text(row: Row) -> str:
        return between(row[f"{name}_shortest_seconds"], row[f"{name}_longest_seconds"])

    return Column(title, text, is_number=True)


def _unless_empty(column: Column, rows: Sequence[Row]) -> list[Column]:
    """Returns the column if it says something: neither NULL nor 0 in every row."""
    return [column] if any(column.text(row) not in ("–", "0") for row in rows) else []


def show_rest(found: Rows, total: int, wanted: Wanted, output: Format) -> None:
    """Prints how many rows there are, below a table that has only some of them."""
    if output is Format.TABLE:
        remedy = "a larger --limit for the rest" if wanted.show_all else "--all for the rest"
        print_rest(len(found.rows), total, remedy=remedy)


def _starts(part: str, whole: str, title: str) -> Column:
    """Returns a column with starts of errors; those of an outage do not explain it."""
    column = part_of(part, whole, title)
    return replace(column, text=lambda row: "–" if row["verdict"] == "outage" else column.text(row))


def _messages_per_million_runs(row: Row) -> str:
    messages = row["messages_per_million_runs"]
    return "–" if messages is None else f"{messages:,.0f}"


def _p_value(row: Row) -> float | None:
    """Returns the p-value behind the verdict."""
    of_verdict = {"outage": "p_runs", "improved": "p_improved"}
    p: float | None = row[of_verdict.get(row["verdict"], "p_value")]
    return p


def since_in_words(row: Row) -> str:
    """Returns since when it fails more often, as `312 (between 290 and 331)`."""
    since, after, by = (
        row[name]
        for name in ("since_execution_id", "changed_after_execution_id", "changed_by_execution_id")
    )
    if since is None:
        return "–"
    return f"{since} (by {by})" if after is None else f"{since} (between {after} and {by})"


def _one_of(row: Row, name: str, count: str) -> str:
    """Returns the name that all tables of an incident share, or how many names they have."""
    if row[count] > 1:
        return f"{row[count]} {count.removeprefix('load_')}"
    return "–" if row[name] is None else str(row[name])


def _are_qualified(rows: Sequence[Row]) -> bool:
    """Returns whether each table's name begins with its schema's name.

    If so, the schema need not be shown.
    """
    return bool(rows) and all(
        row["schema_name"] is not None
        and (row.get("table_name") or "").startswith(f"{row['schema_name']}.")
        for row in rows
    )


def _tables(found: Rows) -> list[Column]:
    """Returns the columns that identify a table."""
    names = ["table_name"] if _are_qualified(found.rows) else ["schema_name", "table_name"]
    return [*_places(found), *map(value, names)]


def _places(found: Rows) -> list[Column]:
    """Returns the cluster and tenant columns, each only if it says which of several a row is of."""
    return [value(name) for name in found.places]
