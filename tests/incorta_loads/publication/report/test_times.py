"""When executions ran and how long they took, on the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from playwright.sync_api import Browser, Page, expect

from incorta_loads.publication.report import times
from incorta_loads.text import between
from sql.looked_at import EXECUTIONS
from support.report_pages import Made, opened_page


@pytest.fixture
def looked_at(browser: Browser, made: Made) -> Iterator[Page]:
    with opened_page(browser, made("looked at")) as tab:
        yield tab


def read(made: Made, query: str) -> list[tuple[Any, ...]]:
    page = made("looked at")
    with duckdb.connect(page.with_suffix(".duckdb"), read_only=True) as warehouse:
        return warehouse.execute(query).fetchall()


def words(tab: Page, chart: str) -> list[str]:
    """What each bar of the charts says."""
    return tab.locator(f"{chart} svg title").all_text_contents()


def test_each_execution_has_a_bar_from_shortest_to_longest(looked_at: Page, made: Made) -> None:
    """With the interval in words, newest on the right."""
    known = read(
        made,
        "SELECT execution_id, shortest_seconds, longest_seconds "
        "FROM load_analysis.execution_times WHERE load_plan = 'Fast' ORDER BY execution_id",
    )
    expected = [f"{id_}: took {between(*bounds)}" for id_, *bounds in known[-60:]]
    looked_at.select_option("[name=plan]", "Fast")
    expect(looked_at.locator("#durations h4")).to_have_text(["Fast"])
    said = [
        re.sub(r": .*?, (took .*), ended .*", r": \1", each)
        for each in words(looked_at, "#durations")
    ]
    assert said == expected


def test_the_running_execution_is_there(looked_at: Page) -> None:
    """It has run since the first look at it, for certain."""
    running = f"{EXECUTIONS + 1} is running for at least 420 s"
    expect(looked_at.locator("#durations")).to_contain_text(running)
    assert words(looked_at, "#durations")[-1] == (
        f"{EXECUTIONS + 1}: running, running for at least 420 s"
    )


def test_days_have_the_errors_of_the_mart(looked_at: Page, made: Made) -> None:
    """A day without executions has an empty bar."""
    days = read(
        made,
        "SELECT CAST(day AS VARCHAR), sum(errors), sum(counted) FROM load_analysis.failures_by_day "
        "WHERE day IS NOT NULL GROUP BY day ORDER BY day",
    )
    assert words(looked_at, "#days") == [
        f"{day}: {errors} of {counted} executions in error" for day, errors, counted in days
    ]


def test_the_slowest_tables_come_first_and_have_it_on_their_cards(looked_at: Page) -> None:
    """A card has the duration in each load plan."""
    first = looked_at.locator("#slow-tables .tabulator-row").first
    expect(first).to_contain_text("s.a")
    looked_at.evaluate("location.hash = '#card=s.d'")
    expect(looked_at.locator("#card")).to_contain_text(
        re.compile(r"Duration\s*Slow: .* \(median of \d+ runs\); 119 took .*, slower than 90 %")
    )


def test_an_execution_says_when_it_ended(looked_at: Page) -> None:
    """In its tree, which has an address."""
    looked_at.evaluate("location.hash = '#execution=119'")
    expect(looked_at.locator("#card")).to_contain_text(
        re.compile(r"; took \d+–\d+ min, ended 2026-11-\d\d [\d:]+–[\d:]+ UTC\.")
    )


def test_without_times_the_page_says_what_to_do(browser: Browser, made: Made) -> None:
    """A backfill has none."""
    with opened_page(browser, made("story")) as tab:
        expect(tab.locator("#known-times")).to_be_hidden()
        expect(tab.locator("#times-note")).to_have_text(
            "Durations are known of 0 of 400 executions. They need a look before the start and one "
            "after the end: run incorta-loads run on a schedule."
        )


def test_the_page_rounds_times_outwards(made: Made) -> None:
    """The truth lies between them still."""
    found = read(
        made,
        f"WITH page AS ({times.EXECUTION_TIMES}) "
        "SELECT page.ended_after, page.ended_by, epoch(mart.ended_after), epoch(mart.ended_by) "
        "FROM page JOIN load_analysis.execution_times AS mart USING (execution_key) "
        "WHERE page.ended_after IS NOT NULL",
    )
    assert found
    assert all(
        first <= after < first + 1 and last - 1 < by <= last for first, last, after, by in found
    )
