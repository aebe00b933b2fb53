"""Filters: the form, the address, and the rows shown."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from support.report_pages import Made, opened_page, rows_of


def shown(tab: Page) -> str:
    return tab.locator("#shown").inner_text()


def fragment(tab: Page) -> str:
    return str(tab.evaluate("decodeURIComponent(location.hash)"))


def test_a_filter_applies_to_every_section(story: Page) -> None:
    """Plan, schema, behaviour and a part of the name can be combined."""
    story.select_option("[name=plan]", "Marketing Daily")
    assert shown(story) == "18 of 116 tables"
    assert rows_of(story, "failing") == []
    assert story.locator("#never").inner_text() == "1 table never succeeded"
    story.select_option("[name=schema]", "Ads")
    story.select_option("[name=behaviour]", "recovered")
    story.fill("[name=table]", "S.A")
    chosen = {"Ads.accounts", "Ads.ad_groups", "Ads.ads"}
    expect(story.locator("#table-rates .tabulator-row")).to_have_count(len(chosen))
    for section in ("regressions", "table-rates", "episode-list"):
        names = {row.split("\n")[0] for row in rows_of(story, section)}
        assert names == chosen, section
    assert rows_of(story, "causes") == []
    assert "Nothing is failing now for these choices." in story.locator("#failing").inner_text()


def test_the_rates_of_a_plan_count_only_its_runs(story: Page) -> None:
    """A table in two plans has separate rates in each of them."""
    story.fill("[name=table]", "HR.locations")
    rates = story.locator("#table-rates .tabulator-row")
    for plan, counted in (("", 86), ("HR Weekly", 18), ("Supply Chain Hourly", 68)):
        story.select_option("[name=plan]", plan)
        expect(rates).to_contain_text(f"0 of {counted}")


def test_the_address_contains_the_filter_and_the_sort_order(
    browser: Browser, made: Made, story: Page
) -> None:
    """Opening the address elsewhere shows the same rows."""
    story.select_option("[name=plan]", "Sales Daily")
    story.fill("[name=table]", "Sales_C")
    story.locator("#table-rates .sort", has_text="Table").click()
    expect(story).to_have_url(re.compile("sort"))
    assert fragment(story) == "#plan=Sales+Daily&table=Sales_C&sort-table-rates=label.asc"
    address = story.evaluate("location.hash")
    with opened_page(browser, made("story"), address) as tab:
        assert tab.locator("[name=plan]").input_value() == "Sales Daily"
        assert shown(tab) == shown(story)
        assert rows_of(tab, "table-rates") == rows_of(story, "table-rates")


def test_changing_the_address_changes_the_filter(story: Page) -> None:
    """A link in a notification may change the address of an open page."""
    story.evaluate("location.hash = '#schema=GL'")
    expect(story.locator("#shown")).to_have_text("9 of 116 tables")
    assert story.locator("[name=schema]").input_value() == "GL"


def test_the_name_of_a_table_opens_its_card(browser: Browser, made: Made, story: Page) -> None:
    """The address keeps the chosen plan, and opens the card elsewhere too."""
    story.select_option("[name=plan]", "Sales Daily")
    story.locator("#failing").get_by_role("link", name="Sales_OLTP.returns").click()
    card = story.locator("#card")
    expect(card).to_contain_text("broken: 28 errors in a row since execution 300")
    assert fragment(story) == "#plan=Sales+Daily&card=Sales_OLTP.returns"
    with opened_page(browser, made("story"), story.evaluate("location.hash")) as tab:
        assert tab.locator("#card").inner_text() == card.inner_text()
        assert tab.locator("[name=plan]").input_value() == "Sales Daily"
    story.get_by_role("button", name="Close").click()
    expect(card).to_be_hidden()
    assert fragment(story) == "#plan=Sales+Daily"


def test_back_closes_the_card(story: Page) -> None:
    """The page is as it was before."""
    before = shown(story)
    story.locator("#failing").get_by_role("link", name="GL.journal_lines").focus()
    story.keyboard.press("Enter")
    expect(story.locator("#card")).to_be_visible()
    story.go_back()
    expect(story.locator("#card")).to_be_hidden()
    assert shown(story) == before


def test_a_card_leads_to_the_rows_of_its_table(story: Page) -> None:
    """They are those that the filter shows."""
    story.evaluate("location.hash = '#card=Sales_OLTP.returns'")
    story.get_by_role("link", name="Show only this table").click()
    expect(story.locator("#shown")).to_have_text("1 of 116 tables")
    expect(story.locator("#card")).to_be_hidden()
    expect(story.locator("#episode-list .tabulator-row").first).to_contain_text("ongoing")


def test_the_id_of_an_execution_opens_its_tree(story: Page) -> None:
    """Groups, schemas and tables, with what failed first in each schema."""
    story.evaluate("location.hash = '#card=Sales_OLTP.returns'")
    story.locator("#card").get_by_role("link", name="421").first.click()
    tree = story.locator("#card")
    expect(tree).to_contain_text("Execution 421 of Sales Daily")
    expect(tree).to_contain_text("finished with errors, 1 of 41 tables in error.")
    assert (
        tree.locator("ul.tree ul ul li").first.inner_text() == "Sales_OLTP.returns failed (Failed)"
    )
    assert fragment(story) == "#execution=421"


@pytest.mark.parametrize("fragment", ["#card=Gone", "#execution=999999"])
def test_what_is_not_on_the_page_is_said(browser: Browser, made: Made, fragment: str) -> None:
    """An address may be older than the page."""
    with opened_page(browser, made("story"), fragment) as tab:
        expect(tab.locator("#card")).to_contain_text("is not on this page")


def test_an_incident_selects_its_tables(story: Page) -> None:
    """Its row says what happened, and links to its tables."""
    link = story.locator("#incidents").get_by_role("link").first
    assert link.inner_text() == "7 tables of Ads broke after execution 359 and by 365"
    link.click()
    expect(story.locator("#shown")).to_have_text("7 of 116 tables")
    assert fragment(story) == "#incident=365"
    expect(story.locator("#table-rates .tabulator-row")).to_have_count(7)
    expect(story.locator("#episode-picture a")).to_have_count(7)


@pytest.mark.parametrize("fragment", ["#plan=Gone", "#schema=Gone", "#behaviour=insufficient_data"])
def test_a_filter_without_matches_shows_nothing(
    browser: Browser, made: Made, fragment: str
) -> None:
    """Showing all rows would look like a match."""
    with opened_page(browser, made("story"), f"{fragment}&sort-failing=x.y") as tab:
        assert shown(tab) == "0 of 116 tables"
        assert "Nothing is failing now for these choices." in tab.locator("#failing").inner_text()


def test_a_quoted_name_matches_the_whole_name(story: Page) -> None:
    """Without quotation marks, the text matches a part of the name."""
    story.fill("[name=table]", "Ads.ad")
    assert shown(story) == "2 of 116 tables"
    story.fill("[name=table]", '"Ads.ads"')
    assert shown(story) == "1 of 116 tables"


def test_figures_that_ignore_the_chosen_plan_are_labeled(story: Page) -> None:
    """The note appears if a table is in other plans too."""
    expect(story.locator("#scope")).to_have_text("")
    story.select_option("[name=plan]", "Marketing Daily")
    expect(story.locator("#scope")).to_have_text(
        "The headline above covers all load plans and tables."
    )
    story.select_option("[name=plan]", "HR Weekly")
    expect(story.locator("#scope")).to_contain_text("2 tables of HR Weekly are in other load plans")


def test_an_address_may_link_to_a_section(browser: Browser, made: Made) -> None:
    """Links in notifications do, and the address keeps the section."""
    with opened_page(browser, made("story"), "#complete") as tab:
        tab.wait_for_function("scrollY > 1000")
        assert fragment(tab) == "#complete"


def test_show_all_resets_the_filter(story: Page) -> None:
    """The filter is also removed from the address."""
    story.fill("[name=table]", "no such table")
    assert shown(story) == "0 of 116 tables"
    story.get_by_role("button", name="Show all").click()
    expect(story.locator("#shown")).to_have_text("116 tables")
    assert fragment(story) == ""


def test_a_list_sorts_by_its_headings(story: Page) -> None:
    """Sorting works with the keyboard alone, and the heading indicates the order."""
    heading = story.locator("#failing .sort", has_text="Errors in a row")
    heading.focus()
    story.keyboard.press("Enter")
    story.wait_for_selector("#failing [aria-sort=descending]")
    names = [row.split("\n")[0] for row in rows_of(story, "failing")]
    assert names == ["Sales_OLTP.returns", "Payroll.payslips", "GL.journal_lines"]
    heading.focus()
    story.keyboard.press("Enter")
    story.wait_for_selector("#failing [aria-sort=ascending]")
    assert [row.split("\n")[0] for row in rows_of(story, "failing")] == names[::-1]
