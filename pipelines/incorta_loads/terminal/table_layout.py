"""Lays out cells as lines of a table for people, in time linear in the number of cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, chop_cells

LEAST_TEXT_WIDTH = 12
"""A text is never cropped to fewer cells."""

_GAP = 2  # blanks between two columns


@dataclass(frozen=True)
class CellColumn:
    """One column of printable texts.

    Attributes:
        heading: heading of the column.
        cells: one cell for each row.
        is_number: whether to align the column to the right and never crop it.
        is_code: whether the cells are values to search for, which are never cropped.
    """

    heading: str
    cells: Sequence[str]
    is_number: bool = False
    is_code: bool = False


def laid_out(
    columns: Sequence[CellColumn], width: int | None, ellipsis: str = "…"
) -> tuple[str | None, Iterator[str]]:
    """Returns the heading of a table, and one line for each row.

    If a line does not fit, the middle of its longest texts is left out. If that is not enough, each
    row is a record: one line for each of its columns, and an empty line between two records. There
    is no heading then.

    Args:
        columns: at least one column, all of the same length.
        width: width of the terminal in cells. If None, nothing is cropped.
        ellipsis: one character that stands for what is left out.
    """
    widths = _widths(columns, width)
    if width is not None and sum(widths) + _GAP * (len(widths) - 1) > width:
        return None, _records(columns)
    padded = [
        _padded(column, taken, ellipsis) for column, taken in zip(columns, widths, strict=True)
    ]
    heading, *lines = map(_line, zip(*padded, strict=True))
    return heading, iter(lines)


def _widths(columns: Sequence[CellColumn], width: int | None) -> list[int]:
    """Returns the width of each column, that of its widest cell if the line fits.

    If it does not fit, the texts share the width that numbers and codes leave.
    """
    natural = [max(map(_cell_len, {column.heading, *column.cells})) for column in columns]
    if width is None:
        return natural
    are_whole = [column.is_number or column.is_code for column in columns]
    texts = [each for each, is_whole in zip(natural, are_whole, strict=True) if not is_whole]
    taken = sum(natural) - sum(texts) + _GAP * (len(columns) - 1)
    most = max(LEAST_TEXT_WIDTH, _shared(texts, width - taken))
    return [
        each if is_whole else min(each, most)
        for each, is_whole in zip(natural, are_whole, strict=True)
    ]


def _shared(widths: Sequence[int], room: int) -> int:
    """Returns the maximum width at which all columns fit into the room; the widest shrink first."""
    limit = 0
    for index, each in enumerate(sorted(widths)):
        limit = room // (len(widths) - index)
        if each > limit:
            return limit
        room -= each
    return max(widths, default=limit)


def _records(columns: Sequence[CellColumn]) -> Iterator[str]:
    width = max(_cell_len(column.heading) for column in columns) + _GAP
    headings = [column.heading + " " * (width - _cell_len(column.heading)) for column in columns]
    for number, cells in enumerate(zip(*(column.cells for column in columns), strict=True)):
        if number:
            yield ""
        for heading, cell in zip(headings, cells, strict=True):
            yield f"{heading}{cell}".rstrip(" ")


def _padded(column: CellColumn, width: int, ellipsis: str) -> list[str]:
    """Returns the heading and the cells of a column, all with this width."""

    def padded(cell: str) -> str:
        taken = _cell_len(cell)
        if taken > width:
            cell = _cropped(cell, width, ellipsis)
            taken = _cell_len(cell)
        blanks = " " * (width - taken)
        return blanks + cell if column.is_number else cell + blanks

    texts = [column.heading, *column.cells]
    of_text = {text: padded(text) for text in set(texts)}  # few values occur often
    return [of_text[text] for text in texts]


def _line(cells: Sequence[str]) -> str:
    return (" " * _GAP).join(cells).rstrip(" ")


def _cropped(text: str, width: int, ellipsis: str) -> str:
    """Returns the beginning and the end of a text, as names often differ only in their end."""
    end = (width - 1) // 2
    beginning = chop_cells(text, width - 1 - end)[0]
    return beginning + ellipsis + chop_cells(text[::-1], end)[0][::-1]


def _cell_len(text: str) -> int:
    """Returns the number of terminal cells that a printable text takes."""
    return len(text) if text.isascii() else cell_len(text)
