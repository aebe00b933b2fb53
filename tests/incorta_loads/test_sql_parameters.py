"""Parameters reach DuckDB as they are, without what binding them would import."""

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
def test_a_value_comes_back(
    connection: duckdb.DuckDBPyConnection, one: Parameter, other: Parameter
) -> None:
    """Whatever its characters, and twice in a query."""
    query = "SELECT $other, $one, $other"
    found = execute(connection, query, {"one": one, "other": other}).fetchone()
    assert found == (other, one, other)


def test_a_text_ends_where_it_ends(connection: duckdb.DuckDBPyConnection) -> None:
    """It cannot become SQL."""
    text = "'); DROP TABLE kept; --"
    connection.execute("CREATE OR REPLACE TABLE kept AS SELECT 1 AS one")
    assert execute(connection, "SELECT $text", {"text": text}).fetchone() == (text,)
    assert connection.table("kept").fetchall() == [(1,)]


def test_a_query_may_have_no_parameters(connection: duckdb.DuckDBPyConnection) -> None:
    """Then it is run as it is."""
    assert execute(connection, "SELECT '$none'", {}).fetchone() == ("$none",)


def test_neither_pandas_nor_pyarrow_is_imported() -> None:
    """DuckDB imports both for the first value that is bound."""
    code = (
        "import duckdb, sys; from incorta_loads.sql_parameters import execute; "
        "execute(duckdb.connect(), 'SELECT $a', {'a': 'x'}).fetchall(); "
        "print({'pandas', 'pyarrow', 'numpy'} & set(sys.modules)); "
        "duckdb.connect().execute('SELECT $a', {'a': 'x'}); print('pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\nTrue\n"
