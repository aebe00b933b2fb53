"""Cells → lines of a table for people, at a cost that grows with the number of cells alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, chop_cells

LEAST_TEXT_WIDTH = 4
"""A text column is never folded to less than this, even if lines exceed the terminal."""

_GAP = 2  # between two columns


@dataclass(frozen=True)
class CellColumn:
    """One column of printable texts.

    Attributes:
        heading: its first cell.
        cells: one for each row.
        is_number: aligned to the right, and never folded.
    """

    heading: str
    cells: Sequence[str]
    is_number: bool = False


def laid_out(columns: Sequence[CellColumn], width: int | None) -> Iterator[str]:
    """The heading of a table and then its rows, each one line, or more if it does not fit.

    Lines have no blanks at their ends.

    Args:
        columns: at least one, all of the same length.
        width: of the terminal in cells; None: each row is one line, however long.
    """
    widths = _widths(columns, width)
    yield _row([column.heading for column in columns], columns, widths)
    for cells in zip(*(column.cells for column in columns), strict=True):
        yield _row(cells, columns, widths)


def _widths(columns: Sequence[CellColumn], width: int | None) -> list[int]:
    """As wide as the widest cell; if these do not fit, text columns share what is left."""
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
    """The limit at which the widths fit into the room: the widest shrink first."""
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
    """The lines of one cell, each as wide as its column."""
    taken = _cell_len(cell)
    if taken > width:
        return [part + " " * (width - _cell_len(part)) for part in chop_cells(cell, width)]
    blanks = " " * (width - taken)
    return [blanks + cell if column.is_number else cell + blanks]


def _cell_len(text: str) -> int:
    """How many cells of a terminal a printable text takes."""
    return len(text) if text.isascii() else cell_len(text)
