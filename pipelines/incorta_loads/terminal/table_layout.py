"""Lays out cells as lines of a table for people, in time linear in the number of cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, chop_cells

LEAST_TEXT_WIDTH = 4
"""Minimum width of a folded text column in cells, even if lines exceed the terminal."""

_GAP = 2  # blanks between two columns


@dataclass(frozen=True)
class CellColumn:
    """One column of printable texts.

    Attributes:
        heading: heading of the column.
        cells: one cell for each row.
        is_number: whether to align the column to the right and never fold it.
    """

    heading: str
    cells: Sequence[str]
    is_number: bool = False


def laid_out(columns: Sequence[CellColumn], width: int | None) -> Iterator[str]:
    """Yields the heading of a table and then its rows.

    Each row is one line, or several if it does not fit. Lines have no trailing blanks.

    Args:
        columns: at least one column, all of the same length.
        width: width of the terminal in cells. If None, each row is one line of any length.
    """
    widths = _widths(columns, width)
    yield _row([column.heading for column in columns], columns, widths)
    for cells in zip(*(column.cells for column in columns), strict=True):
        yield _row(cells, columns, widths)


def _widths(columns: Sequence[CellColumn], width: int | None) -> list[int]:
    """Returns the width of each column, that of its widest cell if the line fits.

    If it does not fit, the text columns share the width that the numeric columns leave.
    """
    natural = [max(_cell_len(column.heading), *map(_cell_len, column.cells)) for column in columns]
    if width is None:
        return natural
    texts = [each for each, column in zip(natural, columns, strict=True) if not column.is_number]
    taken = sum(natural) - sum(texts) + _GAP * (len(columns) - 1)
    most = max(LEAST_TEXT_WIDTH, _shared(texts, width - taken))
    return [
        each if column.is_number else min(each, most)
        for each, column in zip(natural, columns, strict=True)
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


def _row(cells: Sequence[str], columns: Sequence[CellColumn], widths: Sequence[int]) -> str:
    blocks = list(map(_block, cells, columns, widths))
    return "\n".join(
        _line(blocks, number, widths).rstrip(" ") for number in range(max(map(len, blocks)))
    )


def _line(blocks: Sequence[Sequence[str]], number: int, widths: Sequence[int]) -> str:
    return (" " * _GAP).join(
        block[number] if number < len(block) else " " * width
        for block, width in zip(blocks, widths, strict=True)
    )


def _block(cell: str, column: CellColumn, width: int) -> list[str]:
    """Returns the lines of one cell, each padded to the width of its column."""
    taken = _cell_len(cell)
    if taken > width:
        return [part + " " * (width - _cell_len(part)) for part in chop_cells(cell, width)]
    blanks = " " * (width - taken)
    return [blanks + cell if column.is_number else cell + blanks]


def _cell_len(text: str) -> int:
    """Returns the number of terminal cells that a printable text takes."""
    return len(text) if text.isascii() else cell_len(text)
