"""Every model has a contract, descriptions that reach the warehouse, and a readable size."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from incorta_loads.analysis.dbt import run_dbt
from incorta_loads.analysis.project import project_directory
from sql.base_rows import select
from sql.comparison import BuiltHistory

PROJECT = project_directory()
MODELS = sorted((PROJECT / "models").rglob("*.sql"))


def described(model: Path) -> dict[str, Any]:
    (contract,) = yaml.safe_load(model.with_suffix(".yml").read_text())["models"]
    return dict(contract)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.stem)
def test_the_yml_has_the_columns_of_the_relation(
    random_warehouse: BuiltHistory, model: Path
) -> None:
    """Each yml names its model and all of its columns in order, with descriptions."""
    contract = described(model)
    real = select(
        random_warehouse.database,
        f"""
        select column_name from duckdb_columns()
        where schema_name like 'load_analysis%' and table_name = '{model.stem}'
        order by column_index
        """,
    )
    assert contract["name"] == model.stem
    assert [(column["name"],) for column in contract["columns"]] == real
    assert all(column["description"] for column in contract["columns"])


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.stem)
def test_a_description_begins_with_the_grain(model: Path) -> None:
    """The first words state what one row is."""
    assert described(model)["description"].startswith("One row per ")


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.stem)
def test_a_model_is_shorter_than_80_lines(model: Path) -> None:
    """A model fits on one page."""
    assert len(model.read_text().splitlines()) < 80


def test_every_description_is_a_comment_in_the_warehouse(random_warehouse: BuiltHistory) -> None:
    """The comments of relations and columns are visible in any SQL tool."""
    silent = select(
        random_warehouse.database,
        """
        with relations as (
            select table_name as name, comment from duckdb_tables()
            where schema_name like 'load_analysis%'
            union all
            select view_name, comment from duckdb_views() where schema_name like 'load_analysis%'
            union all
            select table_name || '.' || column_name, comment from duckdb_columns()
            where schema_name like 'load_analysis%'
        )
        select name from relations where coalesce(comment, '') = '' or comment like '%{{%'
        """,
    )
    assert silent == []


def test_views_work_in_a_copy_under_another_name(
    random_warehouse: BuiltHistory, tmp_path: Path
) -> None:
    """DuckDB names the catalog after the file, so no view may contain it, opened or attached."""
    copy = Path(shutil.copy(random_warehouse.database, tmp_path / "published.duckdb"))
    views = select(
        copy,
        "select schema_name || '.' || view_name from duckdb_views() where not internal order by 1",
    )
    assert {("load_analysis.table_runs",), ("load_analysis_steps.stg_nodes",)} < set(views)
    with duckdb.connect() as other:
        other.execute(f"attach '{copy}' as elsewhere (read_only)")
        for (view,) in views:
            here = select(copy, f"select count(*) from {view}")
            assert here == other.sql(f"select count(*) from elsewhere.{view}").fetchall()


def test_the_unit_tests_of_the_models_pass(random_warehouse: BuiltHistory) -> None:
    """dbt runs them on their own rows; the warehouse only provides column types."""
    results = run_dbt(
        ["test", "--select", "test_type:unit"], {}, database=str(random_warehouse.database)
    ).results
    assert sorted(result.node.name for result in results) == [
        "a_subtree_is_counted_to_its_end",
        "an_error_is_inherited_else_blocked_else_originated",
        "fewer_than_half_of_the_largest_before_is_partial",
        "recent_executions_are_few_and_live",
        "the_first_line_of_a_type_wins",
        "the_first_line_that_holds_wins",
        "what_is_neither_final_nor_settled_ages",
    ]
