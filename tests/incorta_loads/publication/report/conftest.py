"""A browser shared by all tests, and pages that are created once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from incorta_loads.publication.report.page import write_report
from support.patience import HANG_SECONDS
from support.report_pages import PUBLISHED_AT, Made, chromium, opened_page
from support.report_warehouses import WAREHOUSES


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests."""
    expect.set_options(timeout=HANG_SECONDS * 1000)
    with sync_playwright() as playwright:
        started = chromium(playwright)
        yield started
        started.close()


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Creates the page of a warehouse by its name, once."""
    folder = tmp_path_factory.mktemp("report")

    def make(name: str) -> Path:
        page = folder / f"{name}.html"
        if not page.exists():
            database = folder / f"{name}.duckdb"
            WAREHOUSES[name](database)
            with duckdb.connect(database) as warehouse:
                write_report(warehouse, PUBLISHED_AT, page)
        return page

    return make


@pytest.fixture
def story(browser: Browser, made: Made) -> Iterator[Page]:
    """The page of the simulator's story on a large screen."""
    with opened_page(browser, made("story")) as tab:
        yield tab
