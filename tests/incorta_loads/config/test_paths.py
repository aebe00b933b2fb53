"""The path of the warehouse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from incorta_loads.config.paths import database_path
from incorta_loads.errors import InvalidSettingError

TOKEN = "ABC123.secret-token/456"

Write = Callable[..., None]

pytestmark = pytest.mark.usefixtures("write")


@pytest.mark.parametrize(
    ("given", "path"),
    [
        (None, "incorta_loads.duckdb"),
        ("", "incorta_loads.duckdb"),
        (" ", "incorta_loads.duckdb"),
        ("loads.duckdb", "loads.duckdb"),
        ("data/loads.db", "data/loads.db"),
        ("duckdb:loads.duckdb", "loads.duckdb"),
        ("duckdb:///loads.duckdb", "loads.duckdb"),
        ("/var/data/loads.duckdb", "/var/data/loads.duckdb"),
        ("duckdb:////var/data/loads.duckdb", "/var/data/loads.duckdb"),
        ("Lasten ö 1.duckdb", "Lasten ö 1.duckdb"),
        ("load_status_2.duckdb", "load_status_2.duckdb"),
    ],
)
def test_accepted_forms_of_the_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: str | None, path: str
) -> None:
    """`DESTINATION__DUCKDB__CREDENTIALS` sets the path; a relative one starts at the working
    directory."""
    if given is not None:
        monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", given)
    assert database_path() == tmp_path / path


@pytest.mark.parametrize(
    "config",
    [
        '[destination.duckdb]\ncredentials = "of/file.duckdb"',
        '[destination.duckdb]\ncredentials = "duckdb:///of/file.duckdb"',
        '[destination.duckdb.credentials]\ndatabase = "of/file.duckdb"',
        '[destination.duckdb]\ncredentials = {database = "of/file.duckdb", read_only = false}',
    ],
)
def test_the_path_is_read_from_the_files_of_dlt(
    monkeypatch: pytest.MonkeyPatch, write: Write, tmp_path: Path, config: str
) -> None:
    """It may be a string or a table, and the environment overrides it."""
    write(config)
    assert database_path() == tmp_path / "of/file.duckdb"
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", "of/environment.duckdb")
    assert database_path() == tmp_path / "of/environment.duckdb"


def test_the_database_may_be_set_in_its_own_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As in dlt, the path may be set in the variable of the database alone."""
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS__DATABASE", "loads.duckdb")
    assert database_path() == tmp_path / "loads.duckdb"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (":memory:", ":memory:"),
        (":pipeline:", ":pipeline:"),
        ("duckdb:", ""),
        ("duckdb:///", ""),
        ("md:loads", "md:loads"),
        (f"md:loads?motherduck_token={TOKEN}", "md:loads…"),
        (f"duckdb:///md:loads?motherduck_token={TOKEN}", "md:loads…"),
        (f"postgresql://loader:{TOKEN}@h/db", "postgresql…"),
        ("s3://bucket/loads.duckdb", "s3…"),
        ("data/", "data/"),
        (".", "."),
    ],
)
def test_anything_but_a_file_is_refused(
    monkeypatch: pytest.MonkeyPatch, given: str, shown: str
) -> None:
    """In-memory databases, remote ones and directories are refused; possible passwords are not
    shown."""
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", given)
    with pytest.raises(InvalidSettingError) as raised:
        database_path()
    assert str(raised.value) == (
        f"The warehouse must be a DuckDB file, not '{shown}'; "
        "set DESTINATION__DUCKDB__CREDENTIALS to a path such as incorta_loads.duckdb."
    )


@pytest.mark.parametrize(
    ("name", "database"),
    [
        ("load_status.duckdb", "load_status"),
        ("Load_Analysis.db", "Load_Analysis"),
        ("load_status_staging", "load_status_staging"),
        ("load_status.v2.duckdb", "load_status"),
        (".load_status.duckdb", "load_status"),
    ],
)
def test_a_file_named_like_a_schema_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, database: str
) -> None:
    """DuckDB could not tell the database from the schema."""
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", f"data/{name}")
    with pytest.raises(InvalidSettingError) as raised:
        database_path()
    assert str(raised.value) == (
        f"The warehouse cannot be called {name}: DuckDB names a database after its file, and "
        f"'{database}' is a schema in it; set DESTINATION__DUCKDB__CREDENTIALS to another name."
    )
