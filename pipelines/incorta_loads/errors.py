"""Defines the errors of this program and their exit codes.

Every error that reaches a user is one of these. Its message has one or two sentences: what
happened, to which id or setting, and what to do.

    IncortaLoadsError
    ├── ConfigurationError          2   the configuration or arguments are wrong
    │   ├── InvalidIdsError             a list of ids cannot be parsed
    │   ├── MissingSettingError         a required setting is missing
    │   ├── InvalidSettingError         the value of a setting is invalid
    │   ├── InvalidTokenError           the cluster responded with 401
    │   └── WrongTenantError            the cluster does not know the tenant
    ├── RunFailedError              1   the run failed
    │   ├── ClusterDownError            too many consecutive ids were unavailable
    │   ├── UnknownExecutionError       the warehouse or the cluster has no such execution
    │   ├── SpoolError                  a response could not be stored temporarily
    │   ├── WarehouseError              the warehouse cannot be read or written
    │   │   └── OutOfMemoryError            DuckDB needs more memory than its limit
    │   ├── ModelsError                 a SQL model or one of its tests failed
    │   ├── PublishError                the published files cannot be written
    │   └── OutputError                 stdout cannot be written
    ├── BusyError                   8   another process has locked the warehouse
    └── InterruptedRunError       130   Ctrl-C, or SIGTERM (143)
"""

from __future__ import annotations

import re


class IncortaLoadsError(Exception):
    """Base class of all errors of this program."""

    exit_code: int = 1


class ConfigurationError(IncortaLoadsError):
    """The configuration or arguments are wrong; nothing was changed."""

    exit_code = 2


class InvalidIdsError(ConfigurationError):
    """A list of execution ids cannot be parsed."""


class MissingSettingError(ConfigurationError):
    """A required setting is missing."""


class InvalidSettingError(ConfigurationError):
    """The value of a setting is invalid."""


class InvalidTokenError(ConfigurationError):
    """The cluster refused the access token (401)."""


class WrongTenantError(ConfigurationError):
    """The cluster does not know the tenant (404 `Invalid [X] tenant in resource path`)."""


class RunFailedError(IncortaLoadsError):
    """The run failed; everything that it had committed is kept."""

    exit_code = 1


class ClusterDownError(RunFailedError):
    """Too many consecutive ids were `unavailable`."""


class UnknownExecutionError(RunFailedError):
    """The warehouse or the cluster has no execution with this id, or does not show it."""


class SpoolError(RunFailedError):
    """A large response could not be stored in the temporary directory."""


class WarehouseError(RunFailedError):
    """The warehouse cannot be opened, read or written."""


class OutOfMemoryError(WarehouseError):
    """DuckDB needs more memory than its initial limit."""


class ModelsError(RunFailedError):
    """A SQL model or one of its tests failed."""


class PublishError(RunFailedError):
    """The published files cannot be written; the previous publication is kept."""


class OutputError(RunFailedError):
    """The output of a command cannot be written; its changes are kept."""


class BusyError(IncortaLoadsError):
    """Another process still held the warehouse after the timeout."""

    exit_code = 8


class InterruptedRunError(IncortaLoadsError):
    """A signal ended the run after the current batch was committed."""

    def __init__(self, message: str, *, signal_number: int) -> None:
        super().__init__(message)
        self.exit_code = 128 + signal_number


def one_line(message: object) -> str:
    """Returns the text of an error in one line, without control characters."""
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", " ", str(message)).strip()


def first_line(error: BaseException) -> str:
    """Returns the first line of an error's text without its period, or else its type."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")


def root_cause(error: BaseException) -> BaseException:
    """Returns the innermost error that led to this one, as a traceback would show it first."""
    while inner := error.__cause__ or (None if error.__suppress_context__ else error.__context__):
        error = inner
    return error
