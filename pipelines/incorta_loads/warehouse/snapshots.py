"""The published copy of the warehouse, which is read while the warehouse itself is in use."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb

SNAPSHOT = "incorta_loads.duckdb"
"""Name of the snapshot in a published directory."""

MANIFEST = "manifest.json"
"""File beside the snapshot with the time of publishing and the other published files."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The last published copy of a warehouse.

    Attributes:
        path: file of the copy.
        published_at: time of publishing in ISO 8601, UTC.
    """

    path: Path
    published_at: str


def write_snapshot(connection: duckdb.DuckDBPyConnection, warehouse: Path, target: Path) -> None:
    """Copies the warehouse file.

    The connection has the warehouse open for writing, so no other process writes meanwhile.
    """
    connection.execute("CHECKPOINT")  # the copy would lack data that is only in the log
    shutil.copyfile(warehouse, target)


def remember_snapshot(warehouse: Path, directory: Path) -> None:
    """Records beside the warehouse the directory that it was last published to."""
    note, new = _note(warehouse), Path(f"{warehouse}.published.new")
    new.write_text(f"{directory}\n", "utf-8", errors="surrogateescape")
    new.replace(note)


def last_snapshot(warehouse: Path) -> Snapshot | None:
    """Returns the last published copy, or None if there is none or it no longer exists."""
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
