"""Builds one compact JSON document from the marts: column by column, with each text stored once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import duckdb

from incorta_loads import __version__
from incorta_loads.alerts.events import standing
from incorta_loads.analysis.findings import conflicts, fix_first, health, regressions
from incorta_loads.analysis.project import project_variables
from incorta_loads.analysis.queries import coverage, failure_rates
from incorta_loads.analysis.rows import Row, built_tables, rows
from incorta_loads.choices import By, Sort, Wanted
from incorta_loads.publication.report import sections, times
from incorta_loads.publication.report.grid import EXECUTIONS, EXECUTIONS_OF_A_PLAN, read_grid
from incorta_loads.publication.report.names import Names, in_page
from incorta_loads.publication.report.news import LastReport, changes_since
from incorta_loads.text import MOST_CHARACTERS, qualified
from incorta_loads.tree.statuses import OUTCOME_SIGNS

TABLES = 3_000
"""Maximum number of tables in the page, worst first."""

_NO_REPORT = LastReport()

MOST = {
    "incidents": 200,
    "plans": 1_000,
    "schemas": 1_000,
    "episodes": 2_000,
    "causes": 500,
    "origins": 2_000,
    "together": 200,
    "conflicts": 1_000,
    "backtest": 200,
    "gaps": 200,
}
"""Maximum number of rows in the other parts of the page."""

Columns = dict[str, list[Any]]
Series = tuple[str, str, str | None, str | None]


def report_data(
    connection: duckdb.DuckDBPyConnection, made_at: datetime, before: LastReport = _NO_REPORT
) -> dict[str, Any]:
    """Returns all data that the page shows.

    Args:
        connection: connection to the warehouse; nothing is written.
        made_at: time of the publication, in UTC.
        before: the report before this one.

    Raises:
        WarehouseError: there is no analysis yet.
    """
    return _Reader(connection).document(made_at, before)


class _Reader:
    """Reads the marts and replaces texts with their indexes in the list of names."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._names = Names()
        self._tables: dict[Series, int] = {}

    def document(self, made_at: datetime, before: LastReport) -> dict[str, Any]:
        """Returns all data that the page shows, as described in `report_data`."""
        state = standing(self._connection)
        grid = read_grid(self._connection)
        parts = {
            "tables": self._columns(self._all_tables(), sections.TABLE),
            "incidents": self._columns(self._some("incidents"), sections.INCIDENT),
            "incident_tables": self._of_tables(
                self._rows(sections.INCIDENT_TABLES), sections.INCIDENT_TABLE
            ),
            "changes": self._of_tables(changes_since(self._connection, before), sections.CHANGE),
            "grid": self._of_tables(grid.rows, sections.GRID),
            "executions": self._columns(grid.executions, sections.EXECUTION),
            "plans": self._columns(self._all_plans(), sections.PLAN),
            "schemas": self._columns(self._all_schemas(), sections.SCHEMA),
            "episodes": self._of_tables(self._some("episodes"), sections.EPISODE),
            "causes": self._columns(self._causes(), sections.CAUSE),
            "origins": self._columns(self._with_tables(self._some("origins")), sections.ORIGIN),
            "together": self._columns(self._some("together"), sections.TOGETHER),
            "conflicts": self._columns(self._conflicts(), sections.CONFLICT),
            "rules": self._columns(self._rows(sections.RULES), ("rule", "nodes")),
            "coverage": self._columns(coverage(self._connection).rows, sections.COVERAGE),
            "gaps": self._columns(self._some("gaps"), sections.GAP),
            **self._times(),
        }
        # if it is a view, reading it would take long
        if "alert_backtest_summary" in built_tables(self._connection):
            parts["backtest"] = self._columns(self._some("backtest"), sections.BACKTEST)
        (totals,) = self._rows(sections.TOTALS)
        totals |= self._rows(times.KNOWN)[0]
        return {
            "version": __version__,
            "made_at": made_at.timestamp(),
            "last_report_at": before.published_at and before.published_at.timestamp(),
            "broken": state.broken,
            "regressed": state.regressed,
            "fix_first": self._first_cause(),
            "totals": totals,
            "limits": {
                **MOST,
                "tables": TABLES,
                "executions": EXECUTIONS,
                "executions_of_a_plan": EXECUTIONS_OF_A_PLAN,
                "characters": MOST_CHARACTERS,
            },
            "variables": {name: project_variables()[name] for name in sections.VARIABLES},
            "texts": sorted(sections.TEXTS),
            "signs": OUTCOME_SIGNS,
            "statuses": grid.statuses,
            **parts,
            "names": self._names.shown,
        }

    def _all_tables(self) -> list[Row]:
        """Returns each table's behavior, rates and comparison with earlier runs, worst first."""
        found = health(self._connection, Wanted(limit=TABLES)).found.rows
        self._tables = {_series(row): place for place, row in enumerate(found)}
        rate_of = {_series(row): row for row in self._rates(By.TABLE, None)}
        compared = regressions(self._connection, Wanted(limit=None)).found.rows
        compared_of = {
            _series(row): {f"compared_{name}": value for name, value in row.items()}
            | {"compared_rank": rank}
            for rank, row in enumerate(compared)
        }
        return [rate_of[_series(row)] | compared_of[_series(row)] | row for row in found]

    def _times(self) -> dict[str, Columns]:
        """Returns when executions ran, how long plans and tables take, and errors by day."""
        return {
            "days": self._columns(
                self._rows(f"{times.DAYS_OF_PLANS} LIMIT {times.DAYS}"), times.DAY
            ),
            "times": self._columns(
                self._rows(f"{times.EXECUTION_TIMES} LIMIT {EXECUTIONS}"), times.EXECUTION_TIME
            ),
            "durations": self._columns(
                self._rows(f"{times.PLAN_DURATIONS} LIMIT {MOST['plans']}"), times.PLAN_DURATION
            ),
            "table_durations": self._of_tables(
                self._rows(f"{times.TABLE_DURATIONS} LIMIT {times.TABLES}"), times.TABLE_DURATION
            ),
        }

    def _all_plans(self) -> list[Row]:
        """Returns the rates of each plan and the outcome of its last execution."""
        nothing = dict.fromkeys(sections.LATEST)
        latest = {_plan(row): row for row in self._rows(sections.LATEST_OF_PLANS)}
        return [
            row | (latest.get(_plan(row)) or nothing) for row in self._rates(By.PLAN, MOST["plans"])
        ]

    def _all_schemas(self) -> list[Row]:
        """Returns the rates of each schema, first across all plans and then per plan."""
        found = self._rates(By.SCHEMA, MOST["schemas"])
        everywhere = [row | {"is_in_plan": False, "load_plan": None} for row in found]
        return everywhere + self._some("schemas")

    def _rates(self, by: By, limit: int | None) -> list[Row]:
        found, *_ = failure_rates(
            self._connection, by, Wanted(limit=limit), recent=False, sort=Sort.RATE
        )
        return found.rows

    def _causes(self) -> list[Row]:
        """Returns the causes that still fail and once worked."""
        wanted = Wanted(limit=MOST["causes"], only_notable=True)
        return self._with_tables(fix_first(self._connection, wanted).found.rows)

    def _first_cause(self) -> Row | None:
        """Returns the first cause that still fails and once worked, or None."""
        found = fix_first(self._connection, Wanted(limit=1, only_notable=True)).found.rows
        if not found:
            return None
        (row,) = found
        name = row["name"] if row["role"] != "table" else qualified(row["schema_name"], row["name"])
        counts = (
            *("executions_failed", "failed_executions", "executions_only_cause"),
            "incident_execution_id",
        )
        return {"name": in_page(name) or "(no name)", **{each: row[each] for each in counts}}

    def _with_tables(self, found: Iterable[Row]) -> list[Row]:
        """Adds the table's index to each row; None if its table is not in the page."""
        return [
            row | {"table": self._tables.get(_series(row)) if row["role"] == "table" else None}
            for row in found
        ]

    def _conflicts(self) -> list[Row]:
        return conflicts(self._connection, Wanted(limit=MOST["conflicts"])).found.rows

    def _some(self, what: str) -> list[Row]:
        return self._rows(f"{sections.QUERIES[what]} LIMIT {MOST[what]}")

    def _rows(self, query: str) -> list[Row]:
        return rows(self._connection, query, {}).rows

    def _of_tables(self, found: Iterable[Row], fields: Sequence[str]) -> Columns:
        """Returns the rows whose tables are in the page, as columns with the table's index."""
        known = [
            row | {"table": self._tables[_series(row)]}
            for row in found
            if _series(row) in self._tables
        ]
        return self._columns(known, ("table", *fields))

    def _columns(self, found: Sequence[Row], fields: Sequence[str]) -> Columns:
        """Converts rows to columns: one list per field."""
        return {
            field: [self._names.place(row[field]) for row in found]
            if field in sections.TEXTS
            else [_compact(row[field]) for row in found]
            for field in fields
        }


def _compact(value: Any) -> Any:
    """Rounds fractions to five significant digits; returns times as seconds, booleans as 0 or 1."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, datetime):
        return int(value.timestamp())
    return value


def _series(row: Row) -> Series:
    return row["cluster"], row["tenant"], row["schema_name"], row["table_name"]


def _plan(row: Row) -> tuple[str, str, str | None]:
    return row["cluster"], row["tenant"], row["load_plan"]
