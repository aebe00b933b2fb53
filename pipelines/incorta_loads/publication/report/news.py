"""What the page shows first: incidents, and what changed since the last report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import duckdb

from incorta_loads.analysis.comparison import changes
from incorta_loads.analysis.rows import Row
from incorta_loads.choices import Wanted

_BEFORE_ALL = -1


@dataclass(frozen=True)
class LastReport:
    """The report before this one.

    Attributes:
        published_at: its time; None if there is none.
        highest_ids: (cluster, tenant) → highest execution in it; None if it had none.
    """

    published_at: datetime | None = None
    highest_ids: Mapping[tuple[str, str], int | None] = field(default_factory=dict)


def changes_since(connection: duckdb.DuckDBPyConnection, before: LastReport) -> list[Row]:
    """Returns the tables that broke, got worse or recovered since the last report, newest first.

    Without an earlier report there are none, because everything would be new.

    Raises:
        WarehouseError: there is no analysis yet.
    """
    if before.published_at is None:
        return []
    found, _ = changes(connection, Wanted(), _BEFORE_ALL)
    return [row for row in found.rows if row["since_execution_id"] > _last_id(before, row)]


def _last_id(before: LastReport, row: Row) -> int:
    highest = before.highest_ids.get((row["cluster"], row["tenant"]))
    return _BEFORE_ALL if highest is None else highest
