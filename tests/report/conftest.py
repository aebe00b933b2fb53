"""Pages made from warehouses, and Debian's Chromium, in which nothing may be asked for."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

from benches.analysis import load
from incorta_loads.base_tables import ALERTS, duckdb_types
from incorta_loads.models import build_models
from incorta_loads.report.page import write_report
from incorta_simulator.bodies import NAMES
from incorta_simulator.company import Company
from sql.base_rows import History, Node, Tree, create_base_tables, rows, write_base_tables
from sql.empty_marts import create_empty_marts
from sql.told import told_history

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
DESKTOP, PHONE = (1440, 900), (390, 844)

Opened = Callable[..., Page]
Made = Callable[[str], Path]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One for all tests."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield started
        started.close()


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The page of a warehouse by its name, made once."""
    folder = tmp_path_factory.mktemp("report")

    def make(name: str) -> Path:
        page = folder / f"{name}.html"
        if not page.exists():
            database = folder / f"{name}.duckdb"
            WAREHOUSES[name](database)
            with duckdb.connect(database) as warehouse:
                write_report(warehouse, NOON, page)
        return page

    return make


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
    """The page as someone sees it; at the end it must have asked and complained of nothing."""
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
        context.route("**/*", block)
        tab = context.new_page()
        tab.on("console", lambda message: complaints.append(f"console: {message.text}"))
        tab.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        tab.on("request", lambda request: _note_foreign(request.url, page, complaints))
        tab.goto(f"{page.as_uri()}{fragment}")
        tab.wait_for_selector("html[data-drawn]")
        yield tab
    assert complaints == []


def _note_foreign(url: str, page: Path, complaints: list[str]) -> None:
    if url.split("#", maxsplit=1)[0] != page.as_uri() and not url.startswith("data:"):
        complaints.append(f"request: {url[:200]}")


@pytest.fixture
def story(browser: Browser, made: Made) -> Iterator[Page]:
    """The simulator's story on a large screen."""
    with opened_page(browser, made("story")) as tab:
        yield tab


def rows_of(tab: Page, identifier: str) -> list[str]:
    """The texts of a list's rows that are in sight."""
    return tab.locator(f"#{identifier} .tabulator-row").all_inner_texts()


def _story(database: Path) -> None:
    _write(database, told_history(Company()))


def _odd(database: Path) -> None:
    """Each odd name is a plan, a group, a schema and a table, in several clusters."""
    nodes: list[Node] = []
    for execution_id, name in enumerate(NAMES.values(), 1):
        tables = tuple(
            Tree("TABLE", each, "Failed" if number % 2 else each[:20])
            for number, each in enumerate(NAMES.values())
        )
        group = Tree("GROUP", name, "Failed", (Tree("SCHEMA", name, "Failed", tables),))
        tree = Tree("LOAD_PLAN", name, "Failed", (group,))
        cluster = name if len(name) < 100 else "cluster"
        nodes += rows(tree, execution_id, cluster=cluster, tenant=cluster)
    _write(database, History(nodes, []))


def _one(database: Path) -> None:
    """One execution, in which all is well."""
    tree = Tree("LOAD_PLAN", "Nightly", "Success", (Tree("TABLE", "orders", "Success"),))
    _write(database, History(rows(tree, 7), []))


def _empty(database: Path) -> None:
    """Of two ids one does not exist, and one did not come."""
    _nothing(database)
    with duckdb.connect(database) as warehouse:
        counts = (
            "forbidden",
            "rejected",
            "unavailable",
            "invalid_payload",
            "ids_missing",
            "loaded",
        )
        zeros = ", ".join(f"0 AS {each}" for each in (*counts, "aged", "executions_not_final"))
        warehouse.execute(
            "INSERT INTO load_analysis.coverage BY NAME SELECT 'cluster' AS cluster, "
            f"'tenant' AS tenant, 2 AS ids_asked, 1 AS not_found, ? AS last_fetched_at, {zeros}",
            [NOON],
        )


def _nothing(database: Path) -> None:
    """Nothing was asked for."""
    with duckdb.connect(database) as warehouse:
        create_base_tables(warehouse)
        create_empty_marts(warehouse)
    _add_alerts(database)


def _large(database: Path) -> None:
    """200 executions of 1,000 tables."""
    load(database, 1, 200, 1_000)
    _build(database)


def _write(database: Path, history: History) -> None:
    write_base_tables(database, *history)
    _build(database)


def _build(database: Path) -> None:
    _add_alerts(database)
    build_models(database, run_tests=False)


def _add_alerts(database: Path) -> None:
    columns = ", ".join(f"{name} {kind}" for name, kind in duckdb_types(ALERTS).items())
    with duckdb.connect(database) as warehouse:
        warehouse.execute(f"CREATE TABLE load_status.alerts ({columns})")


WAREHOUSES: dict[str, Callable[[Path], None]] = {
    "story": _story,
    "odd": _odd,
    "one": _one,
    "empty": _empty,
    "nothing": _nothing,
    "large": _large,
}
