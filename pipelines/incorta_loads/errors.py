"""The errors of this program, and the exit code that each one ends the command with.

Every error that reaches a user is one of these. Its text is one sentence or two: what happened, to
which id or setting, and what to do.

    IncortaLoadsError
    ├── ConfigurationError          2   what the user gave is wrong
    │   ├── InvalidIdsError             an id range that cannot be read
    │   ├── MissingSettingError         a setting that is not there, with the places looked at
    │   ├── InvalidSettingError         a setting whose value cannot be used
    │   ├── InvalidTokenError           the cluster answered 401
    │   └── WrongTenantError            the cluster does not know the tenant
    ├── RunFailedError              1   the run could not do its work
    │   ├── ClusterDownError            too many ids in a row were unavailable
    │   ├── UnknownExecutionError       the warehouse, or the cluster, has no such execution
    │   ├── SpoolError                  an answer could not wait in the temporary directory
    │   ├── WarehouseError              the warehouse cannot be read or written
    │   │   └── OutOfMemoryError            DuckDB needs more memory than a run gives it
    │   ├── ModelsError                 a SQL model or one of its tests failed
    │   ├── PublishError                the published files cannot be written
    │   └── OutputError                 stdout cannot be written
    ├── BusyError                   8   another process holds the warehouse
    └── InterruptedRunError       130   Ctrl-C, or SIGTERM (143)
"""

from __future__ import annotations

import re


class IncortaLoadsError(Exception):
    """Root of the tree."""

    exit_code: int = 1


class ConfigurationError(IncortaLoadsError):
    """What the user gave is wrong: nothing was changed."""

    exit_code = 2


class InvalidIdsError(ConfigurationError):
    """A list of execution ids that cannot be read."""


class MissingSettingError(ConfigurationError):
    """A setting that is required and nowhere to be found."""


class InvalidSettingError(ConfigurationError):
    """A setting whose value cannot be used."""


class InvalidTokenError(ConfigurationError):
    """The cluster refused the access token (401)."""


class WrongTenantError(ConfigurationError):
    """The cluster does not know the tenant (404 `Invalid [X] tenant in resource path`)."""


class RunFailedError(IncortaLoadsError):
    """The run could not do its work; what it had committed before stays."""

    exit_code = 1


class ClusterDownError(RunFailedError):
    """Too many ids in a row ended `unavailable`."""


class UnknownExecutionError(RunFailedError):
    """The warehouse, or the cluster, has no execution of this id, or does not show it."""


class SpoolError(RunFailedError):
    """A large answer could not be kept in the temporary directory until it is loaded."""


class WarehouseError(RunFailedError):
    """The warehouse cannot be opened, read or written."""


class OutOfMemoryError(WarehouseError):
    """DuckDB needs more memory than a run gives it at first."""


class ModelsError(RunFailedError):
    """A SQL model or one of its tests failed."""


class PublishError(RunFailedError):
    """The published files cannot be written; those of the last publication stay."""


class OutputError(RunFailedError):
    """What a command prints cannot be written; what it changed before stays."""


class BusyError(IncortaLoadsError):
    """Another process holds the warehouse, and went on holding it."""

    exit_code = 8


class InterruptedRunError(IncortaLoadsError):
    """A signal ended the run after the batch in flight was committed."""

    def __init__(self, message: str, *, signal_number: int) -> None:
        super().__init__(message)
        self.exit_code = 128 + signal_number


def one_line(message: object) -> str:
    """The text of an error, which may have many lines and control characters, in one line."""
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", " ", str(message)).strip()


def first_line(error: BaseException) -> str:
    """The first line of an error's text, without a full stop; its type if it has no text."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")


def root_cause(error: BaseException) -> BaseException:
    """The innermost error that led to this one, as a traceback would show it first."""
    while inner := error.__cause__ or (None if error.__suppress_context__ else error.__context__):
        error = inner
    return error
