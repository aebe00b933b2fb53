"""Rows on stdout: as a table for people, as CSV or JSON for programs."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rich.console import Console
from rich.table import Table
from rich.text import Text

Row = Mapping[str, object]


class Format(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


@dataclass(frozen=True)
class Column:
    """One column of a table for people.

    Attributes:
        title: its heading.
        text: a row → what to show.
        is_number: aligned to the right and never cut.
    """

    title: str
    text: object
    is_number: bool = False


def print_rows(
    rows: Sequence[Row],
    names: Sequence[str],
    output: Format,
    *,
    columns: Sequence[Column] | None = None,
    title: str | None = None,
) -> None:
    """Prints rows.

    Args:
        rows: column name → value.
        names: the columns of CSV and JSON, in order; there they are stable and complete.
        output: the format.
        columns: what a table shows instead, for people; None: all of `names`.
        title: the line above a table.
    """
    if output is Format.CSV:
        sys.stdout.write(_csv(rows, names))
    elif output is Format.JSON:
        listed = [{name: row[name] for name in names} for row in rows]
        print_json(listed)
    else:
        _print_table(rows, columns or [_plain(name, rows) for name in names], title)


def print_json(value: object) -> None:
    """One JSON document, indented; times in ISO 8601."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=_text) + "\n")


def rate_with_interval(rate: str) -> Column:
    """`12.3 % (9.1–16.4)`: a rate of the marts and its 95 % interval."""

    def text(row: Row) -> str:
        value, low, high = row[rate], row[f"{rate}_low"], row[f"{rate}_high"]
        if not (isinstance(value, float) and isinstance(low, float) and isinstance(high, float)):
            return "–"
        return f"{100 * value:.1f} % ({100 * low:.1f}–{100 * high:.1f})"

    return Column(rate.replace("_", " "), text, is_number=True)


def field(name: str, title: str | None = None, *, is_number: bool = False) -> Column:
    """One value as it is; NULL as a dash."""

    def text(row: Row) -> str:
        return "–" if row[name] is None else _text(row[name])

    return Column(title or name.replace("_", " "), text, is_number=is_number)


def _plain(name: str, rows: Sequence[Row]) -> Column:
    is_number = any(isinstance(row[name], int | float) for row in rows)
    return field(name, name, is_number=is_number)


def _print_table(rows: Sequence[Row], columns: Sequence[Column], title: str | None) -> None:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for column in columns:
        table.add_column(
            column.title,
            justify="right" if column.is_number else "left",
            no_wrap=column.is_number,
            overflow="fold",
        )
    for row in rows:
        # As Text, so that brackets in a name are no markup.
        table.add_row(*(Text(column.text(row)) for column in columns))  # type: ignore[operator]
    console().print(table)


def console() -> Console:
    """Standard output; 80 columns where there is no terminal to ask."""
    return Console(highlight=False, soft_wrap=False)


def _csv(rows: Sequence[Row], names: Sequence[str]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(["" if row[name] is None else _text(row[name]) for name in names] for row in rows)
    return buffer.getvalue()


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
