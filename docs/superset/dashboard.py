"""Makes database, datasets, charts and dashboard through Superset's API."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from server import Superset

SCHEMA = "load_analysis"
TITLE = "Load plans: what fails"


class Chart(NamedTuple):
    """A chart of the dashboard.

    Attributes:
        title: over it.
        dataset: the mart, or a name in `JOINS`.
        kind: as Superset calls it.
        width: columns of twelve.
        form: what is chosen in the chart's form.
    """

    title: str
    dataset: str
    kind: str
    width: int
    form: dict[str, Any]


def metric(label: str, sql: str) -> dict[str, Any]:
    """A number that is computed by SQL."""
    return {"expressionType": "SQL", "sqlExpression": sql, "label": label}


def where(sql: str) -> list[dict[str, Any]]:
    """A condition in SQL."""
    return [{"expressionType": "SQL", "clause": "WHERE", "sqlExpression": sql}]


def rows_as_they_are(columns: list[str], first: str, *, ascending: bool) -> dict[str, Any]:
    """A table of these columns."""
    return {
        "query_mode": "raw",
        "all_columns": columns,
        "order_by_cols": [json.dumps([first, ascending])],
        "row_limit": 100,
        "show_cell_bars": False,  # a bar as long as an id says nothing
        "column_config": {"p_runs": {"d3NumberFormat": ".1e"}}
        | {name: {"d3NumberFormat": ".1f"} for name in columns if name.endswith("_seconds")},
    }


JOINS = {
    "runs_of_tables": "SELECT runs.*, health.behaviour FROM load_analysis.table_runs AS runs "
    "INNER JOIN load_analysis.table_health AS health USING (table_key)",
}
"""Name of a dataset → its query over the star, which joins on keys."""

HERE = "100.0 * SUM(loaded) / NULLIF(SUM(ids_asked) - SUM(not_found), 0)"

CHARTS = (
    Chart(
        *("Percent of the ids asked for that are here", "coverage", "big_number_total", 4),
        {"metric": metric("percent", HERE), "y_axis_format": ".1f"},
    ),
    Chart(
        *("Broken now", "table_health", "table", 8),
        {
            **rows_as_they_are(
                ["table_name", "behaviour", "failing_since_execution_id", "current_streak"],
                *("worst_rank",),
                ascending=True,
            ),
            "adhoc_filters": where("behaviour IN ('always_failing', 'broken_since')"),
        },
    ),
    Chart(
        *("Tables that broke together", "incidents", "table", 6),
        rows_as_they_are(
            [
                "tables",
                "open_tables",
                "schemas",
                "load_plan",
                "broke_after_execution_id",
                "broke_by_execution_id",
            ],
            *("broke_by_execution_id",),
            ascending=False,
        ),
    ),
    Chart(
        *("Errors of recent runs by behaviour", "runs_of_tables", "echarts_timeseries_bar", 6),
        {
            "x_axis": "load_plan",
            "metrics": [metric("errors", "COUNT(*) FILTER (WHERE is_error)")],
            "groupby": ["behaviour"],
            "stack": "Stack",
            "adhoc_filters": where("is_recent"),
        },
    ),
    Chart(
        *("Tables in error by execution", "executions", "echarts_timeseries_bar", 12),
        {
            "x_axis": "execution_id",
            "metrics": [metric("tables in error", "SUM(table_errors)")],
            "groupby": ["load_plan"],
            "stack": "Stack",
            "row_limit": 10_000,
        },
    ),
    Chart(
        *("Executions in error by day (UTC)", "failures_by_day", "echarts_timeseries_bar", 4),
        {
            "x_axis": "day",
            "time_grain_sqla": "P1D",
            "metrics": [metric("executions in error", "SUM(errors)")],
            "groupby": ["load_plan"],
            "stack": "Stack",
            "adhoc_filters": where("day IS NOT NULL"),
        },
    ),
    Chart(
        *("How long load plans take, in seconds", "plan_durations", "table", 8),
        rows_as_they_are(
            [
                "load_plan",
                "runs",
                "median_shortest_seconds",
                "median_longest_seconds",
                "last_shortest_seconds",
                "last_longest_seconds",
                "verdict",
            ],
            *("median_longest_seconds",),
            ascending=False,
        ),
    ),
    Chart(
        *("Error rate by schema", "failure_rates_by_schema", "echarts_timeseries_bar", 6),
        {
            "x_axis": "schema_name",
            "metrics": [metric("error rate", "SUM(errors) / SUM(counted)")],
            "groupby": [],
            "orientation": "horizontal",
            "y_axis_format": ".1%",
            "x_axis_sort": "error rate",
            "x_axis_sort_asc": True,
        },
    ),
    Chart(
        *("Fix first: executions that each cause made fail", "fix_first", "table", 6),
        rows_as_they_are(
            ["fix_rank", "table_name", "executions_failed", "executions_only_cause"],
            *("fix_rank",),
            ascending=True,
        ),
    ),
    Chart(
        *("Worse than before, or an outage", "table_regressions", "table", 12),
        {
            **rows_as_they_are(
                [
                    "table_name",
                    "verdict",
                    "behaviour",
                    "since_execution_id",
                    "changed_after_execution_id",
                    "changed_by_execution_id",
                    "recent_errors",
                    "recent_runs",
                    "baseline_errors",
                    "baseline_runs",
                    "p_runs",
                ],
                *("p_runs",),
                ascending=True,
            ),
            "adhoc_filters": where("verdict IN ('regressed', 'outage')"),
        },
    ),
)


def make_dashboard(superset: Superset, sqlalchemy_uri: str) -> int:
    """Everything, on the published snapshot at this address; returns the dashboard's id."""
    database = superset.post(
        "database/",
        {
            "database_name": "incorta-loads",
            "sqlalchemy_uri": sqlalchemy_uri,
            "expose_in_sqllab": True,
            "extra": json.dumps({"engine_params": {"connect_args": {"read_only": True}}}),
        },
    )["id"]
    datasets = {
        name: superset.post(
            "dataset/",
            {"database": database, "schema": SCHEMA, "table_name": name}
            | ({"sql": JOINS[name]} if name in JOINS else {}),
        )["id"]
        for name in dict.fromkeys(chart.dataset for chart in CHARTS)
    }
    dashboard: int = superset.post("dashboard/", {"dashboard_title": TITLE, "published": True})[
        "id"
    ]
    charts = [
        superset.post("chart/", _chart(chart, datasets[chart.dataset], dashboard))["id"]
        for chart in CHARTS
    ]
    superset.put(
        f"dashboard/{dashboard}",
        {
            "position_json": json.dumps(_positions(superset, charts)),
            "json_metadata": json.dumps({"color_scheme": "supersetColors"}),
        },
    )
    return dashboard


