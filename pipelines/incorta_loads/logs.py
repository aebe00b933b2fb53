"""Log lines on stderr, with the secrets taken out."""

from __future__ import annotations

import logging
import os
import sys

from incorta_loads.redaction import RedactingFilter, Redactor


def set_up_logs(redactor: Redactor, *, debug: bool) -> None:
    """Sends every log record of the process to stderr, through the redaction.

    What other libraries say below WARNING is shown with `debug`, as is all that dlt says: a load
    that fails is told in one sentence of ours, and dlt would print a traceback of each attempt.
    """
    level = logging.DEBUG if debug else logging.WARNING
    form = "%(asctime)s %(levelname)s %(name)s: %(message)s" if debug else "%(message)s"
    # dlt's logger passes nothing on, and would make itself a handler if it had none.
    for logger in (logging.getLogger(), logging.getLogger("dlt")):
        handler = logging.StreamHandler(sys.stderr)
        handler.addFilter(RedactingFilter(redactor))
        handler.setFormatter(logging.Formatter(form, "%H:%M:%S"))
        logger.handlers[:] = [handler]
        logger.setLevel(level)
    logging.getLogger("dlt").setLevel(logging.DEBUG if debug else logging.CRITICAL)
    logging.getLogger("incorta_loads").setLevel(logging.DEBUG if debug else logging.INFO)


def turn_telemetry_off() -> None:
    """No dependency tells anybody that it is used."""
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"
    os.environ["DO_NOT_TRACK"] = "1"
