"""The entry point of the command, before its modules are imported."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from support.patience import COMMAND_SECONDS

STARTED = """
import os, signal, sys

module, sys.argv[1] = sys.argv[1], "--version"

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == module:
            os.kill(os.getpid(), signal.SIGINT)

{before}
from incorta_loads.__main__ import main
sys.meta_path.insert(0, Interrupting())
main()
"""


# Tests that run in the background ignore Ctrl-C, and their child processes inherit that.
USUAL = "signal.signal(signal.SIGINT, signal.default_int_handler)"


def interrupted(module: str, before: str = USUAL) -> subprocess.CompletedProcess[str]:
    """Starts the command and sends Ctrl-C while it imports the module."""
    return subprocess.run(
        [sys.executable, "-c", STARTED.format(before=before), module],
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )


@pytest.mark.parametrize("module", ["incorta_loads.cli.main", "typer", "incorta_loads.cli.reading"])
def test_ctrl_c_while_the_command_starts_prints_no_traceback(module: str) -> None:
    """The exit code in a shell is 130, as for any program ended by Ctrl-C."""
    done = interrupted(module)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


def test_an_ignored_ctrl_c_stays_ignored() -> None:
    """`nohup` and background jobs ignore it."""
    done = interrupted("typer", "signal.signal(signal.SIGINT, signal.SIG_IGN)")
    assert done.returncode == 0
    assert done.stderr == ""
