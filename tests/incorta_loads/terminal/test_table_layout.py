"""Rules for the layout of tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from incorta_loads.terminal.table_layout import CellColumn, laid_out


def lines(*columns: CellColumn, width: int | None) -> list[str]:
    heading, rows = laid_out(columns, width)
    return "\n".join([heading, *rows] if heading is not None else rows).split("\n")


def numbers(heading: str, *cells: str) -> CellColumn:
    return CellColumn(heading, cells, is_number=True)


def texts(heading: str, *cells: str) -> CellColumn:
    return CellColumn(heading, cells)


def codes(heading: str, *cells: str) -> CellColumn:
    return CellColumn(heading, cells, is_code=True)


def test_a_table_that_fits_has_one_line_per_row() -> None:
    """Numbers are right-aligned, columns two blanks apart, and lines have no trailing blanks."""
    columns = [texts("name", "a", "long one"), numbers("n", "1", "200"), texts("z", "", "y")]
    expected = ["name        n  z", "a           1", "long one  200  y"]
    assert lines(*columns, width=16) == expected
    assert lines(*columns, width=None) == expected


def test_without_a_width_no_cell_is_cropped() -> None:
    """A pipe has no width."""
    assert lines(texts("a", "x" * 1_000), texts("b", "y"), width=None)[1] == "x" * 1_000 + "  y"


def test_long_texts_are_cropped_and_numbers_and_codes_are_not() -> None:
    """Beginning and end of a text stay, and the line takes the whole width."""
    columns = [
        texts("name", "x" * 50 + "y" * 50),
        codes("is", "always_failing"),
        numbers("a", "1" * 30),
    ]
    assert lines(*columns, width=80) == [
        f"name{' ' * 28}  {'is':14}  {'a':>30}",
        f"{'x' * 16}…{'y' * 15}  always_failing  {'1' * 30}",
    ]


def test_the_ellipsis_may_be_another_character() -> None:
    """Some terminals have no `…`."""
    columns = [texts("name", "x" * 100), numbers("n", "1")]
    _, rows = laid_out(columns, 20, ellipsis="~")
    assert list(rows) == [f"{'x' * 8}~{'x' * 8}  1"]


def test_the_widest_columns_shrink_first() -> None:
    """A narrow column keeps its width; wide columns share the remaining space."""
    columns = [texts("a", "x" * 40), texts("b", "y" * 5), texts("c", "z" * 60)]
    assert lines(*columns, width=49)[1] == f"{'x' * 10}…{'x' * 9}  yyyyy  {'z' * 10}…{'z' * 9}"


def test_headings_are_cropped_too() -> None:
    """A long heading takes no space from other columns."""
    columns = [texts("x" * 20, "a"), codes("b", "c")]
    assert lines(*columns, width=15) == [f"{'x' * 6}…{'x' * 5}  b", f"a{' ' * 11}  c"]


def test_wide_characters_are_never_split() -> None:
    """If half of a wide character would fit, it is left out."""
    columns = [texts("a", "漢" * 10), codes("b", "x")]
    assert lines(*columns, width=15) == [f"a{' ' * 11}  b", f"{'漢' * 3}…{'漢' * 2}   x"]


def test_a_row_that_cannot_fit_is_a_record() -> None:
    """Each column has a line of its own with the whole value, and records are apart."""
    columns = [texts("name", "x" * 15, "y"), numbers("errors", "12", "3"), codes("is", "on", "off")]
    assert lines(*columns, width=20) == [
        "name    xxxxxxxxxxxxxxx",
        "errors  12",
        "is      on",
        "",
        "name    y",
        "errors  3",
        "is      off",
    ]


anything = st.text(st.characters(exclude_categories=["C", "M", "Z"]), max_size=30)
some_code = st.text("abc_", max_size=20)


@given(st.lists(st.tuples(anything, some_code), min_size=1, max_size=5), st.integers(34, 80))
def test_no_code_is_cropped_and_no_line_is_too_long(
    rows: list[tuple[str, str]], width: int
) -> None:
    """The rule holds for any characters, if the least widths fit; there is one line per row."""
    left, right = zip(*rows, strict=True)
    heading, *shown = lines(texts("a", *left), codes("b", *right), width=width)
    assert heading.split() == ["a", "b"]
    assert max(map(cell_len, shown)) <= width
    assert len(shown) == len(rows)
    assert all(line.endswith(code) for line, code in zip(shown, right, strict=True))


@pytest.mark.parametrize("width", [None, 10])
def test_cells_without_characters_keep_their_row(width: int | None) -> None:
    """An empty cell is shown as an empty line."""
    assert lines(texts("a", "", "b", ""), width=width) == ["a", "", "b", ""]
