"""The page as a whole: its requests, its size, and its first screen."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

import incorta_loads.publication.report
from support.report_pages import PHONE, Made, opened_page, rows_of

VENDORED = (
    Path(incorta_loads.publication.report.__file__).parent / "vendor",
    Path(__file__).parent / "vendor",
)


@pytest.mark.parametrize(
    ("name", "theme"),
    [
        *(("story", "light"), ("story", "dark"), ("odd", "light"), ("one", "light")),
        *(("empty", "light"), ("nothing", "light"), ("large", "dark")),
    ],
)
def test_the_page_makes_no_requests_and_logs_no_errors(
    browser: Browser, made: Made, name: str, theme: str
) -> None:
    """This holds after using every part of the page."""
    with opened_page(browser, made(name), theme=theme) as tab:
        tab.mouse.wheel(0, 100_000)
        tab.locator(".sort").first.click()
        tab.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})


def test_1000_tables_and_200_executions_are_small(
    browser: Browser, made: Made, report_figure: Callable[[str], None]
) -> None:
    """The page stays under 3 MB and 10,000 elements; `make bench-report` measures rendering."""
    page = made("large")
    assert page.stat().st_size < 3_000_000
    with opened_page(browser, page) as tab:
        assert len(rows_of(tab, "failing")) == 8
        assert tab.evaluate("performance.getEntriesByName('first screen').length") == 1
        drawn = tab.evaluate("document.querySelectorAll('*').length")
    assert drawn < 10_000
    report_figure(
        f"report of 1,000 tables × 200 executions: {page.stat().st_size / 1e6:.2f} MB, "
        f"{drawn:,} elements"
    )


def test_the_first_sentence_summarizes_the_state(story: Page) -> None:
    """It has the broken and regressed tables, the completeness and the age of the data."""
    sentence = story.locator("h1").inner_text()
    assert sentence.startswith(
        "3 tables are broken, 1 is worse than before; 100 % of the requested ids that exist are "
        "loaded, the latest response "
    )
    assert sentence.endswith(" ago (older than a day).")


def test_the_first_screen_shows_failures_their_start_and_regressions(story: Page) -> None:
    """They are visible without scrolling, along with the completeness of the data."""
    assert rows_of(story, "failing")[1].split("\n") == [
        *("Payroll.payslips", "256, 1 Nov10"),
        "too few runs to compare",
    ]
    assert "outage: 20 of 20, before 8 of 69" in rows_of(story, "failing")[2]
    box = story.locator("#now").bounding_box()
    assert box
    assert box["y"] + box["height"] < 900
    assert "28 ids are missing" in story.locator("#now").inner_text()


def test_plans_that_ended_worse_come_first(story: Page) -> None:
    """The order is failed, finished with errors by number of tables, succeeded."""
    assert [row.split("\n")[0] for row in rows_of(story, "plans")] == [
        *("HR Weekly", "Sales Daily", "Finance Close", "Marketing Daily", "Supply Chain Hourly")
    ]


@pytest.mark.parametrize(
    ("hours", "shown"), [(1, "24 Nov 11:00"), (47, "22 Nov 13:00"), (48, "22 Nov")]
)
def test_recent_times_have_a_time_of_day(story: Page, hours: int, shown: str) -> None:
    """Today's and yesterday's times do; earlier ones show only the date."""
    assert story.evaluate(f"dayOrTime(report.made_at - {hours} * 3600)") == shown


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("one", "No table is broken, no table is worse than before; 100 % of the requested ids"),
        ("empty", "No execution is loaded yet: none of 1 requested id could be loaded."),
        ("nothing", "No execution is loaded yet."),
    ],
)
def test_a_page_with_little_data_states_that(
    browser: Browser, made: Made, name: str, sentence: str
) -> None:
    """The page states how little data there is."""
    with opened_page(browser, made(name)) as tab:
        assert tab.locator("h1").inner_text().startswith(sentence)
        now = "Nothing is failing now." if name == "one" else "No data yet."
        assert now in tab.locator("#failing").inner_text()


def test_vendored_libraries_are_unmodified() -> None:
    """Each file of a `vendor` directory is listed there with its checksum."""
    for folder in VENDORED:
        lines = (folder / "libraries.txt").read_text().splitlines()[1:]
        listed = {line.split()[0]: line.split()[3] for line in lines}
        files = {each.name: each for each in folder.iterdir() if each.name != "libraries.txt"}
        assert listed == {
            name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in files.items()
        }
