"""The notebook, run without a browser on a published snapshot."""

from __future__ import annotations

import re
import runpy
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pandas as pd
import pytest

from incorta_loads.analysis.build import build_models
from journeys.shell import CHECKOUT, COMMAND, Demo
from sql.base_rows import built, write_base_tables
from sql.looked_at import looked_at
from sql.sketches import sketch

NOTEBOOK = CHECKOUT / "notebooks/failure_analysis.py"

MARTS = {
    "coverage": "SELECT * FROM load_analysis.coverage",
    "rates": "SELECT * FROM load_analysis.failure_rates_by_table WHERE counted > 0",
    "health": "SELECT * FROM load_analysis.table_health",
    "broken": "SELECT * FROM load_analysis.table_health "
    "WHERE behaviour IN ('always_failing', 'broken_since')",
    "worse": "SELECT cluster, tenant, schema_name, table_name, verdict, p_value "
    "FROM load_analysis.table_regressions WHERE verdict = 'regressed' "
    "AND behaviour NOT IN ('always_failing', 'broken_since')",
    "episodes": "SELECT * FROM load_analysis.failure_episodes",
    "changed": "SELECT cluster, tenant, schema_name, table_name, verdict, p_value "
    "FROM load_analysis.table_regressions WHERE verdict IN ('regressed', 'outage', 'improved')",
    "pairs": "SELECT * FROM load_analysis.co_failures",
    "fix_first": "SELECT fix_rank, executions_failed, cumulative_clean_share "
    "FROM load_analysis.fix_first",
    "gaps": "SELECT * FROM load_analysis.gaps",
}
"""Name in the notebook → a query for the rows that it shows without any choice."""


@pytest.fixture(scope="module")
def snapshot(demo: Demo) -> Path:
    """The snapshot of the simulator's story."""
    return demo.warehouse.parent / "published/incorta_loads.duckdb"


def run_notebook(snapshot: Path, **chosen: str | list[str] | None) -> dict[str, Any]:
    """The variables that the cells define for these choices."""
    app = runpy.run_path(str(NOTEBOOK))["app"]
    widgets = {
        name: SimpleNamespace(value=chosen.get(name))
        for name in ("place", "plan", "schema", "table")
    }
    _, defined = app.run(defs={"snapshot": snapshot, **widgets})
    return dict(defined)


@pytest.fixture(scope="module")
def shown(snapshot: Path) -> dict[str, Any]:
    """The variables without any choice."""
    return run_notebook(snapshot)


def query_snapshot(snapshot: Path, query: str) -> pd.DataFrame:
    with duckdb.connect(snapshot, read_only=True) as warehouse:
        return warehouse.sql(query).df()


@pytest.mark.parametrize("name", MARTS)
def test_a_figure_matches_its_mart(snapshot: Path, shown: dict[str, Any], name: str) -> None:
    """All rows and columns match, in any order."""
    expected = query_snapshot(snapshot, MARTS[name])
    found = shown[name][list(expected.columns)]
    order = list(expected.columns)
    assert len(expected) > 0
    pd.testing.assert_frame_equal(
        found.sort_values(order).reset_index(drop=True),
        expected.sort_values(order).reset_index(drop=True),
        check_dtype=False,
    )


def test_the_notebook_starts_with_the_current_state(shown: dict[str, Any]) -> None:
    """It shows counts and the completeness of the data."""
    assert shown["state"].startswith(
        f"Tables that are broken: {len(shown['broken'])}; worse than before: {len(shown['worse'])};"
    )


def test_choices_filter_the_figures(snapshot: Path) -> None:
    """A plan, a schema and a part of a table's name apply; figures of all tables stay complete."""
    query = (
        "SELECT load_plan, schema_name, table_name "
        "FROM load_analysis.failure_rates_by_plan_and_table "
        "WHERE errors > 0 AND table_name IS NOT NULL ORDER BY ALL LIMIT 1"
    )
    plan, schema, table = query_snapshot(snapshot, query).iloc[0]
    everything = query_snapshot(snapshot, "SELECT count(*) AS rows FROM load_analysis.fix_first")
    shown = run_notebook(snapshot, plan=plan, schema=schema, table=table[-6:].upper())
    assert table in set(shown["failing"]["table_name"])
    assert set(shown["failing"]["schema_name"]) == {schema}
    assert all(table[-6:].upper() in name.upper() for name in shown["failing"]["table_name"])
    assert len(shown["fix_first"]) == everything["rows"][0]


