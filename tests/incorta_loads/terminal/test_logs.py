"""Rules of the log lines."""

from __future__ import annotations

import json
import logging
import os
import re
import warnings
from collections.abc import Iterator

import pytest
from dlt.common import logger as dlt_logger
from dlt.common.configuration.container import Container
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

from incorta_loads.choices import LogFormat, Verbosity
from incorta_loads.redaction import Redactor
from incorta_loads.terminal.logs import may_draw, set_up_logs, turn_telemetry_off

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
    for name in ("incorta_loads.ingest.run", "urllib3.connectionpool"):
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
        "INFO of incorta_loads.ingest.run\n"
        "WARNING of incorta_loads.ingest.run\n"
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
        "TIME DEBUG incorta_loads.ingest.run: DEBUG of incorta_loads.ingest.run\n"
        "TIME INFO incorta_loads.ingest.run: INFO of incorta_loads.ingest.run\n"
        "TIME WARNING incorta_loads.ingest.run: WARNING of incorta_loads.ingest.run\n"
        "TIME DEBUG urllib3.connectionpool: DEBUG of urllib3.connectionpool\n"
        "TIME INFO urllib3.connectionpool: INFO of urllib3.connectionpool\n"
        "TIME WARNING urllib3.connectionpool: WARNING of urllib3.connectionpool\n"
        "TIME INFO dlt: INFO of dlt\n"
        "TIME WARNING dlt: WARNING of dlt\n"
    )


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("name", ["incorta_loads.endpoint.client", "urllib3", "dlt"])
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
    assert capsys.readouterr().err.count("WARNING of incorta_loads.ingest.run\n") == 1


def test_quiet_leaves_out_what_does_not_worry(capsys: pytest.CaptureFixture[str]) -> None:
    """Of ours as of others."""
    set_up_logs(REDACTOR, Verbosity.QUIET)
    say_everything()
    assert capsys.readouterr().err == (
        "WARNING of incorta_loads.ingest.run\nWARNING of urllib3.connectionpool\n"
    )


def test_verbose_says_all_of_ours_with_its_time(capsys: pytest.CaptureFixture[str]) -> None:
    """And of others what worries, as ever."""
    set_up_logs(REDACTOR, Verbosity.VERBOSE)
    say_everything()
    said = re.sub(r"^\d\d:\d\d:\d\d ", "TIME ", capsys.readouterr().err, flags=re.MULTILINE)
    assert said == (
        "TIME DEBUG of incorta_loads.ingest.run\n"
        "TIME INFO of incorta_loads.ingest.run\n"
        "TIME WARNING of incorta_loads.ingest.run\n"
        "TIME WARNING of urllib3.connectionpool\n"
    )


def test_json_has_the_fields_of_a_record_without_secrets(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Also in further fields and tracebacks, and whatever lines a message has."""
    set_up_logs(REDACTOR, log_format=LogFormat.JSON)
    logger = logging.getLogger("incorta_loads.endpoint.client")
    try:
        int(SECRET)
    except ValueError:
        logger.exception("two\nlines %s", SECRET, extra={"run_id": "r1", "url": f"/{SECRET}"})
    (line,) = capsys.readouterr().err.splitlines()
    said = json.loads(line)
    assert re.fullmatch(r"[\d-]{10}T[\d:.]{8,15}\+00:00", said.pop("time"))
    assert said.pop("exc_info").endswith("with base 10: '[redacted]'")
    assert said == {
        "level": "ERROR",
        "logger": "incorta_loads.endpoint.client",
        "message": "two\nlines [redacted]",
        "run_id": "r1",
        "url": "/[redacted]",
    }


def test_all_lines_are_json_then(capsys: pytest.CaptureFixture[str]) -> None:
    """Those of dlt, however often it sets up its logger, and warnings of Python."""
    set_up_logs(REDACTOR, log_format=LogFormat.JSON)
    Container()[PluggableRunContext].reload()
    dlt_logger.warning("of dlt")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        set_up_logs(REDACTOR)  # those are caught anew: pytest had put itself between
        set_up_logs(REDACTOR, log_format=LogFormat.JSON)
        warnings.warn("of Python", stacklevel=1)
        set_up_logs(REDACTOR)
    said = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["logger"] for line in said] == ["dlt", "py.warnings"]


@pytest.mark.parametrize(
    ("verbosity", "log_format", "expected"),
    [
        (Verbosity.USUAL, LogFormat.TEXT, True),
        (Verbosity.QUIET, LogFormat.TEXT, False),
        (Verbosity.VERBOSE, LogFormat.TEXT, False),
        (Verbosity.USUAL, LogFormat.JSON, False),
    ],
)
def test_things_move_where_nothing_else_is_written(
    monkeypatch: pytest.MonkeyPatch, verbosity: Verbosity, log_format: LogFormat, expected: bool
) -> None:
    """On a terminal, and only between usual lines."""
    set_up_logs(REDACTOR, verbosity, log_format)
    assert not may_draw()
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert may_draw() is expected
    set_up_logs(REDACTOR)


def test_telemetry_of_every_dependency_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the environment said before."""
    for name in ("RUNTIME__DLTHUB_TELEMETRY", "DBT_SEND_ANONYMOUS_USAGE_STATS", "DO_NOT_TRACK"):
        monkeypatch.setenv(name, "unset")
    turn_telemetry_off()
    assert os.environ["RUNTIME__DLTHUB_TELEMETRY"] == "false"
    assert os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] == "false"
    assert os.environ["DO_NOT_TRACK"] == "1"
