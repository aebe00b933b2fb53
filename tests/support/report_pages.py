"""Pages in Debian's Chromium, without access to any other resource."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, Page, Playwright, Route

from support.patience import HANG_SECONDS

PUBLISHED_AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
DESKTOP, PHONE = (1440, 900), (390, 844)

Made = Callable[[str], Path]
"""The page of a warehouse by its name."""


def chromium(playwright: Playwright) -> Browser:
    """Starts Debian's Chromium without background requests."""
    return playwright.chromium.launch(
        executable_path=shutil.which("chromium"),
        args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        timeout=HANG_SECONDS * 1000,
    )


@contextmanager
def opened_page(
    browser: Browser,
    page: Path,
    fragment: str = "",
    *,
    size: tuple[int, int] = DESKTOP,
    theme: str = "light",
    bypass_csp: bool = False,
) -> Iterator[Page]:
    """Opens the page and waits until it is drawn completely.

    At the end, checks that it made no requests and logged no errors.
    """
    complaints: list[str] = []

    def block(route: Route) -> None:
        if route.request.url.split("#")[0] == page.as_uri():
            route.continue_()
        else:
            complaints.append(f"request: {route.request.url[:200]}")
            route.abort()

    with browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if theme == "dark" else "light",
        offline=True,
        bypass_csp=bypass_csp,
    ) as context:
        context.set_default_timeout(HANG_SECONDS * 1000)
        context.route("**/*", block)
        tab = context.new_page()
        tab.on("console", lambda message: complaints.append(f"console: {message.text}"))
        tab.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        tab.on("request", lambda request: _record_foreign(request.url, page, complaints))
        tab.goto(f"{page.as_uri()}{fragment}")
        tab.wait_for_selector("html[data-drawn=all]")
        yield tab
    assert complaints == []


def _record_foreign(url: str, page: Path, complaints: list[str]) -> None:
    if url.split("#", maxsplit=1)[0] != page.as_uri() and not url.startswith("data:"):
        complaints.append(f"request: {url[:200]}")


def rows_of(tab: Page, identifier: str) -> list[str]:
    """The texts of the rendered rows of a list."""
    return tab.locator(f"#{identifier} .tabulator-row").all_inner_texts()
