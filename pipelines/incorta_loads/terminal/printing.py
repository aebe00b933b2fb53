"""Prints rows to stdout: as a table for people, or as CSV or JSON for programs."""

from __future__ import annotations

import io
import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from rich.console import Console
from rich.text import Text

from incorta_loads.analysis.rows import Row, Rows
from incorta_loads.choices import Format
from incorta_loads.terminal.table_layout import CellColumn, laid_out
from incorta_loads.text import shortened, visible

_LONGEST_CODE = 20


@dataclass(frozen=True)
class Column:
    """One column of a table for people.

    Attributes:
        title: heading of the column.
        text: row → text of the cell.
        is_number: whether to align the column to the right and never crop it.
        is_code: whether its values are searched for and never cropped.
    """

    title: str
    text: Callable[[Row], str]
    is_number: bool = False
    is_code: bool = False


def print_rows(
    found: Rows,
    output: Format,
    *,
    columns: Sequence[Column] | None = None,
    title: str | None = None,
) -> None:
    """Prints rows.

    CSV and JSON have all columns, unchanged. A table has the given columns, or all if none are
    given.
    """
    if output is Format.CSV:
        _write(_csv(found))
    elif output is Format.JSON:
        print_json(found.rows)
    else:
        rows = found.rows
        _print_table(rows, columns or [_as_is(name, rows) for name in found.names], title)


def print_rest(shown: int, total: int, *, remedy: str) -> None:
    """Prints how many rows there are, and how to see them, unless all were shown."""
    if shown < total:
        print_line(f"{shown:,} of {total:,} {'row' if total == 1 else 'rows'}; {remedy}.")


def print_json(value: object) -> None:
    """Prints one JSON document.

    Times are in ISO 8601. Numbers that JSON cannot represent, such as inf, are strings.
    """
    _write(json.dumps(_plain(value), indent=2, ensure_ascii=False) + "\n")


def _write(text: str) -> None:
    """Writes output for programs as UTF-8, whatever the terminal's encoding."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    sys.stdout.write(text)


def print_line(text: str, style: str = "") -> None:
    """Prints one line of text literally: no markup is interpreted, and nothing moves the cursor."""
    print_text(Text(printable(text), style))


def value(name: str, title: str | None = None) -> Column:
    """Returns a text column with unchanged values; NULL is a dash."""
    return Column(title or name.replace("_", " "), lambda row: _shown(row[name]))


def code(name: str, title: str | None = None) -> Column:
    """Returns a column with values such as `broken_since`, unchanged and never cropped."""
    return replace(value(name, title), is_code=True)


def number(name: str, title: str | None = None) -> Column:
    """Returns a numeric column with unchanged values; NULL is a dash."""
    return Column(title or name.replace("_", " "), lambda row: _shown(row[name]), is_number=True)


def part_of(part: str, whole: str, title: str) -> Column:
    """Returns a column with a count and its total, as `28 of 85`; NULL is a dash."""

    def text(row: Row) -> str:
        return "–" if row[whole] is None else f"{row[part]} of {row[whole]}"

    return Column(title, text, is_number=True)


def rate(name: str, title: str) -> Column:
    """Returns a column with a share, as `12.3 %`; NULL, if nothing was counted, is a dash."""
    return Column(title, lambda row: _percent(row[name], " %"), is_number=True)


def rate_with_interval(name: str, title: str) -> Column:
    """Returns a column with a share and its 95 % interval, as `12.3 % (9.1–16.4)`."""

    def text(row: Row) -> str:
        if row[name] is None:
            return "–"
        low, high = _percent(row[f"{name}_low"]), _percent(row[f"{name}_high"])
        return f"{_percent(row[name])} % ({low}–{high})"

    return Column(title, text, is_number=True)


def probability(of: Callable[[Row], float | None], title: str) -> Column:
    """Returns a column with a p-value, as `0.031` or `4.1e-09`.

    None, if nothing was tested, is a dash.
    """

    def text(row: Row) -> str:
        p_value = of(row)
        return "–" if p_value is None else f"{p_value:.2g}"

    return Column(title, text, is_number=True)


def print_text(*lines: Text) -> None:
    """Prints lines with their styles; their text must already be `printable`."""
    console = _console()
    if console.color_system is None:  # in a pipe, rendering would dominate for a large tree
        sys.stdout.writelines(f"{line.plain}\n" for line in lines)
        sys.stdout.flush()
        return
    for line in lines:
        console.print(line, soft_wrap=True)


def can_show(text: str) -> bool:
    """Returns whether stdout can encode all these characters."""
    return _encodable(text) == text


def _encodable(text: str) -> str:
    """Returns the text with every character that stdout cannot encode replaced by its escape."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    if encoding.lower() == "utf-8":
        return text
    return text.encode(encoding, "backslashreplace").decode(encoding)


