"""The door of the command, before the program can say a sentence."""

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


# Whoever runs the tests in the background has Ctrl-C ignored, and so have their children.
USUAL = "signal.signal(signal.SIGINT, signal.default_int_handler)"


def interrupted(module: str, before: str = USUAL) -> subprocess.CompletedProcess[str]:
    """Ctrl-C, while the command imports the module."""
    return subprocess.run(
        [sys.executable, "-c", STARTED.format(before=before), module],
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )


@pytest.mark.parametrize("module", ["incorta_loads.cli.main", "typer", "incorta_loads.cli.reading"])
def test_ctrl_c_while_the_command_starts_prints_no_traceback(module: str) -> None:
    """A shell calls it 130, as any program that Ctrl-C ends."""
    done = interrupted(module)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


def test_who_has_ctrl_c_ignored_has_it_ignored() -> None:
    """As `nohup` and jobs in the background do."""
    done = interrupted("typer", "signal.signal(signal.SIGINT, signal.SIG_IGN)")
    assert done.returncode == 0
    assert done.stderr == ""
