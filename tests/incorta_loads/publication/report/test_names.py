"""Names from a cluster are shown as text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from incorta_loads.publication.report.names import Names, in_page
from incorta_simulator.faults.bodies import NAMES
from support.report_pages import Made, opened_page


def data_of(page: Path) -> dict[str, object]:
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>', page.read_text())
    assert found
    data: dict[str, object] = json.loads(found[1])
    return data


@pytest.fixture(scope="module")
def odd(browser: Browser, made: Made) -> Iterator[Page]:
    """The page with all odd names, for reading only."""
    with opened_page(browser, made("odd")) as tab:
        yield tab


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("script", "<script>alert(1)</script>"),
        ("right_to_left", "\\u202etxt.exe\\u202c שלום"),
        ("control_characters", "\\x01\\x1b[31mred\\x7f\\x9b"),
        ("newlines", "line\\nline\\r\\nline\\u2028line\\ttab"),
        ("quotes", NAMES["quotes"]),
        ("looks_escaped", NAMES["looks_escaped"]),
        ("long", "n" * 100 + "…" + "n" * 99),
    ],
)
def test_a_name_is_shown_as_text(odd: Page, name: str, shown: str) -> None:
    """Characters that are invisible or change the direction of text are escaped."""
    assert in_page(NAMES[name]) == shown
    odd.fill("[name=table]", shown)
    expect(odd.locator("#table-rates bdi").first).to_contain_text(shown)
    assert odd.locator("[name=schema] option").all_text_contents().count(shown) == 1


def test_names_that_look_alike_are_distinguished() -> None:
    """They may be shortened to the same text, or equal the page's text for a missing name."""
    names = Names()
    long = "n" * 300
    places = [names.place(each) for each in (f"{long}a{long}", f"{long}b{long}", None, "(no name)")]
    assert len(set(places)) == 4
    first, second, none, written = (names.shown[place] for place in places)
    assert (second, none, written) == (f"{first} (2)", None, "(no name) (2)")


def test_no_name_ends_the_data_element(made: Made) -> None:
    """The page has no scripts except its own."""
    page = made("odd").read_text()
    assert "alert(1)" in page
    assert "<script>alert" not in page
    assert page.count("<script") == page.count("</script")
    assert "<script>alert(1)</script>" in data_of(made("odd"))["names"]  # type: ignore[operator]


def test_long_names_do_not_make_a_large_page(made: Made) -> None:
    """Names of 200,000 characters are shortened to 200."""
    assert made("odd").stat().st_size < 1_000_000