@pytest.fixture(scope="module")
def two_tenants(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with tables of the same names in two tenants."""
    database = tmp_path_factory.mktemp("two-tenants") / "w.duckdb"
    tables = {"a": "." * 10 + "XXXX", "b": "." * 14, "c": "." * 12 + "XX"}
    nodes = [*sketch("t", tables), *sketch("u", {**tables, "b": "X" * 14})]
    write_base_tables(database, nodes)
    build_models(database)
    return database


def test_a_cluster_is_shown_alone(two_tenants: Path) -> None:
    """Two clusters with the same names would otherwise be stacked on each other."""
    shown = run_notebook(two_tenants, place=["cluster", "u"])
    assert shown["state"].startswith("Tables that are broken: 1;")
    for name in ("health", "rates", "episodes", "fix_first"):
        assert set(shown[name]["tenant"]) == {"u"}, name
    assert shown["fix_first"]["cumulative_clean_share"].max() == 1


def test_times_of_the_chosen_plan_are_shown(tmp_path: Path) -> None:
    """Errors by day, durations of executions, and of tables."""
    database = built(tmp_path / "w.duckdb", *looked_at().history)
    shown = run_notebook(database, plan="Slow")
    for name in ("days", "times", "slowest"):
        assert set(shown[name]["load_plan"]) == {"Slow"}, name
    assert len(shown["times"]) == len(shown["timed"]) == shown["days"]["executions"].sum()
    assert shown["known_times"].startswith(
        f"Durations are known of {len(shown['times'])} of {len(shown['times'])} executions"
    )


def test_a_missing_snapshot_is_one_sentence(tmp_path: Path) -> None:
    """The sentence includes the remedy."""
    done = subprocess.run(
        [COMMAND.with_name("marimo"), "export", "md", NOTEBOOK, "--", "--snapshot", tmp_path / "x"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr
    outputs, _ = runpy.run_path(str(NOTEBOOK))["app"].run(defs={"snapshot": tmp_path / "none"})
    assert any("There is no snapshot at" in getattr(each, "text", "") for each in outputs if each)


def test_the_page_without_a_network_has_the_figures(snapshot: Path, tmp_path: Path) -> None:
    """Texts, pictures and tables are in one file, and no address of another one is."""
    target = tmp_path / "notebook.html"
    script = [COMMAND.with_name("python"), NOTEBOOK.with_name("as_html.py"), snapshot, target]
    subprocess.run(script, capture_output=True, text=True, check=True)
    page = target.read_text()
    assert page.count("<svg") == 3
    assert page.count("<table") >= 5
    assert "Sales_OLTP.returns" in page
    assert "Durations are known of 0 of 400 executions" in page
    assert re.findall(r"(?:src|href)=.(?!#)", page) == []


def test_the_page_has_each_cluster_and_tenant(two_tenants: Path, tmp_path: Path) -> None:
    """One after the other, because nothing can be chosen there."""
    target = tmp_path / "notebook.html"
    script = [COMMAND.with_name("python"), NOTEBOOK.with_name("as_html.py"), two_tenants, target]
    subprocess.run(script, capture_output=True, text=True, check=True)
    page = target.read_text()
    assert re.findall(r"<h1>(cluster, .)</h1>", page) == ["cluster, t", "cluster, u"]
    assert re.findall(r"Tables that are broken: (\d)", page) == ["1", "1"]


def test_marimo_check_finds_no_problems() -> None:
    """`marimo check` reports nothing, not even a warning."""
    done = subprocess.run(
        [COMMAND.with_name("marimo"), "check", "--strict", NOTEBOOK],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "")
