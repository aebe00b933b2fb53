"""The published copy of the warehouse, which is read where the warehouse itself is in use."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb

SNAPSHOT = "incorta_loads.duckdb"
"""Its name in a published directory."""

MANIFEST = "manifest.json"
"""Beside it: when it was published, and what else."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The last published copy of a warehouse.

    Attributes:
        path: its file.
        published_at: ISO 8601, UTC.
    """

    path: Path
    published_at: str


def write_snapshot(connection: duckdb.DuckDBPyConnection, warehouse: Path, target: Path) -> None:
    """Copies the warehouse, which the connection has open for writing, so that nobody writes."""
    connection.execute("CHECKPOINT")  # what is in the log only would be missing
    shutil.copyfile(warehouse, target)


def remember_snapshot(warehouse: Path, directory: Path) -> None:
    """Notes beside the warehouse where it was published last."""
    note, new = _note(warehouse), Path(f"{warehouse}.published.new")
    new.write_text(f"{directory}\n", "utf-8", errors="surrogateescape")
    new.replace(note)


def last_snapshot(warehouse: Path) -> Snapshot | None:
    """The last published copy; None where there is none any more."""
    if not _note(warehouse).is_file():
        return None
    try:
        note = _note(warehouse).read_text("utf-8", errors="surrogateescape")
        directory = Path(note.removesuffix("\n"))
        published_at = str(json.loads((directory / MANIFEST).read_bytes())["published_at"])
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        return None
    path = directory / SNAPSHOT
    return Snapshot(path, published_at) if path.is_file() else None


def _note(warehouse: Path) -> Path:
    return Path(f"{warehouse}.published")