def printable(text: str) -> str:
    """Returns the text with every character that stdout cannot show replaced by its escape."""
    return visible(_encodable(text))


def _as_is(name: str, rows: Sequence[Row]) -> Column:
    if any(issubclass(kind, int | float | Decimal) for kind in {type(row[name]) for row in rows}):
        return number(name, name)
    are_short = all(len(_shown(row[name])) <= _LONGEST_CODE for row in rows)
    return code(name, name) if are_short else value(name, name)


def _print_table(rows: Sequence[Row], columns: Sequence[Column], title: str | None) -> None:
    if title:
        print_line(title, "bold")
    if not rows:
        print_line("No rows.")
        return
    cell = cache(_cell)  # in most columns, few values occur often
    cells = [
        CellColumn(
            printable(column.title),
            [cell(column.text(row)) for row in rows],
            is_number=column.is_number,
            is_code=column.is_code,
        )
        for column in columns
    ]
    heading, lines = laid_out(cells, _terminal_width(), "…" if can_show("…") else "~")
    if heading is not None:
        print_text(Text(heading, "bold"))
    sys.stdout.writelines(f"{line}\n" for line in lines)


def _terminal_width() -> int | None:
    """Returns the width of the terminal in cells.

    Returns None if stdout is not a terminal: nothing breaks lines there, so each row is one line.
    """
    return _console().width if sys.stdout.isatty() else None


def _cell(text: str) -> str:
    return printable(shortened(text))


class _PipedConsole(Console):
    """A console that raises BrokenPipeError if the reader closes the pipe early.

    That is not an error of this program; `main` handles it.
    """

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def _console() -> Console:
    return _PipedConsole(highlight=False, markup=False, emoji=False)


def _csv(found: Rows) -> str:
    lines = [[_quoted(name) for name in found.names]]
    lines += [[_field(row[name]) for name in found.names] for row in found.rows]
    return "".join((",".join(fields) or '""') + "\n" for fields in lines)


def _field(item: object) -> str:
    """Returns a CSV field: NULL is an empty field, and an empty text is a quoted one."""
    return "" if item is None else _quoted(_text(item))


def _quoted(text: str) -> str:
    if text and not set(',"\r\n') & set(text):
        return text
    return '"' + text.replace('"', '""') + '"'


def _shown(item: object) -> str:
    if isinstance(item, str):  # most cells
        return item
    if isinstance(item, datetime):
        return item.isoformat(timespec="seconds")
    return "–" if item is None else _text(item)


def _percent(share: Any, unit: str = "") -> str:
    return "–" if share is None else f"{100 * share:.1f}{unit}"


def _text(item: object) -> str:
    if isinstance(item, str):
        return item
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, datetime):
        return item.isoformat()
    if isinstance(item, bytes):
        return item.decode("ascii", "backslashreplace")
    if isinstance(item, Mapping | list | tuple):
        return json.dumps(_plain(item), ensure_ascii=False)
    return str(item)


def _plain(item: object) -> object:
    """Converts the item to JSON types."""
    if isinstance(item, Mapping):
        return {_text(key): _plain(each) for key, each in item.items()}
    if isinstance(item, list | tuple):
        return [_plain(each) for each in item]
    if isinstance(item, Decimal):
        return float(item)
    is_json = (
        item is None or isinstance(item, int) or (isinstance(item, float) and math.isfinite(item))
    )
    return item if is_json else _text(item)
