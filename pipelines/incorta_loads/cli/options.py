"""Defines the options that all commands share, and what each command does first.

Slow imports are inside the functions, so that `--help` responds at once.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Collection, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any

import typer

from incorta_loads.choices import Format, LogFormat, Verbosity
from incorta_loads.errors import ConfigurationError, InvalidSettingError

if TYPE_CHECKING:
    from incorta_loads.redaction import Redactor

_given: set[Verbosity] = set()


def is_debugging() -> bool:
    """Whether --debug was given, before or after the name of the command."""
    return Verbosity.DEBUG in _given


def verbosity() -> Verbosity:
    """The verbosity given before or after the name of the command.

    Raises:
        ConfigurationError: both --quiet and --verbose were given.
    """
    if {Verbosity.QUIET, Verbosity.VERBOSE} <= _given:
        raise ConfigurationError("--quiet and --verbose exclude each other; name one of them.")
    return next(
        (each for each in reversed(Verbosity) if each in _given),
        Verbosity.USUAL,
    )


def _switch(level: Verbosity) -> Callable[[bool], None]:
    def give(value: bool) -> None:  # noqa: FBT001 (the shape of a Typer callback)
        if value:
            _given.add(level)

    return give


Debug = Annotated[
    bool,
    typer.Option(
        "--debug", callback=_switch(Verbosity.DEBUG), help="Log everything and show tracebacks."
    ),
]
Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet", "-q", callback=_switch(Verbosity.QUIET), help="Log only warnings and errors."
    ),
]
Verbose = Annotated[
    bool,
    typer.Option(
        "--verbose",
        "-v",
        callback=_switch(Verbosity.VERBOSE),
        help="Log each response, batch and model.",
    ),
]
Output = Annotated[
    Format, typer.Option("--format", help="table for people; csv or json for programs.")
]

_SHARED = [
    inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=option)
    for name, option in (("debug", Debug), ("quiet", Quiet), ("verbose", Verbose))
]


class App(typer.Typer):
    """Adds --debug, --quiet and --verbose to all commands; they work through their callbacks."""

    def command(self, *args: Any, **named: Any) -> Callable[[Callable[..., Any]], Any]:
        """Like Typer's decorator."""
        add = super().command(*args, **named)

        def add_with_options(function: Callable[..., Any]) -> Callable[..., Any]:
            add(_with_shared_options(function))
            return function

        return add_with_options


def _with_shared_options(function: Callable[..., Any]) -> Callable[..., Any]:
    def drop(given: dict[str, Any]) -> dict[str, Any]:
        return {name: given[name] for name in given if name not in shared}

    shared = {option.name for option in _SHARED}
    return with_options(function, _SHARED, drop)


def with_options(
    function: Callable[..., Any],
    options: Sequence[inspect.Parameter],
    gather: Callable[[dict[str, Any]], dict[str, Any]],
    *,
    gathered: Collection[str] = (),
) -> Callable[..., Any]:
    """Returns the function as a command with these options after its own.

    Args:
        function: the function behind the command.
        options: the options, as keyword parameters.
        gather: values of all options → arguments of the function.
        gathered: parameters of the function that are no options, but come from `gather`.
    """

    @wraps(function)
    def command(**given: Any) -> Any:
        return function(**gather(given))

    signature = inspect.signature(function, eval_str=True)
    own = [each for each in signature.parameters.values() if each.name not in gathered]
    command.__signature__ = signature.replace(parameters=[*own, *options])  # type: ignore[attr-defined]
    return command


def start() -> Redactor:
    """Turns off telemetry and sets up logging with redaction, before any command.

    Raises:
        ConfigurationError: the working directory is gone.
    """
    _require_working_directory()
    from incorta_loads.config.lookup import read_settings_here
    from incorta_loads.config.secret_values import secret_values
    from incorta_loads.config.settings import log_format
    from incorta_loads.config.unknown_settings import log_unknown_settings
    from incorta_loads.redaction import Redactor
    from incorta_loads.terminal.logs import set_up_logs, turn_telemetry_off

    turn_telemetry_off()
    read_settings_here()
    redactor = Redactor(secret_values())
    set_up_logs(redactor, verbosity(), log_format())
    log_unknown_settings()
    return redactor


def _require_working_directory() -> None:
    """The configuration and the warehouse are looked up in the working directory."""
    try:
        os.getcwd()  # noqa: PTH109 (pathlib is not imported for --help)
    except OSError as error:
        raise ConfigurationError(
            f"The working directory cannot be used ({error.strerror}); change to one that exists."
        ) from None


def write_error(text: str, error: Exception | None, exit_code: int) -> None:
    """Writes the error message of a failed command to stderr, redacted, in its log format."""
    import logging
    import sys
    import traceback

    from incorta_loads.config.lookup import read_settings_here
    from incorta_loads.config.secret_values import secret_values
    from incorta_loads.config.settings import log_format
    from incorta_loads.redaction import Redactor
    from incorta_loads.terminal.logs import log_formatter

    read_settings_here()
    redactor = Redactor(secret_values())
    try:
        form = log_format()
    except InvalidSettingError:  # this setting may be the error
        form = LogFormat.TEXT
    trace = "".join(traceback.format_exception(error)) if is_debugging() and error else ""
    if form is LogFormat.JSON:
        named = {"name": "incorta_loads", "levelname": "ERROR", "levelno": logging.ERROR}
        fields = {"msg": text, "exit_code": exit_code} | ({"traceback": trace} if trace else {})
        record = logging.makeLogRecord(named | fields)
        sys.stderr.write(log_formatter(redactor, Verbosity.USUAL, form).format(record) + "\n")
        return
    sys.stderr.write(redactor.clean_text(f"{trace}Error: {text}\n"))
