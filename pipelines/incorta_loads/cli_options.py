"""What all commands share: their options, and what each does first.

Imports that cost time are made inside the functions, so that `--help` answers at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from incorta_loads.choices import Format

if TYPE_CHECKING:
    from incorta_loads.redaction import Redactor

_debug = False


def is_debugging() -> bool:
    """Whether --debug was given, before or after the name of the command."""
    return _debug


def _set_debug(value: bool) -> None:  # noqa: FBT001 (the shape of a Typer callback)
    global _debug  # noqa: PLW0603 (one switch for the process)
    _debug = _debug or value


Debug = Annotated[
    bool,
    typer.Option("--debug", callback=_set_debug, help="Log everything, and show tracebacks."),
]
Output = Annotated[
    Format, typer.Option("--format", help="A table for people; csv and json for programs.")
]


def start() -> Redactor:
    """What every command does first: no telemetry, and logs without secrets."""
    from incorta_loads.logs import set_up_logs, turn_telemetry_off
    from incorta_loads.redaction import Redactor
    from incorta_loads.settings import secret_values

    turn_telemetry_off()
    redactor = Redactor(secret_values())
    set_up_logs(redactor, debug=_debug)
    return redactor
