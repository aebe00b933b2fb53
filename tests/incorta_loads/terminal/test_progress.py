"""Rules for a run's own progress and summary lines."""

from __future__ import annotations

import logging
import os
import pty
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

import pytest

from incorta_loads.ingest.ingested import Ingested
from incorta_loads.redaction import Redactor
from incorta_loads.restarted_ids import RestartedIds
from incorta_loads.terminal.logs import set_up_logs
from incorta_loads.terminal.progress import log_totals, shown_progress


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "incorta_loads")
    return caplog


def lines(log: pytest.LogCaptureFixture) -> list[str]:
    return [f"{record.levelname}: {record.getMessage()}" for record in log.records]


SOME = Ingested("run-1", Counter(loaded=90, not_found=10), nodes=4321, seconds=1.25)


@pytest.mark.parametrize(
    ("planned", "line"),
    [
        (None, "100 ids: 90 loaded, 10 not_found"),
        (250, "100 of 250 ids: 90 loaded, 10 not_found"),
    ],
)
def test_without_a_terminal_each_batch_is_one_line(
    log: pytest.LogCaptureFixture, planned: int | None, line: str
) -> None:
    """The line has the counts so far, and the planned number of ids if it is known."""
    with shown_progress() as report:
        report(Ingested("run-1", planned=planned))
        assert lines(log) == [], "there is nothing to say before the first batch"
        report(Ingested("run-1", SOME.outcomes, planned=planned))
    assert lines(log) == [f"INFO: {line}"]


def read_all(terminal: int) -> str:
    """The output written to a terminal whose other end is closed."""
    text = b""
    with suppress(OSError):  # Linux reports the end of the output this way
        while part := os.read(terminal, 4096):
            text += part
    return text.decode()


def test_a_progress_bar_on_a_terminal(
    log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bar shows the counts and disappears when the run is over."""
    monkeypatch.setenv("TERM", "xterm")
    for variable in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(variable, raising=False)
    terminal, end_of_process = pty.openpty()
    with os.fdopen(end_of_process, "w") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        with shown_progress() as report:
            report(Ingested("run-1", SOME.outcomes, planned=250))
        monkeypatch.undo()
    text = read_all(terminal)
    os.close(terminal)
    assert "fetching" in text
    assert "100/250" in text
    assert "90 loaded, 10 not_found" in text
    assert text.endswith("\x1b[2K"), "the line is erased"
    assert lines(log) == []


def test_the_summary_of_a_run_is_one_line(log: pytest.LogCaptureFixture) -> None:
    """If all ids are settled, there is no further line."""
    log_totals(SOME)
    assert lines(log) == [
        "INFO: 100 ids requested in 1.2 s, 4321 nodes written: 90 loaded, 10 not_found"
    ]


def test_a_run_with_nothing_to_do_reports_that(log: pytest.LogCaptureFixture) -> None:
    """The summary has a sentence instead of an empty list."""
    log_totals(Ingested("run-1"))
    assert lines(log) == ["INFO: 0 ids requested in 0.0 s, 0 nodes written: nothing was due"]


def test_each_kind_of_problem_has_its_advice(log: pytest.LogCaptureFixture) -> None:
    """The advice has the count, the first id and its message."""
    problems = {
        "forbidden": (7, "No access."),
        "rejected": (8, "What?"),
        "unavailable": (9, "Down."),
        "invalid_payload": (10, "the body is empty"),
    }
    outcomes = Counter(loaded=1, forbidden=2, rejected=3, unavailable=4, invalid_payload=5)
    log_totals(Ingested("run-1", outcomes, nodes=6, seconds=7.0, first_problem=problems))
    assert lines(log) == [
        (
            "INFO: 15 ids requested in 7.0 s, 6 nodes written: 1 loaded, 2 forbidden, 3 rejected, "
            "4 unavailable, 5 invalid_payload"
        ),
        (
            "WARNING: 2 forbidden, the first id 7: No access. (grant the token's user View on a "
            "schema of the plan; the next run retries)"
        ),
        (
            "WARNING: 3 rejected, the first id 8: What? (the cluster or a proxy refused the "
            "request; the next run retries)"
        ),
        "WARNING: 4 unavailable, the first id 9: Down. (the next run retries)",
        (
            "WARNING: 5 invalid_payload, the first id 10: the body is empty (the bodies are "
            "in load_status.invalid_payloads; the next run retries)"
        ),
    ]


def test_a_cluster_without_executions_has_its_advice(log: pytest.LogCaptureFixture) -> None:
    """The cluster's ids may start higher."""
    log_totals(Ingested("run-1", Counter(not_found=20), seconds=0.5, found_nothing=True))
    assert lines(log) == [
        "INFO: 20 ids requested in 0.5 s, 0 nodes written: 20 not_found",
        (
            "WARNING: no execution was found: pass --ids with a range around a known id, such as "
            "one that Incorta returned when a load plan was started"
        ),
    ]


def test_fruitless_probing_has_its_advice(log: pytest.LogCaptureFixture) -> None:
    """The advice names the last probed id and says how to continue."""
    log_totals(Ingested("run-1", Counter(forbidden=0), seconds=0.5, in_vain=(1000, 1090)))
    assert lines(log)[1:] == [
        (
            "WARNING: probing for new executions stopped at id 1090: none of 1000 consecutive ids "
            "could be loaded, though some of them exist; to look further, use a token that may see "
            "them, name ids with --ids, or raise probe_gap"
        ),
    ]
    log.clear()
    restarted = RestartedIds("prod", "default", 428, "gone")
    log_totals(Ingested("run-1", Counter(not_found=1), seconds=0.5, restarted=restarted))
    assert lines(log)[1:] == [f"WARNING: {restarted}"]


@pytest.fixture
def own_logs() -> Iterator[None]:
    """Restores the handlers and levels of all loggers after the test."""
    loggers = [logging.getLogger(name) for name in (None, "dlt", "incorta_loads")]
    before = [(each, each.handlers[:], each.level) for each in loggers]
    yield
    for each, handlers, level in before:
        each.handlers[:] = handlers
        each.setLevel(level)


def test_progress_is_written_to_stderr(capsys: pytest.CaptureFixture[str], own_logs: None) -> None:
    """Stdout is for results only."""
    set_up_logs(Redactor([]))
    with shown_progress() as report:
        report(SOME)
    log_totals(SOME)
    assert capsys.readouterr() == (
        "",
        (
            "100 ids: 90 loaded, 10 not_found\n"
            "100 ids requested in 1.2 s, 4321 nodes written: 90 loaded, 10 not_found\n"
        ),
    )
