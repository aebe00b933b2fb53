"""The page on a phone, for assistive technology, and on paper."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from support.report_pages import DESKTOP, PHONE, Made, opened_page

_RIGHTMOST = """
Math.max(...[...document.querySelectorAll("main *")].map((each) =>
    each.closest(".frame, svg") ? 0 : each.getBoundingClientRect().right))
"""

AXE = Path(__file__).parent / "vendor" / "axe.min.js"


@pytest.mark.parametrize("name", ["story", "odd", "looked at", "large"])
def test_a_phone_needs_no_horizontal_scrolling(browser: Browser, made: Made, name: str) -> None:
    """At 390 pixels, nothing is cut off at the right of a list."""
    with opened_page(browser, made(name), size=PHONE) as tab:
        assert tab.evaluate("document.documentElement.scrollWidth") == PHONE[0]
        assert tab.evaluate(_RIGHTMOST) <= PHONE[0]


@pytest.mark.parametrize(
    ("name", "size", "theme"),
    [
        ("story", DESKTOP, "light"),
        ("story", PHONE, "dark"),
        ("odd", DESKTOP, "dark"),
        ("looked at", PHONE, "light"),
        ("nothing", PHONE, "light"),
    ],
)
def test_axe_finds_no_accessibility_issues(
    browser: Browser, made: Made, name: str, size: tuple[int, int], theme: str
) -> None:
    """This includes minor issues."""
    with opened_page(browser, made(name), size=size, theme=theme, bypass_csp=True) as tab:
        tab.add_script_tag(path=AXE)
        found = tab.evaluate("axe.run().then((each) => each.violations)")
        assert [(each["id"], each["impact"], each["nodes"][0]["html"]) for each in found] == []


def test_the_printed_page_is_light_and_has_absolute_times(browser: Browser, made: Made) -> None:
    """A dark screen prints light, without controls, and with the first rows of each list."""
    with opened_page(browser, made("story"), theme="dark") as tab:
        tab.emulate_media(media="print")
        tab.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert (
            tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        )
        first = tab.locator(".first").inner_text()
        assert "the latest response at 2026-11-01 12:00 UTC." in first
        assert not tab.locator("#choices").is_visible()
        assert not tab.get_by_role("button", name="Older").is_visible()
        assert re.search(r"Executions \d+ to 428 ", tab.locator("#runs").inner_text())
        printed = tab.locator("#table-rates + * , .tabulator-print-table").all_inner_texts()
        assert any("Payroll.payslips" in each for each in printed)
        assert "Only the first 40 of 116 rows are printed." in tab.locator("body").inner_text()
        tab.evaluate("dispatchEvent(new Event('afterprint'))")
        tab.emulate_media(media="screen")
        assert tab.locator("#choices").is_visible()
        pdf = tab.pdf(format="A4")
    assert pdf.startswith(b"%PDF")
