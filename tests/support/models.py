"""Compiled models for new warehouses: dbt takes seconds, and they are the same for all."""

from __future__ import annotations

import shutil
from pathlib import Path

from filelock import FileLock

from incorta_loads.analysis.compiled import compiled_project

shared: list[Path] = []
"""The directory of this run of the tests, for all of its processes."""


def with_models(database: Path) -> Path:
    """The database, with the compiled models beside it as an earlier build leaves them."""
    first = shared[0] / "first.duckdb"
    with FileLock(f"{first}.lock"):
        compiled_project(first, {})
    shutil.copyfile(f"{first}.models", f"{database}.models")
    return database
