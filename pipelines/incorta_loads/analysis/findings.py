"""Reads the findings of the analysis, such as health, incidents and first fixes.

Rows come worst or newest first. Each finding also counts the rows that are current, for use by a
scheduler.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import duckdb

from incorta_loads.analysis.names import conditions, is_table, parameters_of, require_names
from incorta_loads.analysis.rows import Rows, marts
from incorta_loads.choices import SortDurations, Timed, Wanted
from incorta_loads.errors import ConfigurationError, UnknownExecutionError


@dataclass(frozen=True)
class Findings:
    """Rows of one mart.

    Attributes:
        found: the rows, worst first, up to the requested limit.
        total: number of all rows; of the current ones, if only those were wanted.
        now: number of current rows, regardless of the limit.
        what: description of the current rows for users.
    """

    found: Rows
    total: int
    now: int
    what: str


@dataclass(frozen=True)
class _Mart:
    """How to read one mart.

    Attributes:
        name: name of the mart.
        order: ORDER BY terms, worst first; ties are ordered by name.
        of_names: SQL conditions for rows that concern $plan, $schema or $table, other than usual.
        now: SQL condition for current rows.
        what: description of the current rows for users.
        notable: SQL condition for rows that are worth a look.
    """

    name: str
    order: str
    now: str
    what: str
    notable: str = "TRUE"
    of_names: Mapping[str, str] = field(default_factory=dict)


_RUNS_OF_EXECUTION = """EXISTS (
    SELECT 1 FROM load_analysis.table_runs AS runs
    WHERE runs.cluster = mart.cluster AND runs.tenant = mart.tenant
    AND runs.execution_id = mart.execution_id AND {}
)"""

_TABLES_OF_INCIDENT = """EXISTS (
    SELECT 1 FROM load_analysis.incident_tables AS tables
    WHERE tables.execution_key = mart.execution_key AND {}
)"""


def _by_names(exists: str, relation: str) -> dict[str, str]:
    """Returns conditions on schema and table for a mart whose rows have several of each."""
    return {
        "schema": exists.format(f"{relation}.schema_name = $schema"),
        "table": exists.format(is_table(relation)),
    }


_IN_LAST_EXECUTION = """EXISTS (
    SELECT 1 FROM (
        SELECT cluster, tenant, max(execution_id) AS execution_id
        FROM load_analysis.executions WHERE is_final AND ($plan IS NULL OR load_plan = $plan)
        GROUP BY cluster, tenant, load_plan
    ) AS latest
    WHERE latest.cluster = {row}.cluster AND latest.tenant = {row}.tenant
    AND latest.execution_id = {row}.execution_id
)"""

_CAUSE_OF = """
    origin.cluster = mart.cluster AND origin.tenant = mart.tenant
    AND origin.type IS NOT DISTINCT FROM mart.type
    AND origin.name IS NOT DISTINCT FROM mart.name
    AND origin.schema_name IS NOT DISTINCT FROM mart.schema_name
    AND origin.table_name IS NOT DISTINCT FROM mart.table_name
    AND CASE WHEN origin.role NOT IN ('schema', 'table') THEN origin.load_plan END
        IS NOT DISTINCT FROM mart.load_plan
    AND CASE WHEN origin.role NOT IN ('schema', 'table') THEN origin.group_name END
        IS NOT DISTINCT FROM mart.group_name
