"""Writes log lines to stderr with secrets redacted, as text or as one JSON object per line."""

from __future__ import annotations

import logging
import os
import sys
from typing import Any

from incorta_loads.choices import LogFormat, Verbosity
from incorta_loads.redaction import RedactingFilter, Redactor

_LEVELS = {
    Verbosity.QUIET: logging.WARNING,
    Verbosity.USUAL: logging.INFO,
    Verbosity.VERBOSE: logging.DEBUG,
    Verbosity.DEBUG: logging.DEBUG,
}
_FORMS = {
    Verbosity.VERBOSE: "%(asctime)s %(message)s",
    Verbosity.DEBUG: "%(asctime)s %(levelname)s %(name)s: %(message)s",
}


def set_up_logs(
    redactor: Redactor,
    verbosity: Verbosity = Verbosity.USUAL,
    log_format: LogFormat = LogFormat.TEXT,
) -> None:
    """Sends every log record of the process to stderr, with secrets redacted.

    Other libraries' records below WARNING are shown only with `debug`, as are those of dlt below
    CRITICAL. This program reports a failed load in one sentence, but dlt would print a traceback of
    each attempt.
    """
    is_debugging = verbosity is Verbosity.DEBUG
    formatter = log_formatter(redactor, verbosity, log_format)
    # dlt's logger does not propagate, and dlt would add a handler of its own if it had none.
    for logger in (logging.getLogger(), logging.getLogger("dlt")):
        handler = _Handler(formatter, verbosity, log_format)
        handler.addFilter(RedactingFilter(redactor))
        logger.handlers[:] = [handler]
        logger.setLevel(logging.DEBUG if is_debugging else logging.WARNING)
    logging.getLogger("dlt").setLevel(logging.DEBUG if is_debugging else logging.CRITICAL)
    logging.getLogger("incorta_loads").setLevel(_LEVELS[verbosity])
    logging.captureWarnings(log_format is LogFormat.JSON)


def log_formatter(
    redactor: Redactor, verbosity: Verbosity, log_format: LogFormat
) -> logging.Formatter:
    """Returns the formatter that turns a record into a line."""
    if log_format is LogFormat.JSON:
        return _json_formatter(redactor)
    return logging.Formatter(_FORMS.get(verbosity, "%(message)s"), "%H:%M:%S")


def may_draw() -> bool:
    """Returns whether to draw live output.

    It is drawn if stderr is a terminal, logs are text, and the verbosity is the usual one.
    """
    handlers = [each for each in logging.getLogger().handlers if isinstance(each, _Handler)]
    return sys.stderr.isatty() and all(each.may_draw_beside for each in handlers)


def turn_telemetry_off() -> None:
    """Turns off the usage telemetry of all dependencies."""
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"
    os.environ["DO_NOT_TRACK"] = "1"


class _Handler(logging.StreamHandler[Any]):
    """Writes to stderr and keeps the JSON format.

    dlt sets up its logger for each pipeline and would replace the formatter.
    """

    def __init__(
        self, formatter: logging.Formatter, verbosity: Verbosity, log_format: LogFormat
    ) -> None:
        super().__init__(sys.stderr)
        self.formatter = formatter
        self._is_text = log_format is LogFormat.TEXT
        self.may_draw_beside = self._is_text and verbosity is Verbosity.USUAL

    def setFormatter(self, fmt: logging.Formatter | None) -> None:  # noqa: N802
        if self._is_text:
            super().setFormatter(fmt)


def _json_formatter(redactor: Redactor) -> logging.Formatter:
    from pythonjsonlogger.json import JsonFormatter  # noqa: PLC0415 (not for --help)

    class Formatter(JsonFormatter):
        """Formats the fields of a record and redacts secrets in those that the filter misses."""

        def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
            fields = {"time": log_data.pop("time")} | log_data
            return {
                name: redactor.clean_text(each) if isinstance(each, str) else each
                for name, each in fields.items()
            }

    return Formatter(
        ["levelname", "name", "message"],
        rename_fields={"levelname": "level", "name": "logger"},
        timestamp="time",
        json_ensure_ascii=False,
    )
