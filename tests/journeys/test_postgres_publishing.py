"""The marts in a real PostgreSQL server, while readers ask it and publications are killed."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import psycopg2
import pytest

from incorta_loads.analysis.project import mart_names
from journeys.shell import COMMAND, User
from sql.base_rows import built
from sql.looked_at import looked_at
from sql.postgres_server import postgres_server
from support.kills import Kills, meanwhile
from support.proof import IS_PROOF

PASSWORD = "s3cret-of-postgres"
MARTS = [name for name in mart_names() if name != "node_outcomes"]
"""All of this warehouse, in which the backtest was built."""


@pytest.fixture(scope="module")
def server() -> Iterator[Path]:
    with postgres_server() as host:
        yield host


@pytest.fixture
def url(server: Path) -> Iterator[str]:
    """The address of an empty database on the server, with a password that it does not check."""
    with closing(psycopg2.connect(host=str(server), user="postgres")) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("CREATE DATABASE bi")
            yield f"postgresql://postgres:{PASSWORD}@/bi?host={server}"
            cursor.execute("DROP DATABASE bi WITH (FORCE)")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with times of all kinds."""
    return built(tmp_path_factory.mktemp("postgres") / "w.duckdb", *looked_at().history)


@pytest.fixture
def own(user: User, whole: Path, url: str) -> User:
    """A user who publishes that warehouse into the database too."""
    shutil.copy(whole, user.warehouse)
    user.settings["SOURCES__INCORTA__PUBLISH_POSTGRES"] = url
    return user


def there(url: str, query: str) -> list[tuple[Any, ...]]:
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'UTC'")
        cursor.execute(query)
        return cursor.fetchall()


@pytest.fixture(scope="module")
def here(whole: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Mart → its rows in the warehouse."""
    with duckdb.connect(whole, read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return {
            mart: connection.execute(f"SELECT * FROM load_analysis.{mart}").fetchall()
            for mart in MARTS
        }


def test_all_cells_are_those_of_the_warehouse(
    own: User, url: str, here: dict[str, list[tuple[Any, ...]]]
) -> None:
    """With comments, and again after another publication, in the same tables."""
    printed = own.runs("publish").stdout
    assert f"Published: PostgreSQL ({len(MARTS)} tables with " in printed
    ids = (
        "SELECT oid, relname FROM pg_class WHERE relkind = 'r' "
        "AND relnamespace = 'load_analysis'::regnamespace ORDER BY relname"
    )
    first = there(url, ids)
    own.runs("publish")
    assert [name for _, name in there(url, ids)] == sorted(MARTS)
    assert there(url, ids) == first
    for mart, rows in here.items():
        found = there(url, f"SELECT * FROM load_analysis.{mart}")
        assert Counter(found) == Counter(rows), mart
    comments = there(
        url,
        "SELECT obj_description('load_analysis.executions'::regclass), "
        "col_description('load_analysis.executions'::regclass, 3)",
    )
    assert all(comments[0])


def test_a_table_with_other_columns_is_made_anew(own: User, url: str) -> None:
    """As one of another version has them; the others stay."""
    own.runs("publish")
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("ALTER TABLE load_analysis.incidents ADD COLUMN old text")
        cursor.execute("ALTER TABLE load_analysis.gaps ALTER COLUMN ids TYPE text")
    own.runs("publish")
    columns = there(
        url,
        "SELECT column_name, data_type FROM information_schema.columns "
        "WHERE table_schema = 'load_analysis' AND column_name IN ('old', 'ids')",
    )
    assert columns == [("ids", "bigint")]


def test_a_nul_in_a_name_is_replaced(own: User, url: str) -> None:
    """PostgreSQL cannot store it."""
    with duckdb.connect(own.warehouse) as connection:
        connection.execute(
            "UPDATE load_status.nodes SET load_plan = 'a' || chr(0) || 'b', "
            "name = if(node_id = 0, 'a' || chr(0) || 'b', name), "
            "fetched_at = fetched_at + INTERVAL 1 SECOND"
        )
    own.runs("analyze")
    own.runs("publish")
    assert there(url, "SELECT DISTINCT load_plan FROM load_analysis.executions") == [("a\ufffdb",)]


def test_a_failure_is_one_line_and_keeps_the_files(own: User) -> None:
    """Nothing shows the password."""
    own.settings["SOURCES__INCORTA__PUBLISH_POSTGRES"] = (
        f"postgresql://postgres:{PASSWORD}@127.0.0.1:1/bi"
    )
    done = own.runs("run", exit_code=1)
    assert "PostgreSQL could not be published to (" in done.stderr
    assert done.stderr.rstrip().splitlines()[-1].startswith("Error: PostgreSQL could not be")
    assert (own.home / "published/manifest.json").is_file()
    assert PASSWORD not in done.stdout + done.stderr


def test_a_database_of_another_warehouse_is_refused(own: User, url: str) -> None:
    """Its rows would be lost."""
    own.runs("publish")
    with duckdb.connect(own.warehouse) as connection:
        connection.execute("UPDATE load_status.fetches SET tenant = 'another'")
        connection.execute("UPDATE load_status.nodes SET tenant = 'another'")
        connection.execute("UPDATE load_status.status_changes SET tenant = 'another'")
    own.runs("analyze")
    shutil.rmtree(own.home / "published")
    done = own.runs("publish", exit_code=2)
    assert "holds the publication of another warehouse, with c5, tenant looked at" in done.stderr
    assert there(url, "SELECT DISTINCT tenant FROM load_analysis.executions") == [("looked at",)]


def test_an_address_that_is_none_is_refused_without_showing_it(own: User) -> None:
    """It may contain a password in the wrong place."""
    own.settings["SOURCES__INCORTA__PUBLISH_POSTGRES"] = PASSWORD
    done = own.runs("publish", exit_code=2)
    assert "must begin with postgresql://" in done.stderr
    assert PASSWORD not in done.stderr


@pytest.mark.timeout(900)
def test_readers_see_whole_publications_through_kills(
    own: User, url: str, report_figure: Callable[[str], None]
) -> None:
    """Each query finds all rows of one publication, in every table at once."""
    begin = time.monotonic()
    own.runs("publish")
    kills = Kills(time.monotonic() - begin)
    expected = there(url, _COUNTS)
    seen, errors = [0], list[object]()

    def read() -> None:
        found = there(url, _COUNTS)
        seen[0] += 1
        if found != expected:
            errors.append(found)

    publications = 50 if IS_PROOF else 6
    with meanwhile(read):
        for _ in range(publications):
            kills.let_run(
                subprocess.Popen(
                    [COMMAND, "publish", "--quiet"],
                    cwd=own.home,
                    env=own.environment,
                    stdout=subprocess.DEVNULL,
                )
            )
    own.runs("publish")
    report_figure(
        f"{publications} publications, {kills.killed} killed; {seen[0]} reads of PostgreSQL"
    )
    assert errors == []
    assert seen[0] > publications
    assert there(url, _COUNTS) == expected


_COUNTS = " UNION ALL ".join(
    f"SELECT '{mart}', count(*) FROM load_analysis.{mart}" for mart in MARTS
)
