"""The values of options, in a module of their own because `--help` needs nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Format(StrEnum):
    """Output format of rows."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


class By(StrEnum):
    """Unit by which failure rates are counted."""

    PLAN = "plan"
    GROUP = "group"
    SCHEMA = "schema"
    TABLE = "table"


class Sort(StrEnum):
    """Sort order of failure rates."""

    RATE = "rate"
    RANK = "rank"
    ERRORS = "errors"


class Timed(StrEnum):
    """What durations are of."""

    PLAN = "plan"
    TABLE = "table"


class SortDurations(StrEnum):
    """Sort order of durations."""

    LONGEST = "longest"
    SLOWER = "slower"


class LogFormat(StrEnum):
    """Format of log lines."""

    TEXT = "text"
    JSON = "json"


class Verbosity(StrEnum):
    """How much is logged on stderr; each level includes those before it."""

    QUIET = "quiet"
    USUAL = "usual"
    VERBOSE = "verbose"
    DEBUG = "debug"


MOST_ROWS: Final = 2**62
"""The highest limit of rows that DuckDB takes."""


@dataclass(frozen=True)
class Names:
    """Names that rows must have; None for any.

    Attributes:
        cluster, tenant: as stored.
        plan: name of a load plan that the rows concern.
        schema: name of a schema.
        table: name of a table, or schema and table with a dot between.
    """

    cluster: str | None = None
    tenant: str | None = None
    plan: str | None = None
    schema: str | None = None
    table: str | None = None

    def given(self) -> dict[str, str]:
        """Returns only the names that rows must have."""
        return {kind: name for kind, name in vars(self).items() if name is not None}


ANY_NAMES = Names()


@dataclass(frozen=True)
class Wanted:
    """Which rows to show.

    Attributes:
        names: names that the rows must have.
        limit: at most this many rows.
        only_notable: only rows that are worth a look.
        only_now: only current rows.
        show_all: whether the user asked for all rows.
    """

    names: Names = ANY_NAMES
    limit: int | None = None
    only_notable: bool = False
    only_now: bool = False
    show_all: bool = False
