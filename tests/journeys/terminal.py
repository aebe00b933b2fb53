"""A pseudo-terminal that captures the output of a command."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
from collections.abc import Callable

from journeys.shell import COMMAND, User
from support.patience import HANG_SECONDS

ROWS, COLUMNS = 24, 100


def on_a_terminal(
    user: User,
    *arguments: str,
    is_stdout_too: bool = True,
    meanwhile: Callable[[subprocess.Popen[bytes], bytes], None] | None = None,
    **environment: str,
) -> tuple[int, str]:
    """Runs `incorta-loads …` on a terminal; returns the exit code and all output on it.

    Args:
        user: the user who runs the command.
        arguments: the arguments of the command.
        is_stdout_too: whether stdout is the terminal as well as stderr.
        meanwhile: a function called with the process after each piece of output.
        environment: variables in addition to those of the user.
    """
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    process = subprocess.Popen(
        [COMMAND, *arguments],
        cwd=user.home,
        env=user.environment | {"TERM": "xterm-256color"} | environment,
        stdin=follower,
        stdout=follower if is_stdout_too else subprocess.DEVNULL,
        stderr=follower,
    )
    os.close(follower)
    shown = b""
    while part := _read(leader):
        shown += part
        if meanwhile is not None:
            meanwhile(process, shown)
    exit_code = process.wait(timeout=HANG_SECONDS)
    os.close(leader)
    return exit_code, shown.decode().replace("\r\n", "\n")


def _read(leader: int) -> bytes:
    try:
        return os.read(leader, 4096)
    except OSError:  # Linux reports a closed other end this way
        return b""
