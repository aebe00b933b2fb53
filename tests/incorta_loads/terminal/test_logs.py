"""Rules for log lines."""

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
def restored_loggers() -> Iterator[None]:
    """Restores the loggers of the process after the test."""
    Container()[PluggableRunContext]  # dlt creates its logger, as it does before any command's work
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


def log_one_line_of_each_kind() -> None:
    """Logs one line of each kind: of this program, of another library, and of dlt."""
    for name in ("incorta_loads.ingest.run", "urllib3.connectionpool"):
        for level in (logging.DEBUG, logging.INFO, logging.WARNING):
            logging.getLogger(name).log(level, "%s of %s", logging.getLevelName(level), name)
    dlt_logger.info("INFO of dlt")
    dlt_logger.warning("WARNING of dlt")


def test_by_default_only_warnings_of_libraries_are_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """On stderr: this program's messages from INFO, those of libraries from WARNING, none of
    dlt."""
    set_up_logs(REDACTOR)
    log_one_line_of_each_kind()
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err == (
        "INFO of incorta_loads.ingest.run\n"
        "WARNING of incorta_loads.ingest.run\n"
        "WARNING of urllib3.connectionpool\n"
    )


def test_debug_shows_every_record_with_time_level_and_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Records of all libraries have the same form, on stderr."""
    set_up_logs(REDACTOR, Verbosity.DEBUG)
    log_one_line_of_each_kind()
    output = capsys.readouterr()
    assert output.out == ""
    assert re.sub(r"^\d\d:\d\d:\d\d ", "TIME ", output.err, flags=re.MULTILINE) == (
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
def test_no_line_contains_a_secret(
    name: str, debug: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """A secret in the message, an argument or the text of an error is redacted for any logger."""
    set_up_logs(REDACTOR, Verbosity.DEBUG if debug else Verbosity.USUAL)
    logger = logging.getLogger(name)
    try:
        int(SECRET)
    except ValueError:
        logger.critical("refused %s and %s", SECRET, "s3cret%2Ftoken", exc_info=True)
    output = capsys.readouterr().err
    assert SECRET not in output
    assert "refused [redacted] and [redacted]" in output
    assert output.endswith("ValueError: invalid literal for int() with base 10: '[redacted]'\n")


def test_dlt_may_set_up_its_logger_again(capsys: pytest.CaptureFixture[str]) -> None:
    """dlt does for each pipeline: its lines then have its own form, and still no secret."""
    set_up_logs(REDACTOR)
    Container()[PluggableRunContext].reload()
    dlt_logger.warning("refused %s", SECRET)
    output = capsys.readouterr().err
    assert SECRET not in output
    assert output.endswith("refused [redacted]\n")
    assert output.count("\n") == 1


def test_setting_up_logs_twice_prints_each_line_once(capsys: pytest.CaptureFixture[str]) -> None:
    """The last call wins."""
    set_up_logs(REDACTOR, Verbosity.DEBUG)
    set_up_logs(REDACTOR)
    log_one_line_of_each_kind()
    assert capsys.readouterr().err.count("WARNING of incorta_loads.ingest.run\n") == 1


def test_quiet_shows_warnings_only(capsys: pytest.CaptureFixture[str]) -> None:
    """This applies to this program and to libraries."""
    set_up_logs(REDACTOR, Verbosity.QUIET)
    log_one_line_of_each_kind()
    assert capsys.readouterr().err == (
        "WARNING of incorta_loads.ingest.run\nWARNING of urllib3.connectionpool\n"
    )


def test_verbose_shows_all_lines_of_this_program_with_times(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Libraries still show warnings only."""
    set_up_logs(REDACTOR, Verbosity.VERBOSE)
    log_one_line_of_each_kind()
    output = re.sub(r"^\d\d:\d\d:\d\d ", "TIME ", capsys.readouterr().err, flags=re.MULTILINE)
    assert output == (
        "TIME DEBUG of incorta_loads.ingest.run\n"
        "TIME INFO of incorta_loads.ingest.run\n"
        "TIME WARNING of incorta_loads.ingest.run\n"
        "TIME WARNING of urllib3.connectionpool\n"
    )


def test_json_has_the_fields_of_a_record_without_secrets(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Extra fields and tracebacks are redacted too, and line breaks are escaped."""
    set_up_logs(REDACTOR, log_format=LogFormat.JSON)
    logger = logging.getLogger("incorta_loads.endpoint.client")
    try:
        int(SECRET)
    except ValueError:
        logger.exception("two\nlines %s", SECRET, extra={"run_id": "r1", "url": f"/{SECRET}"})
    (line,) = capsys.readouterr().err.splitlines()
    output = json.loads(line)
    assert re.fullmatch(r"[\d-]{10}T[\d:.]{8,15}\+00:00", output.pop("time"))
    assert output.pop("exc_info").endswith("with base 10: '[redacted]'")
    assert output == {
        "level": "ERROR",
        "logger": "incorta_loads.endpoint.client",
        "message": "two\nlines [redacted]",
        "run_id": "r1",
        "url": "/[redacted]",
    }


def test_with_the_json_format_all_lines_are_json(capsys: pytest.CaptureFixture[str]) -> None:
    """Lines of dlt, which may set up its logger again, and Python warnings are JSON too."""
    set_up_logs(REDACTOR, log_format=LogFormat.JSON)
    Container()[PluggableRunContext].reload()
    dlt_logger.warning("of dlt")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        set_up_logs(REDACTOR)  # captures warnings again, which pytest had redirected
        set_up_logs(REDACTOR, log_format=LogFormat.JSON)
        warnings.warn("of Python", stacklevel=1)
        set_up_logs(REDACTOR)
    output = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["logger"] for line in output] == ["dlt", "py.warnings"]


@pytest.mark.parametrize(
    ("verbosity", "log_format", "expected"),
    [
        (Verbosity.USUAL, LogFormat.TEXT, True),
        (Verbosity.QUIET, LogFormat.TEXT, False),
        (Verbosity.VERBOSE, LogFormat.TEXT, False),
        (Verbosity.USUAL, LogFormat.JSON, False),
    ],
)
def test_live_displays_need_a_terminal_and_usual_log_lines(
    monkeypatch: pytest.MonkeyPatch, verbosity: Verbosity, log_format: LogFormat, expected: bool
) -> None:
    """Pipes, --quiet, --verbose and JSON logs have no live displays."""
    set_up_logs(REDACTOR, verbosity, log_format)
    assert not may_draw()
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert may_draw() is expected
    set_up_logs(REDACTOR)


def test_telemetry_of_every_dependency_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """The setting overrides the environment."""
    for name in ("RUNTIME__DLTHUB_TELEMETRY", "DBT_SEND_ANONYMOUS_USAGE_STATS", "DO_NOT_TRACK"):
        monkeypatch.setenv(name, "unset")
    turn_telemetry_off()
    assert os.environ["RUNTIME__DLTHUB_TELEMETRY"] == "false"
    assert os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] == "false"
    assert os.environ["DO_NOT_TRACK"] == "1"
