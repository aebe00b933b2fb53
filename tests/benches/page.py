"""The cost of report.html: its size, the time to write it, and to its first screen.

    PYTHONPATH=tests python tests/benches/page.py story 200x1000 20000x1000

A size is executions x tables in each, or the simulator's story of 400 executions. The page is
written by a separate process. The first paint and the first screen, with all lists drawn, are
medians of five openings in Chromium, measured from the start of the navigation.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from support.peaks import peak_mib
from support.report_pages import chromium, opened_page
from support.report_warehouses import WAREHOUSES, sized

OPENINGS = 5

_WRITE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
import duckdb
from incorta_loads.publication.report.page import write_report
with duckdb.connect(sys.argv[1], read_only=True) as warehouse:
    write_report(warehouse, datetime.now(UTC), Path(sys.argv[2]))
"""

_TIMES = """
["first-contentful-paint", "first screen"].map(
    (name) => performance.getEntriesByName(name)[0].startTime)
"""


def warehouse_of(size: str, database: Path) -> None:
    """Creates the warehouse and builds every model."""
    if size in WAREHOUSES:
        WAREHOUSES[size](database)
    else:
        executions, tables = map(int, size.split("x"))
        sized(database, executions, tables)


def written(database: Path, page: Path) -> tuple[float, float]:
    """Seconds and peak MiB of the process that writes the page."""
    begin = time.monotonic()
    process = subprocess.Popen([sys.executable, "-c", _WRITE, database, page])
    peak = peak_mib(process)
    assert process.returncode == 0
    return time.monotonic() - begin, peak


def opened(browser: Browser, page: Path) -> tuple[float, float]:
    """Milliseconds to the first paint and to the first screen."""
    times = []
    for _ in range(OPENINGS):
        with opened_page(browser, page) as tab:
            tab.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
            times.append(tab.evaluate(_TIMES))
    paints, screens = zip(*times, strict=True)
    return statistics.median(paints), statistics.median(screens)


def main() -> None:
    """Prints the table."""
    print("size                MB   seconds  peak MiB  paint ms  screen ms")
    with sync_playwright() as playwright:
        browser = chromium(playwright)
        for size in sys.argv[1:] or ["story", "200x1000"]:
            with tempfile.TemporaryDirectory() as home:
                database, page = Path(home, "bench.duckdb"), Path(home, "report.html")
                warehouse_of(size, database)
                seconds, peak = written(database, page)
                paint, screen = opened(browser, page)
                megabytes = page.stat().st_size / 1e6
                print(
                    f"{size:<14} {megabytes:>7.2f} {seconds:>9.1f} {peak:>9.0f}"
                    f" {paint:>9.0f} {screen:>10.0f}",
                    flush=True,
                )
        browser.close()


if __name__ == "__main__":
    main()
