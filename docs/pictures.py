"""Makes the README's pictures from what `make run` left: `make pictures`.

    python docs/pictures.py DEMO

docs/pictures/report.png     the first screen of report.html, in Chromium
docs/pictures/terminal.svg   what two commands print on a terminal
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from io import StringIO
from pathlib import Path

from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.text import Text

PICTURES = Path(__file__).parent / "pictures"
COMMAND = Path(sys.executable).with_name("incorta-loads")
COMMANDS = ("health --limit 6", "show 424 --failed")
COLUMNS = 80


def main(demo: Path) -> None:
    """Both pictures."""
    PICTURES.mkdir(exist_ok=True)
    picture_of_report(demo / "published/report.html", PICTURES / "report.png")
    (PICTURES / "terminal.svg").write_text(picture_of_terminal(demo / "incorta_loads.duckdb"))


def picture_of_report(report: Path, target: Path) -> None:
    """What is seen before anybody scrolls."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = browser.new_page(viewport={"width": 1280, "height": 860})
        page.goto(report.absolute().as_uri())
        page.wait_for_selector("html[data-drawn=all]")
        page.screenshot(path=target)
        browser.close()


def picture_of_terminal(warehouse: Path) -> str:
    """The commands and what they print, as SVG that asks for no font from elsewhere."""
    console = Console(record=True, width=COLUMNS, file=StringIO(), force_terminal=True)
    environment = os.environ | {
        "DESTINATION__DUCKDB__CREDENTIALS": str(warehouse.absolute()),
        "FORCE_COLOR": "1",
        "COLUMNS": str(COLUMNS),
    }
    for command in COMMANDS:
        printed = subprocess.run(
            [COMMAND, *command.split()], env=environment, capture_output=True, text=True, check=True
        ).stdout
        console.print(Text(f"$ incorta-loads {command}", style="bold"))
        console.print(Text.from_ansi(printed), soft_wrap=True)
        console.print()
    return re.sub(r"@font-face \{.*?\}", "", console.export_svg(title=""), flags=re.DOTALL)


main(Path(sys.argv[1]))
