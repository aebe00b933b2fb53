"""Rules of the log lines."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator

import pytest
from dlt.common import logger as dlt_logger
from dlt.common.configuration.container import Container
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

from incorta_loads.choices import Verbosity
from incorta_loads.logs import set_up_logs, turn_telemetry_off
from incorta_loads.redaction import Redactor

SECRET = "s3cret/token"
REDACTOR = Redactor([SECRET])

LOGGERS = ("", "dlt", "incorta_loads")


@pytest.fixture(autouse=True)
def loggers_of_before() -> Iterator[None]:
    """A test leaves the loggers of the process as it found them."""
    Container()[PluggableRunContext]  # dlt makes its logger, as it does before any command's work
    before = [
        (
            logging.getLogger(name),
            logging.getLogger(name).handlers[:],
            logging.getLogger(name).level,
        )
        for name in LOGGERS
    ]
    yield
    for logger, handlers, level in before:
        logger.handlers[:] = handlers
        logger.setLevel(level)


def say_everything() -> None:
    """One line of each kind that matters: ours, another library's, dlt's."""
    for name in ("incorta_loads.ingest", "urllib3.connectionpool"):
        for level in (logging.DEBUG, logging.INFO, logging.WARNING):
            logging.getLogger(name).log(level, "%s of %s", logging.getLevelName(level), name)
    dlt_logger.info("INFO of dlt")
    dlt_logger.warning("WARNING of dlt")


def test_a_run_says_what_it_does_and_libraries_only_what_worries(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Messages alone, on stderr: ours from INFO, others' from WARNING, but of dlt."""
    set_up_logs(REDACTOR)
    say_everything()
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        "INFO of incorta_loads.ingest\n"
        "WARNING of incorta_loads.ingest\n"
        "WARNING of urllib3.connectionpool\n"
    )


def test_debug_says_everything_with_time_level_and_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Every record of every library, in one form, on stderr."""
    set_up_logs(REDACTOR, Verbosity.DEBUG)
    say_everything()
    said = capsys.readouterr()
    assert said.out == ""
    assert re.sub(r"^\d\d:\d\d:\d\d ", "TIME ", said.err, flags=re.MULTILINE) == (
        "TIME DEBUG incorta_loads.ingest: DEBUG of incorta_loads.ingest\n"
        "TIME INFO incorta_loads.ingest: INFO of incorta_loads.ingest\n"
        "TIME WARNING incorta_loads.ingest: WARNING of incorta_loads.ingest\n"
        "TIME DEBUG urllib3.connectionpool: DEBUG of urllib3.connectionpool\n"
        "TIME INFO urllib3.connectionpool: INFO of urllib3.connectionpool\n"
        "TIME WARNING urllib3.connectionpool: WARNING of urllib3.connectionpool\n"
        "TIME INFO dlt: INFO of dlt\n"
        "TIME WARNING dlt: WARNING of dlt\n"
    )


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("name", ["incorta_loads.client", "urllib3", "dlt"])
def test_no_line_has_a_secret(name: str, debug: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever logs it: in the message, an argument, or the text of an error."""
    set_up_logs(REDACTOR, Verbosity.DEBUG if debug else Verbosity.USUAL)
    logger = logging.getLogger(name)
    try:
        int(SECRET)
    except ValueError:
        logger.critical("refused %s and %s", SECRET, "s3cret%2Ftoken", exc_info=True)
    said = capsys.readouterr().err
    assert SECRET not in said
    assert "refused [redacted] and [redacted]" in said
    assert said.endswith("ValueError: invalid literal for int() with base 10: '[redacted]'\n")


def test_dlt_may_set_up_its_logger_again(capsys: pytest.CaptureFixture[str]) -> None:
    """As it does for each pipeline: its lines then have its own form, and still no secret."""
    set_up_logs(REDACTOR)
    Container()[PluggableRunContext].reload()
    dlt_logger.warning("refused %s", SECRET)
    said = capsys.readouterr().err
    assert SECRET not in said
    assert said.endswith("refused [redacted]\n")
    assert said.count("\n") == 1


def test_logs_set_up_twice_say_everything_once(capsys: pytest.CaptureFixture[str]) -> None:
    """The last call counts."""
    set_up_logs(REDACTOR, Verbosity.DEBUG)
    set_up_logs(REDACTOR)
    say_everything()
    assert capsys.readouterr().err.count("WARNING of incorta_loads.ingest\n") == 1


def test_telemetry_of_every_dependency_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the environment said before."""
    for name in ("RUNTIME__DLTHUB_TELEMETRY", "DBT_SEND_ANONYMOUS_USAGE_STATS", "DO_NOT_TRACK"):
        monkeypatch.setenv(name, "unset")
    turn_telemetry_off()
    assert os.environ["RUNTIME__DLTHUB_TELEMETRY"] == "false"
    assert os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] == "false"
    assert os.environ["DO_NOT_TRACK"] == "1"
