"""The options that select rows, for every command that prints them."""

from __future__ import annotations

import sys
from typing import Annotated, TypedDict

import typer

from incorta_loads.choices import Format

_MOST_NOTABLE = 20

OfPlan = Annotated[str | None, typer.Option("--plan", help="Show only rows of this load plan.")]
Limit = Annotated[int | None, typer.Option(min=1, help="Maximum number of rows.")]
All = Annotated[
    bool,
    typer.Option("--all", help="Show all rows; a terminal otherwise shows the 20 most notable."),
]


class Selection(TypedDict):
    """Which rows to show, as keyword arguments of what reads them."""

    limit: int | None
    only_notable: bool


def selection(output: Format, limit: int | None, *, show_all: bool) -> Selection:
    """Returns which rows to show: a terminal shows only notable ones unless told otherwise."""
    is_for_a_look = output is Format.TABLE and sys.stdout.isatty()
    if limit is None and not show_all and is_for_a_look:
        return {"limit": _MOST_NOTABLE, "only_notable": True}
    return {"limit": limit, "only_notable": False}