def _chart(chart: Chart, dataset: int, dashboard: int) -> dict[str, Any]:
    params = {"viz_type": chart.kind, "datasource": f"{dataset}__table", **chart.form}
    return {
        "slice_name": chart.title,
        "viz_type": chart.kind,
        "datasource_id": dataset,
        "datasource_type": "table",
        "dashboards": [dashboard],
        "params": json.dumps(params),
        "query_context": json.dumps(_query(chart.form, dataset)),
    }


def _query(form: dict[str, Any], dataset: int) -> dict[str, Any]:
    """The query that Superset's page makes from a chart's form and saves with the chart."""
    columns = [form["x_axis"]] if "x_axis" in form else form.get("all_columns", [])
    columns = [*columns, *form.get("groupby", [])]
    metrics = form.get("metrics") or ([form["metric"]] if "metric" in form else None)
    return {
        "datasource": {"id": dataset, "type": "table"},
        "force": False,
        "queries": [
            {
                "columns": columns,
                "metrics": metrics,
                "orderby": [json.loads(each) for each in form.get("order_by_cols", [])],
                "extras": {
                    "where": " AND ".join(
                        f"({each['sqlExpression']})" for each in form.get("adhoc_filters", [])
                    )
                },
                "row_limit": form.get("row_limit", 1_000),
            }
        ],
        "result_format": "json",
        "result_type": "full",
    }


def _positions(superset: Superset, charts: list[int]) -> dict[str, Any]:
    """Charts side by side as long as twelve columns have room for them."""
    rows: list[list[int]] = []
    room = 0
    for place, chart in enumerate(CHARTS):
        if chart.width > room:
            rows.append([])
            room = 12
        rows[-1].append(place)
        room -= chart.width
    made: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"id": "ROOT_ID", "type": "ROOT", "children": ["GRID_ID"]},
        "HEADER_ID": {"id": "HEADER_ID", "type": "HEADER", "meta": {"text": TITLE}},
        "GRID_ID": {"id": "GRID_ID", "type": "GRID", "parents": ["ROOT_ID"], "children": []},
    }
    for number, places in enumerate(rows):
        row = f"ROW-{number}"
        made["GRID_ID"]["children"].append(row)
        made[row] = {
            "id": row,
            "type": "ROW",
            "parents": ["ROOT_ID", "GRID_ID"],
            "children": [f"CHART-{place}" for place in places],
            "meta": {"background": "BACKGROUND_TRANSPARENT"},
        }
        for place in places:
            made[f"CHART-{place}"] = {
                "id": f"CHART-{place}",
                "type": "CHART",
                "parents": ["ROOT_ID", "GRID_ID", row],
                "children": [],
                "meta": {
                    "chartId": charts[place],
                    # by which an import finds the chart again
                    "uuid": superset.get(f"chart/{charts[place]}").json()["result"]["uuid"],
                    "width": CHARTS[place].width,
                    "height": 50,
                    "sliceName": CHARTS[place].title,
                },
            }
    return made
