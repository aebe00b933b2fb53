"""The page as a whole: its requests, its size, and its first screen."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Browser, Page

import incorta_loads.publication.report
from incorta_loads.analysis.build import build_models
from incorta_loads.publication.report.news import LastReport
from incorta_loads.publication.report.page import write_report
from incorta_loads.warehouse.tables import create_added
from sql.base_rows import write_base_tables
from sql.sketches import sketch
from support.report_pages import PHONE, PUBLISHED_AT, Made, opened_page, rows_of

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
        assert len(rows_of(tab, "failing")) == 10
        assert tab.evaluate("performance.getEntriesByName('first screen').length") == 1
        drawn = tab.evaluate("document.querySelectorAll('*').length")
    assert drawn < 10_000
    report_figure(
        f"report of 1,000 tables × 200 executions: {page.stat().st_size / 1e6:.2f} MB, "
        f"{drawn:,} elements"
    )


def test_the_first_sentence_summarizes_the_state(story: Page) -> None:
    """It has the broken and regressed tables."""
    assert story.locator("h1").inner_text() == "3 tables are broken, 1 is worse than before."


def test_the_next_sentences_say_what_to_fix_and_how_complete_the_data_is(story: Page) -> None:
    """The first cause is one that still fails and once worked."""
    sentences = story.locator(".first").inner_text()
    assert sentences.startswith(
        "To fix first: Sales_OLTP.returns, an error in 28 of 190 recent executions with errors, "
        "and the only one in 23. How complete the data is: 100 % of the requested ids that exist "
        "are loaded, the latest response "
    )
    assert sentences.endswith(" ago (older than a day).")


def test_the_first_screen_shows_incidents_and_what_is_failing(story: Page) -> None:
    """They are visible without scrolling, the newest first."""
    incidents, failing = (
        story.locator("#new").bounding_box(),
        story.locator("#failing").bounding_box(),
    )
    assert incidents
    assert failing
    assert incidents["y"] < failing["y"] < failing["y"] + failing["height"] < 900
    assert [row.split("\n")[:2] for row in rows_of(story, "failing")] == [
        ["GL.journal_lines", "4201"],  # since execution 420, 1 error in a row
        ["Sales_OLTP.returns", "30028"],
        ["Payroll.payslips", "25610"],
    ]
    assert story.locator("#never summary").inner_text() == "1 table never succeeded"
    assert "This is the first report here" in story.locator("#changes-note").inner_text()
    assert story.locator("#changes").is_hidden()


def test_what_changed_since_the_last_report_is_first(
    browser: Browser, made: Made, tmp_path: Path
) -> None:
    """Executions that the last report did not have decide."""
    page = tmp_path / "report.html"
    with duckdb.connect(made("story").with_suffix(".duckdb")) as warehouse:
        [place] = warehouse.sql("SELECT cluster, tenant FROM load_analysis.coverage").fetchall()
        before = LastReport(PUBLISHED_AT, {place: 380})
        write_report(warehouse, PUBLISHED_AT, page, before)
    with opened_page(browser, page) as tab:
        assert [row.split("\n")[:3] for row in rows_of(tab, "changes")][:2] == [
            ["recovered", "Email.bounces", "409"],
            ["recovered", "Ads.accounts", "391"],
        ]
        assert "The last report was published" in tab.locator("#changes-note").inner_text()


def test_an_open_incident_is_the_first_sentence(browser: Browser, tmp_path: Path) -> None:
    """It says how many tables, of how many schemas, and between which executions."""
    database, page = tmp_path / "w.duckdb", tmp_path / "report.html"
    write_base_tables(database, sketch("t", dict.fromkeys("abc", "." * 30 + "XXXX")))
    build_models(database)
    with duckdb.connect(database) as warehouse:
        create_added(warehouse)
        write_report(warehouse, PUBLISHED_AT, page)
    with opened_page(browser, page) as tab:
        sentence = tab.locator("h1").inner_text()
        assert sentence.startswith(
            "3 tables of s broke together after execution 30 and by 31; 3 tables are broken,"
        )


def test_plans_that_ended_worse_come_first(story: Page) -> None:
    """The order is failed, finished with errors by number of tables, succeeded."""
    assert [row.split("\n")[0] for row in rows_of(story, "plans")] == [
        *("HR Weekly", "Sales Daily", "Finance Close", "Marketing Daily", "Supply Chain Hourly")
    ]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("one", "No table is broken, no table is worse than before."),
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
