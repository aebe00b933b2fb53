"""The values of options, in a module of their own because `--help` needs nothing else."""

from __future__ import annotations

from enum import StrEnum


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