"""

_P_VALUE = "CASE verdict WHEN 'outage' THEN p_runs WHEN 'improved' THEN p_improved ELSE p_value END"
"""The p-value behind a verdict of `table_regressions`."""

STILL_FAILS = "is_failing AND behaviour IS DISTINCT FROM 'always_failing'"
"""SQL condition on `fix_first`: the cause still fails, and once worked."""

_OWN_PLAN = {"plan": "load_plan = $plan"}
_TABLE_NAMES = "schema_name NULLS LAST, table_name NULLS LAST, cluster, tenant"

_HEALTH = _Mart(
    name="table_health",
    order=f"NOT is_broken, worst_rank NULLS LAST, {_TABLE_NAMES}",
    now="is_broken",
    what="broken tables",
    notable="behaviour NOT IN ('healthy', 'new', 'gone', 'insufficient_data')",
)
_REGRESSIONS = _Mart(
    name="table_regressions",
    order="list_position(['regressed', 'outage', 'improved', 'unchanged'], verdict) NULLS LAST, "
    f"{_P_VALUE} NULLS LAST, {_TABLE_NAMES}",
    now="verdict = 'regressed'",
    what="tables that fail more often than before",
    notable="verdict IN ('regressed', 'outage', 'improved')",
)
_INCIDENTS = _Mart(
    name="incidents",
    order="NOT is_open, broke_by_execution_id DESC, tables DESC, cluster, tenant",
    now="is_open",
    what="open incidents",
    of_names=_by_names(_TABLES_OF_INCIDENT, "tables")
    | {
        "plan": """EXISTS (
            SELECT 1 FROM load_analysis.incident_tables AS broken
            INNER JOIN load_analysis.executions AS first
                ON broken.cluster = first.cluster AND broken.tenant = first.tenant
                AND broken.first_execution_id = first.execution_id
            WHERE broken.execution_key = mart.execution_key AND first.load_plan = $plan
        )"""
    },
)
_EXECUTIONS = _Mart(
    name="executions",
    order="execution_id DESC, cluster, tenant",
    now="NOT is_final",
    what="executions that are not final",
    of_names=_by_names(_RUNS_OF_EXECUTION, "runs") | _OWN_PLAN,
)
_CONFLICTS = _Mart(
    name="status_conflicts",
    order="execution_id DESC, node_id, rule, cluster, tenant",
    now=_IN_LAST_EXECUTION.format(row="mart"),
    what="contradictions in the last final execution of a plan",
    of_names=_OWN_PLAN,
)
_FIX_FIRST = _Mart(
    name="fix_first",
    order="fix_rank, cluster, tenant",
    now=f"""EXISTS (
        SELECT 1 FROM load_analysis.failure_origins AS origin
        WHERE {_CAUSE_OF} AND {_IN_LAST_EXECUTION.format(row="origin")}
    )""",  # noqa: S608
    what="causes in the last final execution of a plan",
    notable=STILL_FAILS,
    of_names={
        "plan": f"""EXISTS (
            SELECT 1 FROM load_analysis.failure_origins AS origin
            WHERE origin.load_plan = $plan AND {_CAUSE_OF}
        )"""  # noqa: S608
    },
)


_SORTED_DURATIONS = {
    SortDurations.LONGEST: "median_longest_seconds DESC",
    SortDurations.SLOWER: (
        "list_position(['slower', 'cannot_tell', 'as_before'], verdict) NULLS LAST, "
        "last_longest_seconds / nullif(median_longest_seconds, 0) DESC NULLS LAST"
    ),
}
_NAMES_OF_TIMED = {
    Timed.PLAN: "load_plan NULLS LAST, cluster, tenant",
    Timed.TABLE: f"load_plan NULLS LAST, {_TABLE_NAMES}",
}


def durations(
    connection: duckdb.DuckDBPyConnection, wanted: Wanted, *, by: Timed, sort: SortDurations
) -> Findings:
    """Returns how long load plans or tables take; current are those whose last run was slower.

    Raises:
        ConfigurationError: a name is unknown, or a plan has no such name.
        WarehouseError: there is no analysis yet.
    """
    for kind in ("schema", "table"):
        if by is Timed.PLAN and kind in wanted.names.given():
            raise ConfigurationError(f"Durations of plans have no {kind}; use --by table.")
    mart = _Mart(
        name=f"{by}_durations",
        order=f"{_SORTED_DURATIONS[sort]}, {_NAMES_OF_TIMED[by]}",
        now="verdict = 'slower'",
        what=f"{by}s whose last run was slower",
        of_names=_OWN_PLAN,
    )
    return _findings(connection, mart, wanted)


def known_times(
    connection: duckdb.DuckDBPyConnection, wanted: Wanted, *, by: Timed
) -> tuple[int, int]:
    """Returns of how many executions, or runs of tables, the duration is known, and of how many."""
    of_names = conditions(wanted.names, _OWN_PLAN)
    total = "SELECT count(*) FROM load_analysis.execution_times AS mart"
    if by is Timed.TABLE:
        total = "SELECT sum(runs) FROM load_analysis.failure_rates_by_plan_and_table AS mart"
    known = "execution" if by is Timed.PLAN else "table"
    query = f"""
    SELECT
        (
            SELECT count(longest_seconds) FROM load_analysis.{known}_times AS mart
            WHERE {of_names}
        ) AS known,
        coalesce(({total} WHERE {of_names}), 0)::BIGINT AS total
    """  # noqa: S608 (constants)
    (row,) = marts(connection, query, parameters_of(query, wanted.names)).rows
    return row["known"], row["total"]


def health(connection: duckdb.DuckDBPyConnection, wanted: Wanted) -> Findings:
    """Returns the health of each table.

    Broken tables come first, then the others by the rank of their shrunken error rate.
    """
    return _findings(connection, _HEALTH, wanted)


def regressions(connection: duckdb.DuckDBPyConnection, wanted: Wanted) -> Findings:
    """Returns whether each table fails more often than before.

    Regressed tables come first; within a verdict, rows are in order of significance.
    """
    return _findings(connection, _REGRESSIONS, wanted)


def executions(connection: duckdb.DuckDBPyConnection, wanted: Wanted) -> Findings:
    """Returns the executions, newest first."""
    return _findings(connection, _EXECUTIONS, wanted)


def incidents(connection: duckdb.DuckDBPyConnection, wanted: Wanted) -> Findings:
    """Returns what broke together: open incidents first, then the newest."""
    return _findings(connection, _INCIDENTS, wanted)


def incident_tables(
    connection: duckdb.DuckDBPyConnection, incident: int, wanted: Wanted
) -> tuple[Rows, int]:
    """Returns the tables of an incident, those that are still in error first, and their number.

    Raises:
        UnknownExecutionError: there is no such incident.
        WarehouseError: there is no analysis yet.
    """
    names = wanted.names
    require_names(connection, names)
    query = f"""
    SELECT * FROM load_analysis.incident_tables AS mart
    WHERE execution_id = $incident AND {conditions(names)}
    ORDER BY cluster, tenant, NOT is_open, errors DESC, {_TABLE_NAMES}, first_execution_id
    """  # noqa: S608 (constants)
    found = marts(connection, query, {"incident": incident, **parameters_of(query, names)})
    if not found.rows:
        raise UnknownExecutionError(
            f"There is no incident {incident}; incorta-loads incidents lists them."
        )
    shown = [row for row in found.rows if row["is_open"] or not wanted.only_now]
    return replace(found, rows=shown[: wanted.limit]), len(found.rows)


def conflicts(connection: duckdb.DuckDBPyConnection, wanted: Wanted) -> Findings:
    """Returns the nodes where the cluster contradicts itself, newest execution first."""
    return _findings(connection, _CONFLICTS, wanted)


def fix_first(connection: duckdb.DuckDBPyConnection, wanted: Wanted) -> Findings:
    """Returns the causes to fix first, by rank."""
    return _findings(connection, _FIX_FIRST, wanted)


def _findings(connection: duckdb.DuckDBPyConnection, mart: _Mart, wanted: Wanted) -> Findings:
    require_names(connection, wanted.names)
    of_names = conditions(wanted.names, mart.of_names)
    source = f"FROM load_analysis.{mart.name} AS mart WHERE {of_names}"
    counting = f"""
    SELECT count(*) AS total, count_if(is_now) AS now FROM (SELECT {mart.now} AS is_now {source})
    """  # noqa: S608 (constants)
    query = f"SELECT * {source}"
    if wanted.only_notable:
        query += f" AND {mart.notable}"
    if wanted.only_now:
        query += f" AND {mart.now}"
    query += f" ORDER BY {mart.order}"
    if wanted.limit is not None:
        query += f" LIMIT {wanted.limit}"
    (counts,) = marts(connection, counting, parameters_of(counting, wanted.names)).rows
    found = marts(connection, query, parameters_of(query, wanted.names))
    total = counts["now"] if wanted.only_now else counts["total"]
    return Findings(found, total, counts["now"], mart.what)
