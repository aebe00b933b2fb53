"""The options that select rows, for every command that prints them."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from incorta_loads.choices import MOST_ROWS, Format, Names, Wanted
from incorta_loads.cli.options import Output, with_options

_MOST_NOTABLE = 20


def _option(name: str, annotation: Any, default: object = None) -> inspect.Parameter:
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
    )


def _name(kind: str, text: str) -> inspect.Parameter:
    return _option(
        kind, Annotated[str | None, typer.Option(f"--{kind}", metavar="NAME", help=text)]
    )


_PLACE = [
    _name("cluster", "Show only this cluster."),
    _name("tenant", "Show only this tenant."),
]
_NAMES = [
    *_PLACE,
    _name("plan", "Show only rows of this load plan."),
    _name("schema", "Show only rows of this schema."),
    _name("table", "Show only this table, as TABLE or SCHEMA.TABLE."),
]
_LIMITS = [
    _option(
        "limit",
        Annotated[int | None, typer.Option(min=1, max=MOST_ROWS, help="Maximum number of rows.")],
    ),
    _option(
        "show_all",
        Annotated[
            bool,
            typer.Option(
                "--all", help="Show all rows; a terminal otherwise shows the 20 most notable."
            ),
        ],
        default=False,
    ),
]
_FORMAT = [_option("output", Output, default=Format.TABLE)]
_GATHERED = ("wanted", "names", "output")


def selects_rows(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options for names, number and format of rows.

    The command takes them as `wanted` and `output`.
    """

    def gather(given: dict[str, Any]) -> dict[str, Any]:
        output, limit, show_all = given["output"], given.pop("limit"), given.pop("show_all")
        only_notable = not show_all and _is_seen(output)
        if limit is None and only_notable:
            limit = _MOST_NOTABLE
        names = _taken(given, _NAMES)
        wanted = Wanted(names, limit, only_notable=only_notable, show_all=show_all)
        return {**given, "wanted": wanted}

    return with_options(command, [*_NAMES, *_LIMITS, *_FORMAT], gather, gathered=_GATHERED)


def selects_names(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options for names and format, which the command takes as `names` and `output`."""
    return _with_names(command, _NAMES)


def selects_place(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options for cluster, tenant and format; the command takes `names` and `output`."""
    return _with_names(command, _PLACE)


def _with_names(
    command: Callable[..., Any], options: Sequence[inspect.Parameter]
) -> Callable[..., Any]:
    def gather(given: dict[str, Any]) -> dict[str, Any]:
        names = _taken(given, options)
        return {**given, "names": names}

    return with_options(command, [*options, *_FORMAT], gather, gathered=_GATHERED)


def _is_seen(output: Format) -> bool:
    """Whether a person sees the rows at once, rather than a program or a file."""
    return output is Format.TABLE and sys.stdout.isatty()


def _taken(given: dict[str, Any], options: Sequence[inspect.Parameter]) -> Names:
    return Names(**{option.name: given.pop(option.name) for option in options})
