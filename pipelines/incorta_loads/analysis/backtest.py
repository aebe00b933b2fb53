"""What notifications would have been sent over the history, and what became of them."""

from __future__ import annotations

from dataclasses import replace

import duckdb

from incorta_loads.analysis.names import conditions, parameters_of, require_names
from incorta_loads.analysis.rows import Rows, marts
from incorta_loads.choices import ANY_NAMES, Names
from incorta_loads.errors import ConfigurationError


def backtest(
    connection: duckdb.DuckDBPyConnection, *, setting: str | None = None, names: Names = ANY_NAMES
) -> Rows:
    """Returns the messages of each setting, counted.

    Args:
        connection: connection to the warehouse.
        setting: only this setting.
        names: only tables with these names, with their runs in all plans.

    Raises:
        ConfigurationError: there is no such setting or name; the error lists the existing ones.
        WarehouseError: there is no analysis yet.
    """
    require_names(connection, names)
    source = "load_analysis.alert_backtest_summary"
    if names.given():
        source = f"({_OF_TABLES.format(conditions(names))})"
    query = f"SELECT * FROM {source} ORDER BY setting, kind DESC, cluster, tenant"  # noqa: S608
    found = marts(connection, query, parameters_of(query, names))
    if setting is None:
        return found
    settings = dict.fromkeys(row["setting"] for row in found.rows)
    if setting not in settings:
        known = ", ".join(f"'{each}'" for each in settings) or "none"
        raise ConfigurationError(
            f"There is no setting '{setting}' of notifications; the settings are: {known}."
        )
    return replace(found, rows=[row for row in found.rows if row["setting"] == setting])


# As in the mart `alert_backtest_summary`, but for some of the tables.
_OF_TABLES = """
WITH

tables AS (

    SELECT cluster, tenant, count(*) AS tables, sum(counted)::BIGINT AS table_runs
    FROM load_analysis.table_health AS mart
    WHERE {0}
    GROUP BY cluster, tenant

),

sent AS (

    SELECT * FROM load_analysis.alert_backtest AS mart
    WHERE {0}

)

SELECT
    told.cluster,
    told.tenant,
    told.setting,
    told.kind,
    tables.tables,
    tables.table_runs,
    count(sent.became) AS messages,
    1e6 * count(sent.became) / nullif(tables.table_runs, 0) AS messages_per_million_runs,
    count(*) FILTER (WHERE became = 'confirmed') AS confirmed,
    count(*) FILTER (WHERE became = 'passed') AS passed,
    count(*) FILTER (WHERE became = 'unclear') AS unclear,
    count(*) FILTER (WHERE became = 'open') AS open,
    count(*) FILTER (WHERE became = 'short') AS short,
    count(*) FILTER (WHERE became = 'long') AS long,
    count(*) FILTER (WHERE became = 'confirmed')
    / nullif(count(*) FILTER (WHERE became IN ('confirmed', 'passed', 'unclear')), 0)
        AS share_confirmed,
    median(sent.delay_runs) FILTER (WHERE became IN ('confirmed', 'long')) AS median_delay_runs
FROM load_analysis.alert_backtest_summary AS told
INNER JOIN tables USING (cluster, tenant)
LEFT JOIN sent USING (cluster, tenant, setting, kind)
GROUP BY
    told.cluster, told.tenant, told.setting, told.kind, tables.tables, tables.table_runs
"""
