"""Log lines on stderr, with the secrets taken out."""

from __future__ import annotations

import logging
import os
import sys

from incorta_loads.redaction import RedactingFilter, Redactor


def set_up_logs(redactor: Redactor, *, debug: bool) -> None:
    """Sends every log record of the process to stderr, through the redaction.

    dlt and dbt speak through their own loggers; what they say below WARNING is shown with `debug`.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(RedactingFilter(redactor))
    form = "%(asctime)s %(levelname)s %(name)s: %(message)s" if debug else "%(message)s"
    handler.setFormatter(logging.Formatter(form, "%H:%M:%S"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG if debug else logging.WARNING)
    logging.getLogger("incorta_loads").setLevel(logging.DEBUG if debug else logging.INFO)


def turn_telemetry_off() -> None:
    """No dependency tells anybody that it is used."""
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"
    os.environ["DO_NOT_TRACK"] = "1"
