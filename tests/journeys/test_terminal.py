"""A progress bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import pty
import subprocess

import pytest

from journeys.shell import COMMAND, User


def test_a_progress_bar_is_drawn_on_a_terminal_only(user: User) -> None:
    """On a terminal the cursor moves; in a pipe every line is whole and plain."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [COMMAND, "ingest", "--ids", "1-120"],
        cwd=user.home,
        env=user.environment | {"TERM": "xterm", "COLUMNS": "100"},
        stdin=follower,
        stdout=subprocess.DEVNULL,
        stderr=follower,
    )
    os.close(follower)
    shown = b""
    while True:
        try:
            part = os.read(leader, 4096)
        except OSError:  # how Linux says that the other end is closed
            break
        if not part:
            break
        shown += part
    assert process.wait(timeout=60) == 0
    os.close(leader)
    assert b"\x1b[" in shown
    assert b"fetching" in shown
    plain = user.runs("ingest", "--ids", "1-120").stderr
    assert "\x1b" not in plain
    assert "fetching" not in plain
    assert plain.splitlines()[0] == "asking for the ids 1-120"


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_run_whose_output_nobody_takes_is_a_run(user: User, closed: str) -> None:
    """As some schedulers start it; the exit code says how it went."""
    command = f'"{COMMAND}" ingest --ids 1-3 {closed}'
    subprocess.run(["sh", "-c", command], cwd=user.home, env=user.environment, check=True)
    assert len(user.asks("SELECT * FROM load_status.fetches")) == 3
