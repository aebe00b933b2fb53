"""Imports run in one direction, and the contracts that check this can fail."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.patience import COMMAND_SECONDS

CHECKOUT = Path(__file__).parents[2]


def linted(checkout: Path) -> subprocess.CompletedProcess[str]:
    """Runs import-linter on the packages of a checkout."""
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"],
        cwd=checkout,
        env={"PYTHONPATH": str(checkout / "pipelines")},
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the packages and their contracts that tests may change."""
    shutil.copy(CHECKOUT / "pyproject.toml", tmp_path)
    shutil.copytree(CHECKOUT / "pipelines", tmp_path / "pipelines")
    return tmp_path


def test_the_contracts_hold(copied: Path) -> None:
    """The packages break no contract."""
    done = linted(copied)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "Contracts: 4 kept, 0 broken." in done.stdout


@pytest.mark.parametrize(
    ("file", "line", "broken"),
    [
        ("tree/limits.py", "import requests", "A tree knows no network"),
        ("tree/limits.py", "import incorta_loads.config.settings", "A tree knows no network"),
        ("ingest/feed.py", "import incorta_loads.analysis.rows", "Fetching does not wait"),
        ("errors.py", "import incorta_loads.tree.limits", "The way of the data runs one way"),
        ("terminal/logs.py", "import incorta_loads.cli.runs", "The way of the data runs one way"),
        (
            "alerts/events.py",
            "import incorta_loads.ingest.feed",
            "The way of the data runs one way",
        ),
        ("helpers/__init__.py", "", "The way of the data runs one way"),
    ],
)
def test_a_planted_import_breaks_a_contract(
    copied: Path, file: str, line: str, broken: str
) -> None:
    """The import runs upwards, sideways or out of the package, or is in a folder without a
    layer."""
    path = copied / "pipelines" / "incorta_loads" / file
    path.parent.mkdir(exist_ok=True)
    before = path.read_text() if path.exists() else ""
    path.write_text(f"{before}\n\ndef planted() -> None:\n    {line or 'pass'}\n")
    done = linted(copied)
    assert done.returncode == 1
    assert f"{broken}" in "".join(each for each in done.stdout.splitlines() if "BROKEN" in each)
