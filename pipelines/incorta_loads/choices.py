"""The words that options take; apart, because `--help` needs them and nothing else."""

from __future__ import annotations

from enum import StrEnum


class Format(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


class By(StrEnum):
    """What failure rates are counted by."""

    PLAN = "plan"
    GROUP = "group"
    SCHEMA = "schema"
    TABLE = "table"


class Sort(StrEnum):
    """What leads in a list of failure rates."""

    RATE = "rate"
    RANK = "rank"
    ERRORS = "errors"


class LogFormat(StrEnum):
    """What a log line is."""

    TEXT = "text"
    JSON = "json"


class Verbosity(StrEnum):
    """How much is logged on stderr; each level includes those before it."""

    QUIET = "quiet"
    USUAL = "usual"
    VERBOSE = "verbose"
    DEBUG = "debug"
