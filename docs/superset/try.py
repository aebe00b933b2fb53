"""Tries Superset on a published snapshot: `make superset-try`.

1. Pulls and publishes 370 executions of a simulated cluster, and 4 more that run meanwhile.
2. Makes database, datasets, ten charts and a dashboard through the API of a fresh Superset.
3. Asks each chart again and again while a run pulls 26 more executions and publishes anew.
4. Imports the dashboard of this directory into another fresh Superset, and looks at it in Chromium.

With `--export` the dashboard of step 2 replaces the files in this directory.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from dashboard import CHARTS, make_dashboard
from playwright.sync_api import sync_playwright
from server import ADMIN, Superset, running_superset

HERE = Path(__file__).parent
FILES = HERE / "export"
IN_FILES = "duckdb:////srv/incorta-loads/published/incorta_loads.duckdb"
"""The address of the snapshot in the exported files, which whoever imports them replaces."""

AT_FIRST, PLAYED, AFTER = 370, 4, 400
"""Numbers of executions; with fewer, no table is worse than before."""

BEFORE = AT_FIRST + PLAYED

ONCE = '"$0" --quiet run'
AGAIN_AND_AGAIN = f'{ONCE}; for look in 1 2 3 4 5 6 7 8 9 10; do "$0" --quiet ingest; done; {ONCE}'
"""So that executions are looked at while they run."""

BY_EXECUTION = "Tables in error by execution"


def main() -> None:
    """All four steps; an error ends it."""
    command, picture = sys.argv[1], Path(sys.argv[2])
    with tempfile.TemporaryDirectory(prefix="superset-try-") as name:
        directory = Path(name)
        address = f"duckdb:///{directory}/published/incorta_loads.duckdb"
        run(command, directory, AGAIN_AND_AGAIN, executions=AT_FIRST, play=PLAYED).wait()
        with running_superset(directory / "first") as superset:
            made = make_dashboard(superset, address)
            say(f"made through the API: {len(CHARTS)} charts; rows: {rows(superset)}")
            if "--export" in sys.argv:
                export(superset.export_dashboard(made), address)
            ask_during(run(command, directory, ONCE, executions=AFTER), superset)
        with running_superset(directory / "second") as superset:
            superset.import_dashboard(exported(address))
            say(f"imported into a fresh Superset; rows: {rows(superset)}")
            look(superset, picture)


def run(
    command: str, directory: Path, script: str, *, executions: int, play: int = 0
) -> subprocess.Popen[bytes]:
    """A script of commands against a simulated cluster with so many executions."""
    environment = os.environ | {
        "DESTINATION__DUCKDB__CREDENTIALS": str(directory / "incorta_loads.duckdb"),
        "SOURCES__INCORTA__PUBLISH_DIR": str(directory / "published"),
    }
    simulate = [command, "simulate", "--executions", str(executions), "--play", str(play)]
    return subprocess.Popen(
        [*simulate, "--", "sh", "-c", script, command], env=environment, cwd=directory
    )


def rows(superset: Superset) -> dict[str, int]:
    """Chart → how many rows it shows; none may be empty."""
    found = {
        each["slice_name"]: superset.rows_of_chart(each["id"]) for each in superset.all("chart")
    }
    if len(found) != len(CHARTS) or not all(found.values()):
        raise RuntimeError(f"charts without rows: {found}")
    return found


def ask_during(running: subprocess.Popen[bytes], superset: Superset) -> None:
    """Each chart in turn until the run has ended; afterwards it must show the new executions."""
    charts = {each["slice_name"]: each["id"] for each in superset.all("chart")}
    answers: Counter[int] = Counter()
    while running.poll() is None:
        for name, chart in charts.items():
            found = superset.rows_of_chart(chart)
            if name == BY_EXECUTION:
                answers[found] += 1
    if running.returncode:
        raise RuntimeError(f"the run ended with {running.returncode}")
    after = superset.rows_of_chart(charts[BY_EXECUTION])
    asked = len(charts) * sum(answers.values())
    say(
        f"{asked} queries during a run, no error; executions seen {dict(answers)}, after it {after}"
    )
    if set(answers) - {BEFORE, AFTER} or after != AFTER:
        raise RuntimeError("a chart saw what was never published")


def export(files: Mapping[str, str], address: str) -> None:
    """Writes the dashboard's files, without the place of this try."""
    shutil.rmtree(FILES, ignore_errors=True)
    for path, text in files.items():
        (FILES / path).parent.mkdir(parents=True, exist_ok=True)
        (FILES / path).write_text(text.replace(address, IN_FILES))


def exported(address: str) -> dict[str, str]:
    """The dashboard's files, for the snapshot at this address."""
    return {
        str(path.relative_to(FILES)): path.read_text().replace(IN_FILES, address)
        for path in sorted(FILES.rglob("*.yaml"))
    }


def look(superset: Superset, picture: Path) -> None:
    """A picture of the dashboard; a chart that shows an error ends the try."""
    (dashboard,) = superset.all("dashboard")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = browser.new_page(viewport={"width": 1440, "height": 1800})
        page.goto(f"{superset.url}/login/")
        page.fill("#username", ADMIN["username"])
        page.fill("#password", ADMIN["password"])
        page.press("#password", "Enter")
        page.wait_for_url("**/welcome/**", timeout=120_000)
        page.goto(f"{superset.url}/superset/dashboard/{dashboard['id']}/?standalone=1")
        page.wait_for_function(
            "n => document.querySelectorAll('.slice_container').length === n", arg=len(CHARTS)
        )
        page.wait_for_selector(".loading", state="detached", timeout=120_000)
        page.wait_for_timeout(3_000)
        page.screenshot(path=picture, full_page=True)
        errors = page.locator("[role=alert], .error-alert").all_inner_texts()
        browser.close()
    if errors:
        raise RuntimeError(f"the dashboard shows errors: {errors}")
    say(f"looked at in Chromium: {picture}")


def say(text: str) -> None:
    """One line of what was seen."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


main()
