"""The same models on PostgreSQL: a private server, dbt, and every cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest

from sql.comparison import BuiltHistory, differing
from sql.postgres_models import build, load, select
from sql.postgres_server import postgres_server
from sql.reference.reading import MARTS
from sql.test_project import MODELS, described

TYPES = {
    "string": "text",
    "bigint": "bigint",
    "boolean": "boolean",
    "double precision": "double precision",
    "timestamptz": "timestamp with time zone",
    "date": "date",
}
"""Type in a contract → its name in PostgreSQL."""


class Warehouse(NamedTuple):
    """A running server, and the results of dbt on it."""

    host: Path
    results: list[dict[str, Any]]


@pytest.fixture(scope="module")
def postgres(
    random_warehouse: BuiltHistory, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Warehouse]:
    """The rows of `random_warehouse` on PostgreSQL."""
    with postgres_server() as host:
        load(host, random_warehouse.history)
        yield Warehouse(host, build(host, tmp_path_factory.mktemp("dbt")))


@pytest.mark.parametrize("mart", MARTS)
def test_a_mart_is_the_same_on_both_engines(
    random_warehouse: BuiltHistory, postgres: Warehouse, mart: str
) -> None:
    """All columns of all rows match, whatever characters names contain."""
    there = select(postgres.host, f"select * from load_analysis.{mart}")
    with duckdb.connect(str(random_warehouse.database), read_only=True) as warehouse:
        assert differing(warehouse, mart, there) == []
    assert there


def test_dbt_builds_and_tests_the_whole_project(postgres: Warehouse) -> None:
    """Every model is built, and all data tests and unit tests pass."""
    kinds = Counter(
        (result["unique_id"].split(".")[0], result["status"]) for result in postgres.results
    )
    assert kinds.pop(("test", "pass")) > len(MODELS) / 2
    assert kinds == {("model", "success"): len(MODELS), ("unit_test", "pass"): 7}


def test_a_contract_includes_the_types(postgres: Warehouse) -> None:
    """The columns of a mart have the types in its yml file."""
    found = select(
        postgres.host,
        """
        select table_name, column_name, data_type from information_schema.columns
        where table_schema = 'load_analysis' order by table_name, ordinal_position
        """,
    )
    real = [tuple(column.values()) for column in found]
    marts = [described(model) for model in MODELS if model.stem in MARTS]
    assert [column for column in real if column[0] in MARTS] == [
        (mart["name"], column["name"], TYPES[column["data_type"]])
        for mart in sorted(marts, key=lambda mart: str(mart["name"]))
        for column in mart["columns"]
    ]


def test_every_description_becomes_a_comment(postgres: Warehouse) -> None:
    """This includes relations and columns, and views."""
    assert (
        select(
            postgres.host,
            """
            with described as (
                select relation.relname as name, obj_description(relation.oid) as comment
                from pg_class as relation
                where relation.relnamespace::regnamespace::text like 'load_analysis%'
                and relation.relkind in ('r', 'v')
                union all
                select
                    relation.relname || '.' || attribute.attname,
                    col_description(relation.oid, attribute.attnum)
                from pg_class as relation
                inner join pg_attribute as attribute on relation.oid = attribute.attrelid
                where relation.relnamespace::regnamespace::text like 'load_analysis%'
                and relation.relkind in ('r', 'v') and attribute.attnum > 0
            )
            select name from described
            where coalesce(comment, '') = '' or comment like '%{{%'
            """,
        )
        == []
    )


def test_every_table_is_analyzed_after_it_is_built(postgres: Warehouse) -> None:
    """The planner needs row counts for the next model, and autovacuum is off."""
    assert (
        select(
            postgres.host,
            """
            select relname from pg_class
            where relnamespace::regnamespace::text like 'load_analysis%'
            and relkind = 'r' and reltuples = -1
            """,
        )
        == []
    )
