"""What the disk refuses: one sentence, and a warehouse that is whole."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import duckdb
import pytest

from journeys.shell import COMMAND, User

# A file system of the test's own, gone with the process that mounted it.
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
    """Runs a script in a small file system; exit code, stdout and stderr."""
    disk = user.home.parent / f"{user.home.name}-disk"
    disk.mkdir(exist_ok=True)
    as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
    mounted = ["sh", "-c", _MOUNTED, "sh", size, str(disk), "sh", "-euc", script, "sh"]
    done = subprocess.run(
        ["unshare", *as_root, "--mount", *mounted, *arguments],
        env=user.environment | {"COMMAND": str(COMMAND), "FROM": str(user.home), "IDS": "1-110"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def whole_executions(database: Path) -> int:
    """How many executions there are; none of them is in pieces."""
    with duckdb.connect(database, read_only=True) as connection:
        sizes = connection.execute(
            "SELECT count(*), max(last_descendant_id) + 1 FROM load_status.nodes "
            "GROUP BY execution_id"
        ).fetchall()
    assert all(found == expected for found, expected in sizes)
    return len(sizes)


@pytest.mark.parametrize("size", ["2600k", "2900k", "3200k"])
def test_a_full_disk_ends_the_run_with_one_sentence(user: User, size: str) -> None:
    """Exit code 1, no traceback, what was committed stays, and the next run loads the rest."""
    user.runs("ingest", "--ids", "1-3")
    code, left, errors = on_a_disk_of(size, user, _FILL)
    assert (code, left) == (1, ""), errors
    assert "Traceback" not in errors
    last = errors.splitlines()[-1]
    assert last.startswith("Error: ")
    assert "No space left on device" in last or "disk is full" in last
    assert whole_executions(user.warehouse) >= 3
    user.runs("ingest", "--ids", "1-110")
    assert whole_executions(user.warehouse) > 90


@pytest.mark.parametrize("command", ["ingest", "analyze"])
def test_a_directory_that_cannot_be_written_is_named(user: User, command: str) -> None:
    """Exit code 1 and one sentence: there is nothing else to say."""
    user.runs("ingest", "--ids", "1-3")
    code, output, errors = on_a_disk_of("40m", user, _READ_ONLY, command)
    assert (code, output) == (1, "")
    assert errors.startswith("Error: The warehouse ")
    assert "Read-only file system" in errors
    assert errors.count("\n") == 1


def test_a_directory_that_cannot_be_written_can_be_read(user: User) -> None:
    """What a colleague publishes on a read-only share."""
    user.runs("ingest", "--ids", "1-3")
    code, output, errors = on_a_disk_of("40m", user, _READ_ONLY, "show", "1")
    assert (code, errors) == (0, "")
    assert output.startswith("Execution 1 of journey, ")
