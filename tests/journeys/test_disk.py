"""Disk errors: one sentence, and an intact warehouse."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import duckdb
import pytest

from incorta_simulator.company.company import Company
from incorta_simulator.server.simulator import Simulator
from journeys.shell import COMMAND, TOKEN, User, configured
from support.patience import COMMAND_SECONDS
from support.proof import IS_PROOF

SIZES = ["2600k", "2900k", "3200k"] if IS_PROOF else ["2600k"]

# A private file system, which ends with the process that mounted it.
_MOUNTED = """
set -eu
mount -t tmpfs -o size="$1" tmpfs "$2"
shift
cd "$1"
shift
"$@"
"""
_FILL = """
cp -r "$FROM/." .
code=0
"$COMMAND" ingest --ids "$IDS" || code=$?
cp incorta_loads.duckdb* "$FROM/" 2>/dev/null || true
rm -rf incorta_loads.duckdb* && ls -A
exit $code
"""
_READ_ONLY = """
cp -r "$FROM/." .
mount -o remount,ro "$PWD"
exec "$COMMAND" "$@"
"""


def on_a_disk_of(size: str, user: User, script: str, *arguments: str) -> tuple[int, str, str]:
    """Runs a script in a small file system; returns exit code, stdout and stderr."""
    disk = user.home.parent / f"{user.home.name}-disk"
    disk.mkdir(exist_ok=True)
    as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
    mounted = ["sh", "-c", _MOUNTED, "sh", size, str(disk), "sh", "-euc", script, "sh"]
    done = subprocess.run(
        ["unshare", *as_root, "--mount", *mounted, *arguments],
        env=user.environment | {"COMMAND": str(COMMAND), "FROM": str(user.home), "IDS": "1-110"},
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def complete_executions(database: Path) -> int:
    """The number of executions, all of which must be complete."""
    with duckdb.connect(database, read_only=True) as connection:
        sizes = connection.execute(
            "SELECT count(*), max(last_descendant_id) + 1 FROM load_status.nodes "
            "GROUP BY execution_id"
        ).fetchall()
    assert all(found == expected for found, expected in sizes)
    return len(sizes)


@pytest.fixture(scope="module")
def three_pulled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a user with three executions, for copying."""
    with Simulator(Company(executions=130), token=TOKEN) as simulator:
        user = configured(tmp_path_factory.mktemp("three"), simulator)
        user.runs("ingest", "--ids", "1-3")
        return user.home


@pytest.fixture
def pulled_little(user: User, three_pulled: Path) -> User:
    """A user with three executions."""
    shutil.copytree(three_pulled, user.home, dirs_exist_ok=True)
    return user


@pytest.mark.parametrize("size", SIZES)
def test_a_full_disk_ends_the_run_with_one_sentence(pulled_little: User, size: str) -> None:
    """The exit code is 1 without traceback, committed rows stay, and the next run loads the
    rest."""
    code, left, errors = on_a_disk_of(size, pulled_little, _FILL)
    assert (code, left) == (1, ""), errors
    assert "Traceback" not in errors
    last = errors.splitlines()[-1]
    assert last.startswith("Error: ")
    assert "No space left on device" in last or "disk is full" in last
    assert complete_executions(pulled_little.warehouse) >= 3
    pulled_little.runs("ingest", "--ids", "1-110")
    assert complete_executions(pulled_little.warehouse) > 90


@pytest.mark.parametrize("command", ["ingest", "analyze"])
def test_an_unwritable_directory_is_named(pulled_little: User, command: str) -> None:
    """The exit code is 1, with one sentence and no other output."""
    code, output, errors = on_a_disk_of("40m", pulled_little, _READ_ONLY, command)
    assert (code, output) == (1, "")
    assert errors.startswith("Error: The warehouse ")
    assert "Read-only file system" in errors
    assert errors.count("\n") == 1


def test_a_warehouse_in_an_unwritable_directory_can_be_read(pulled_little: User) -> None:
    """A colleague may publish it on a read-only share."""
    code, output, errors = on_a_disk_of("40m", pulled_little, _READ_ONLY, "show", "1")
    assert (code, errors) == (0, "")
    assert output.startswith("Execution 1 of journey, ")
