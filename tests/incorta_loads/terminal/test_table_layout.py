"""Rules for the layout of tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from incorta_loads.terminal.table_layout import CellColumn, laid_out


def lines(*columns: CellColumn, width: int | None) -> list[str]:
    return "\n".join(laid_out(columns, width)).split("\n")


def numbers(heading: str, *cells: str) -> CellColumn:
    return CellColumn(heading, cells, is_number=True)


def texts(heading: str, *cells: str) -> CellColumn:
    return CellColumn(heading, cells)


def test_a_table_that_fits_has_one_line_per_row() -> None:
    """Numbers are right-aligned, columns two blanks apart, and lines have no trailing blanks."""
    columns = [texts("name", "a", "long one"), numbers("n", "1", "200"), texts("z", "", "y")]
    expected = ["name        n  z", "a           1", "long one  200  y"]
    assert lines(*columns, width=16) == expected
    assert lines(*columns, width=None) == expected


def test_without_a_width_no_cell_is_wrapped() -> None:
    """A pipe has no width."""
    assert lines(texts("a", "x" * 1_000), texts("b", "y"), width=None)[1] == "x" * 1_000 + "  y"


def test_long_texts_are_wrapped_and_numbers_are_not() -> None:
    """Every character is shown, and no line is wider than the terminal."""
    columns = [texts("name", "x" * 100), numbers("a", "1" * 15), numbers("b", "2" * 14)]
    assert lines(*columns, width=80) == [
        f"name{' ' * 43}  {'a':>15}  {'b':>14}",
        f"{'x' * 47}  {'1' * 15}  {'2' * 14}",
        "x" * 47,
        "x" * 6,
    ]


def test_numbers_are_never_wrapped() -> None:
    """If they do not fit, lines are wider than the terminal, which wraps them."""
    columns = [texts("name", "x" * 15), numbers("a", "123456789012"), numbers("b", "987654321")]
    assert lines(*columns, width=20) == [
        "name             a          b",
        "xxxx  123456789012  987654321",
        "xxxx",
        "xxxx",
        "xxx",
    ]


def test_the_widest_columns_shrink_first() -> None:
    """A narrow column keeps its width; wide columns share the remaining space."""
    columns = [texts("a", "x" * 40), texts("b", "y" * 5), texts("c", "z" * 60)]
    assert lines(*columns, width=49)[1] == f"{'x' * 20}  yyyyy  {'z' * 20}"


def test_headings_are_wrapped_too() -> None:
    """A long heading takes no space from other columns."""
    assert lines(texts("x" * 20, "a"), texts("b", "c"), width=13) == [
        *("x" * 10 + "  b", "x" * 10),
        "a           c",
    ]


def test_wide_characters_are_never_split() -> None:
    """A wide character that does not fit moves to the next line."""
    assert lines(texts("a", "漢字漢字"), texts("b", "x"), width=8) == [
        *("a      b", "漢字   x", "漢字"),
    ]


anything = st.text(st.characters(exclude_categories=["C", "M", "Z"]), max_size=30)


@given(st.lists(st.tuples(anything, anything), min_size=1, max_size=5), st.integers(10, 80))
def test_no_text_is_lost_and_no_line_is_too_long(rows: list[tuple[str, str]], width: int) -> None:
    """The rule holds for any characters."""
    left, right = zip(*rows, strict=True)
    shown = lines(texts("a", *left), texts("b", *right), width=width)
    assert max(map(cell_len, shown)) <= width
    expected = sorted("ab" + "".join(left) + "".join(right))
    assert sorted("".join(shown).replace(" ", "")) == expected


@pytest.mark.parametrize("width", [None, 10])
def test_cells_without_characters_keep_their_row(width: int | None) -> None:
    """An empty cell is shown as an empty line."""
    assert lines(texts("a", "", "b", ""), width=width) == ["a", "", "b", ""]
