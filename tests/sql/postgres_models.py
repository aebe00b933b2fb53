"""A history in PostgreSQL, and the models that dbt builds on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 (it is a class)

from incorta_loads.analysis.project import project_directory
from sql.base_rows import EMPTY_BASE_TABLES, Fetch, History, Node, StatusChange
from sql.postgres_server import without_foreign_settings
from sql.reference.keys import Row


def load(host: Path, history: History) -> None:
    """Creates and fills the base tables, with dlt's types."""
    tables = (
        *(("nodes", Node, history.nodes), ("fetches", Fetch, history.fetches)),
        ("status_changes", StatusChange, history.changes),
    )
    with _connected(host) as connection, connection.cursor() as cursor:
        cursor.execute(EMPTY_BASE_TABLES)
        for table, kind, values in tables:
            copying = f"copy load_status.{table} ({', '.join(kind._fields)}) from stdin"
            cursor.copy_expert(copying, StringIO("".join(_lines(values))))
        connection.commit()


def build(host: Path, litter: Path) -> list[dict[str, Any]]:
    """Runs `dbt build` as users do, with the profile's defaults; returns the result of each
    node."""
    project = str(project_directory())
    done = subprocess.run(
        [
            *(Path(sys.executable).with_name("dbt"), "build", "--target", "postgres"),
            *("--project-dir", project, "--profiles-dir", project, "--no-version-check"),
            *("--target-path", litter, "--log-path", litter),
        ],
        env=without_foreign_settings(os.environ) | {"PGHOST": str(host), "DO_NOT_TRACK": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    results: list[dict[str, Any]] = json.loads((litter / "run_results.json").read_text())["results"]
    return results


def select(host: Path, query: str) -> list[Row]:
    """The rows as dictionaries by column name."""
    with _connected(host) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _connected(host: Path) -> closing[Connection]:
    return closing(psycopg2.connect(host=str(host), user="postgres", port=5432))


def _lines(values: Iterable[tuple[object, ...]]) -> Iterator[str]:
    for row in values:
        yield "\t".join(r"\N" if value is None else _escaped(str(value)) for value in row) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
