"""Rules of what a run says about itself."""

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
def said(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "incorta_loads")
    return caplog


def lines(said: pytest.LogCaptureFixture) -> list[str]:
    return [f"{record.levelname}: {record.getMessage()}" for record in said.records]


SOME = Ingested("run-1", Counter(loaded=90, not_found=10), nodes=4321, seconds=1.25)


@pytest.mark.parametrize(
    ("planned", "line"),
    [
        (None, "100 ids: 90 loaded, 10 not_found"),
        (250, "100 of 250 ids: 90 loaded, 10 not_found"),
    ],
)
def test_a_line_a_batch_where_there_is_no_terminal(
    said: pytest.LogCaptureFixture, planned: int | None, line: str
) -> None:
    """With the sums so far, and how many there will be where that is known."""
    with shown_progress() as report:
        report(Ingested("run-1", planned=planned))
        assert lines(said) == [], "there is nothing to say before the first batch"
        report(Ingested("run-1", SOME.outcomes, planned=planned))
    assert lines(said) == [f"INFO: {line}"]


def all_of(terminal: int) -> str:
    """What was written to a terminal that nobody has open any more."""
    text = b""
    with suppress(OSError):  # the way in which Linux says that this was the end
        while part := os.read(terminal, 4096):
            text += part
    return text.decode()


def test_a_bar_on_a_terminal(
    said: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which shows the sums, and goes when the run is over."""
    monkeypatch.setenv("TERM", "xterm")
    for variable in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(variable, raising=False)
    terminal, end_of_process = pty.openpty()
    with os.fdopen(end_of_process, "w") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        with shown_progress() as report:
            report(Ingested("run-1", SOME.outcomes, planned=250))
        monkeypatch.undo()
    text = all_of(terminal)
    os.close(terminal)
    assert "fetching" in text
    assert "100/250" in text
    assert "90 loaded, 10 not_found" in text
    assert text.endswith("\x1b[2K"), "the line is erased"
    assert lines(said) == []


def test_the_sums_of_a_run_are_one_line(said: pytest.LogCaptureFixture) -> None:
    """When all ids are settled there is nothing more to say."""
    log_totals(SOME)
    assert lines(said) == [
        "INFO: 100 ids requested in 1.2 s, 4321 nodes written: 90 loaded, 10 not_found"
    ]


def test_a_run_with_nothing_to_do_says_so(said: pytest.LogCaptureFixture) -> None:
    """Rather than an empty list."""
    log_totals(Ingested("run-1"))
    assert lines(said) == ["INFO: 0 ids requested in 0.0 s, 0 nodes written: nothing was due"]


def test_each_kind_of_problem_has_its_advice(said: pytest.LogCaptureFixture) -> None:
    """With the count, and the first id and what was said about it."""
    problems = {
        "forbidden": (7, "No access."),
        "rejected": (8, "What?"),
        "unavailable": (9, "Down."),
        "invalid_payload": (10, "the body is empty"),
    }
    outcomes = Counter(loaded=1, forbidden=2, rejected=3, unavailable=4, invalid_payload=5)
    log_totals(Ingested("run-1", outcomes, nodes=6, seconds=7.0, first_problem=problems))
    assert lines(said) == [
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


def test_a_cluster_without_executions_has_its_advice(said: pytest.LogCaptureFixture) -> None:
    """Its ids may begin elsewhere."""
    log_totals(Ingested("run-1", Counter(not_found=20), seconds=0.5, found_nothing=True))
    assert lines(said) == [
        "INFO: 20 ids requested in 0.5 s, 0 nodes written: 20 not_found",
        (
            "WARNING: no execution was found: pass --ids with a range around a known id, such as "
            "one that the execute call returned"
        ),
    ]


def test_probing_in_vain_has_its_advice(said: pytest.LogCaptureFixture) -> None:
    """How far it looked, and how to go on; and so has a cluster whose ids start over."""
    log_totals(Ingested("run-1", Counter(forbidden=0), seconds=0.5, in_vain=(1000, 1090)))
    assert lines(said)[1:] == [
        (
            "WARNING: probing for new executions stopped at id 1090: none of 1000 consecutive ids "
            "could be loaded, though some of them exist; to look further, use a token that may see "
            "them, name ids with --ids, or raise probe_gap"
        ),
    ]
    said.clear()
    restarted = RestartedIds("prod", "default", 428, "gone")
    log_totals(Ingested("run-1", Counter(not_found=1), seconds=0.5, restarted=restarted))
    assert lines(said)[1:] == [f"WARNING: {restarted}"]


@pytest.fixture
def own_logs() -> Iterator[None]:
    """Leaves the handlers and levels of all loggers as they were."""
    loggers = [logging.getLogger(name) for name in (None, "dlt", "incorta_loads")]
    before = [(each, each.handlers[:], each.level) for each in loggers]
    yield
    for each, handlers, level in before:
        each.handlers[:] = handlers
        each.setLevel(level)


def test_all_of_it_goes_to_stderr(capsys: pytest.CaptureFixture[str], own_logs: None) -> None:
    """Results alone belong to stdout."""
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
