"""The grid of tables × executions: pointer, keyboard, and signs besides color."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page, expect

from support.report_pages import PHONE, Made, opened_page


def choose(tab: Page, plan: str, executions: int) -> None:
    """Chooses the plan and waits until the grid has its executions."""
    tab.select_option("[name=plan]", plan)
    expect(tab.locator("output.range")).to_contain_text(f"of {executions})")


def focus_grid(tab: Page) -> None:
    tab.locator("#grid .tabulator-tableholder").focus()


def test_arrow_keys_read_run_by_run(story: Page) -> None:
    """They start at the latest run of the worst table; the announced text is shown too."""
    choose(story, "Marketing Daily", 88)
    focus_grid(story)
    spoken = story.locator("#spoken")
    goals = "Marketing Daily › Group 1 › Web_Analytics › Web_Analytics.goals. "
    expect(spoken).to_have_text(f"{goals}Execution 428: running (Running)")
    for _ in range(3):
        story.keyboard.press("ArrowLeft")
    expect(spoken).to_have_text(f"{goals}Execution 409: failed (Failed)")
    expect(story.locator("#tip")).to_have_text(
        f"{goals}Execution 409: failed (Failed)".replace(". E", "E")
    )
    story.keyboard.press("ArrowDown")
    expect(spoken).to_contain_text("Web_Analytics.page_views. Execution 409: succeeded")
    story.keyboard.press("Home")
    expect(spoken).to_contain_text("Execution 3: succeeded")


def test_the_keyboard_reaches_rows_out_of_sight(browser: Browser, made: Made) -> None:
    """All 1,000 rows are reachable, though only visible ones are rendered."""
    with opened_page(browser, made("large")) as tab:
        focus_grid(tab)
        for _ in range(30):
            tab.keyboard.press("PageDown")
        name = tab.evaluate("parts.tables[grid.order()[300]].table_name")
        expect(tab.locator("#spoken")).to_contain_text(f"{name}. Execution 200:")
        expect(tab.locator("#tip")).to_be_visible()
        assert tab.locator("#grid .tabulator-row").count() < 150


def test_pointing_at_a_cell_describes_it(story: Page) -> None:
    """The description has plan, group, schema, table, execution, outcome and status."""
    choose(story, "Finance Close", 60)
    cell = story.locator("#grid .tabulator-row canvas").first
    cell.scroll_into_view_if_needed()
    cell.hover(position={"x": 5, "y": 8})
    expect(story.locator("#tip")).to_be_visible()
    assert re.fullmatch(
        r"Finance Close › Group \d › GL › GL\.journal_lines\nExecution \d+: \w+ \(.+\)",
        story.locator("#tip").inner_text(),
    )


def test_pressing_a_cell_selects_it(story: Page) -> None:
    """This includes the first cell, touch and mouse; the keyboard continues from there."""
    choose(story, "Finance Close", 60)
    cell = story.locator("#grid .tabulator-row canvas").nth(3)
    cell.scroll_into_view_if_needed()
    cell.click(position={"x": 27, "y": 8})
    lines = story.evaluate("grid.linesAt({ place: grid.order()[3], column: grid.first() + 2 })")
    expect(story.locator("#spoken")).to_have_text(". ".join(lines))
    story.keyboard.press("ArrowRight")
    lines = story.evaluate("grid.linesAt({ place: grid.order()[3], column: grid.first() + 3 })")
    expect(story.locator("#spoken")).to_have_text(". ".join(lines))


def test_outcomes_differ_without_color(story: Page) -> None:
    """Each outcome has its own sign, which also differs in grayscale."""
    signs = story.evaluate("Object.values(report.signs)")
    assert len(set(signs)) == 8
    pictures = story.evaluate(
        """[...document.querySelectorAll('#runs .legend canvas')].map((canvas) => {
            const { width, height } = canvas;
            const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
            const grey = [];
            for (let at = 0; at < data.length; at += 4)
                grey.push(Math.round((data[at] + data[at + 1] + data[at + 2]) / 3));
            return grey.join();
        })"""
    )
    assert len(set(pictures)) == 8


def test_older_executions_are_one_press_away(browser: Browser, made: Made) -> None:
    """They can be paged if not all of them fit."""
    with opened_page(browser, made("large"), size=PHONE) as tab:
        expect(tab.locator("output.range")).to_have_text(re.compile("^Executions 1.* to 200 "))
        newest = tab.locator("output.range").inner_text()
        tab.get_by_role("button", name="Older").click()
        older = tab.locator("output.range").inner_text()
        assert older != newest
        tab.get_by_role("button", name="Newer").click()
        assert tab.locator("output.range").inner_text() == newest
