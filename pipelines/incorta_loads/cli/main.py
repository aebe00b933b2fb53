"""Runs a command and turns its result or error into the exit code of the process."""

from __future__ import annotations

import atexit
import os
import signal
import sys
from typing import Any

import typer
from typer.exceptions import TyperException

from incorta_loads.alerts.receivers import is_still_sending
from incorta_loads.cli.commands import app
from incorta_loads.cli.options import write_error
from incorta_loads.errors import IncortaLoadsError, OutputError
from incorta_loads.terminal.streams import discard, is_stderr_incomplete, take_streams


def main(arguments: list[str] | None = None) -> None:
    """Runs `incorta-loads` and ends the process with its exit code."""
    take_streams()
    code = _exit_code(sys.argv[1:] if arguments is None else arguments)
    if is_stderr_incomplete():
        discard(2)
        code = code or 1
    if is_still_sending():  # Python would wait for a thread that waits for a receiver
        atexit._run_exitfuncs()  # noqa: SLF001 (no public way; without it multiprocessing reports leaks)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _exit_code(arguments: list[str]) -> int:
    try:
        code = app(arguments, prog_name="incorta-loads", standalone_mode=False)
        sys.stdout.flush()
    except IncortaLoadsError as error:
        if isinstance(error, OutputError):
            discard(1)
        return _fail(error, str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return _fail(None, "Interrupted.", 130)
    except TyperException as error:
        context: Any = getattr(error, "ctx", None)
        path = context.command_path if context else "incorta-loads"
        if not (text := error.format_message().rstrip(".")):
            return error.exit_code  # without a command, the help was printed
        hint = f"try '{path} --help'."
        joined = f"{text} {hint.capitalize()}" if text.endswith("?") else f"{text}; {hint}"
        return _fail(None, joined, error.exit_code)
    except (BrokenPipeError, SystemExit) as error:
        # Typer exits with 1 if the pipe is closed, which would mean that the run failed.
        if not isinstance(error.__context__ or error, BrokenPipeError):
            raise
        discard(1)
        return 128 + signal.SIGPIPE
    except OSError as error:
        return _fail(error, f"The operating system reported an error: {error}.", 1)
    except Exception as error:  # noqa: BLE001 (last handler: one sentence, not a traceback)
        text = (
            f"Internal error ({type(error).__name__}: {error}); run again with --debug, and report"
        )
        return _fail(error, f"{text} what it prints.", 1)
    return code if isinstance(code, int) else 0


def _fail(error: Exception | None, text: str, exit_code: int) -> int:
    write_error(text, error, exit_code)
    return exit_code
