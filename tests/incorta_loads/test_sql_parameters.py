"""Parameters reach DuckDB unchanged, without the imports that binding them would need."""

from __future__ import annotations

import subprocess
import sys

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from incorta_loads.sql_parameters import Parameter, execute

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
VALUES = st.none() | st.integers(-(2**63), 2**63 - 1) | TEXTS


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


@given(one=VALUES, other=VALUES)
def test_a_value_is_returned_unchanged(
    connection: duckdb.DuckDBPyConnection, one: Parameter, other: Parameter
) -> None:
    """Any characters are allowed, and a parameter may be used twice in a query."""
    query = "SELECT $other, $one, $other"
    found = execute(connection, query, {"one": one, "other": other}).fetchone()
    assert found == (other, one, other)


def test_a_text_cannot_inject_sql(connection: duckdb.DuckDBPyConnection) -> None:
    """Quotation marks in a text do not end the literal."""
    text = "'); DROP TABLE kept; --"
    connection.execute("CREATE OR REPLACE TABLE kept AS SELECT 1 AS one")
    assert execute(connection, "SELECT $text", {"text": text}).fetchone() == (text,)
    assert connection.table("kept").fetchall() == [(1,)]


def test_a_query_may_have_no_parameters(connection: duckdb.DuckDBPyConnection) -> None:
    """A query without parameters is run unchanged."""
    assert execute(connection, "SELECT '$none'", {}).fetchone() == ("$none",)


def test_neither_pandas_nor_pyarrow_is_imported() -> None:
    """DuckDB would import both for the first bound value."""
    code = (
        "import duckdb, sys; from incorta_loads.sql_parameters import execute; "
        "execute(duckdb.connect(), 'SELECT $a', {'a': 'x'}).fetchall(); "
        "print({'pandas', 'pyarrow', 'numpy'} & set(sys.modules)); "
        "duckdb.connect().execute('SELECT $a', {'a': 'x'}); print('pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\nTrue\n"
