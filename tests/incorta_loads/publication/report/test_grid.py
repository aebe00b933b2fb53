"""The grid of tables × executions: by pointer, by keyboard, and by more than colour."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page, expect

from support.report_pages import PHONE, Made, opened_page


def choose(tab: Page, plan: str, executions: int) -> None:
    """Waits until the grid has this plan's executions."""
    tab.select_option("[name=plan]", plan)
    expect(tab.locator("output.range")).to_contain_text(f"of {executions})")


def focus_grid(tab: Page) -> None:
    tab.locator("#grid .tabulator-tableholder").focus()


def test_arrow_keys_read_run_by_run(story: Page) -> None:
    """From the newest run of the worst table; what is said is shown too."""
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
    """All 1,000 of them, though only those in sight are drawn."""
    with opened_page(browser, made("large")) as tab:
        focus_grid(tab)
        for _ in range(30):
            tab.keyboard.press("PageDown")
        name = tab.evaluate("parts.tables[grid.order()[300]].table_name")
        expect(tab.locator("#spoken")).to_contain_text(f"{name}. Execution 200:")
        expect(tab.locator("#tip")).to_be_visible()
        assert tab.locator("#grid .tabulator-row").count() < 150


def test_pointing_at_a_cell_names_it(story: Page) -> None:
    """Plan, group, schema, table, execution, outcome and status."""
    choose(story, "Finance Close", 60)
    cell = story.locator("#grid .tabulator-row canvas").first
    cell.scroll_into_view_if_needed()
    cell.hover(position={"x": 5, "y": 8})
    expect(story.locator("#tip")).to_be_visible()
    assert re.fullmatch(
        r"Finance Close › Group \d › GL › GL\.journal_lines\nExecution \d+: \w+ \(.+\)",
        story.locator("#tip").inner_text(),
    )


def test_a_press_goes_to_the_cell_that_is_pressed(story: Page) -> None:
    """The first one too, by finger or mouse, and the keyboard goes on from there."""
    choose(story, "Finance Close", 60)
    cell = story.locator("#grid .tabulator-row canvas").nth(3)
    cell.scroll_into_view_if_needed()
    cell.click(position={"x": 27, "y": 8})
    said = story.evaluate("grid.linesAt({ place: grid.order()[3], column: grid.first() + 2 })")
    expect(story.locator("#spoken")).to_have_text(". ".join(said))
    story.keyboard.press("ArrowRight")
    said = story.evaluate("grid.linesAt({ place: grid.order()[3], column: grid.first() + 3 })")
    expect(story.locator("#spoken")).to_have_text(". ".join(said))


def test_outcomes_differ_without_colour(story: Page) -> None:
    """Each has a sign of its own; the picture of each differs in grey too."""
    signs = story.evaluate("Object.values(OUTCOMES).map((each) => each.sign)")
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


def test_older_executions_are_a_press_away(browser: Browser, made: Made) -> None:
    """Where not all fit."""
    with opened_page(browser, made("large"), size=PHONE) as tab:
        expect(tab.locator("output.range")).to_have_text(re.compile("^Executions 1.* to 200 "))
        newest = tab.locator("output.range").inner_text()
        tab.get_by_role("button", name="Older").click()
        older = tab.locator("output.range").inner_text()
        assert older != newest
        tab.get_by_role("button", name="Newer").click()
        assert tab.locator("output.range").inner_text() == newest
