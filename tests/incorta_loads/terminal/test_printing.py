"""Rules for printing rows to stdout."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import FrameType
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incorta_loads.analysis.rows import Rows
from incorta_loads.choices import Format
from incorta_loads.terminal.printing import (
    number,
    print_json,
    print_line,
    print_rows,
    rate,
    rate_with_interval,
    value,
)

Printed = pytest.CaptureFixture[str]

AT = datetime(2026, 11, 23, 21, 43, 45, 123456, tzinfo=UTC)
NASTY = "[bold]a[/] :smile:\x1b[31m\n\u202e\x9b\ttab\x00é漢"

MIXED = Rows(
    ["name", "errors", "rate", "ok", "at"],
    [
        {"name": "Sales, EU", "errors": 12, "rate": 0.5, "ok": True, "at": AT},
        {"name": None, "errors": None, "rate": None, "ok": None, "at": None},
        {"name": "", "errors": 0, "rate": 1e-09, "ok": False, "at": AT.replace(microsecond=0)},
    ],
)


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sets the default terminal width of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")


def rows_of(*rows: dict[str, Any]) -> Rows:
    return Rows(list(rows[0]), list(rows))


# --- CSV -----------------------------------------------------------------------------------------


def test_csv_has_all_columns_unchanged(capsys: Printed) -> None:
    """NULL is an empty field and an empty text a quoted one."""
    print_rows(MIXED, Format.CSV, columns=[value("name")], title="unused")
    assert capsys.readouterr().out == (
        "name,errors,rate,ok,at\n"
        '"Sales, EU",12,0.5,true,2026-11-23T21:43:45.123456+00:00\n'
        ",,,,\n"
        '"",0,1e-09,false,2026-11-23T21:43:45+00:00\n'
    )


def test_csv_without_rows_has_its_heading(capsys: Printed) -> None:
    """The heading shows the columns."""
    print_rows(Rows(["a", 'b"c'], []), Format.CSV)
    assert capsys.readouterr().out == 'a,"b""c"\n'


def test_csv_of_one_column_has_no_blank_line(capsys: Printed) -> None:
    """Readers would skip a blank line."""
    print_rows(rows_of({"a": None}, {"a": ""}, {"a": "b"}), Format.CSV)
    assert capsys.readouterr().out == 'a\n""\n""\nb\n'


def test_csv_of_binary_and_nested_values(capsys: Printed) -> None:
    """Bytes have DuckDB's text form, and nested values are JSON."""
    row = {"body": b"a\xff\n", "list": [AT, None, Decimal("1.5")], "map": {date(2026, 1, 2): True}}
    print_rows(rows_of(row), Format.CSV)
    assert capsys.readouterr().out == (
        "body,list,map\n"
        '"a\\xff\n","[""2026-11-23T21:43:45.123456+00:00"", null, 1.5]","{""2026-01-02"": true}"\n'
    )


cells = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    ["\r", "\n", "a\rb", '"', ",", "a,b", " a ", "=1+1", "\r\n"]
)


@given(st.lists(st.lists(cells, min_size=2, max_size=2), max_size=4))
def test_csv_is_parsed_back_unchanged(texts: list[list[str]]) -> None:
    """Texts may contain quotation marks, commas and any line breaks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", stdout := io.StringIO())
        print_rows(
            Rows(["a", "b"], [dict(zip("ab", row, strict=True)) for row in texts]), Format.CSV
        )
    read = list(csv.reader(io.StringIO(stdout.getvalue(), newline="")))
    assert read == [["a", "b"], *texts]


# --- JSON ----------------------------------------------------------------------------------------


def test_json_keeps_types(capsys: Printed) -> None:
    """Numbers, booleans and NULL keep their types, and times are ISO 8601."""
    print_rows(MIXED, Format.JSON, columns=[value("name")], title="unused")
    assert capsys.readouterr().out == (
        "[\n"
        "  {\n"
        '    "name": "Sales, EU",\n'
        '    "errors": 12,\n'
        '    "rate": 0.5,\n'
        '    "ok": true,\n'
        '    "at": "2026-11-23T21:43:45.123456+00:00"\n'
        "  },\n"
        "  {\n"
        '    "name": null,\n'
        '    "errors": null,\n'
        '    "rate": null,\n'
        '    "ok": null,\n'
        '    "at": null\n'
        "  },\n"
        "  {\n"
        '    "name": "",\n'
        '    "errors": 0,\n'
        '    "rate": 1e-09,\n'
        '    "ok": false,\n'
        '    "at": "2026-11-23T21:43:45+00:00"\n'
        "  }\n"
        "]\n"
    )


@pytest.mark.parametrize(
    ("item", "text"),
    [
        (2**100, "1267650600228229401496703205376"),
        (Decimal("1.50"), "1.5"),
        (Decimal(7), "7.0"),
        (float("nan"), '"nan"'),
        (float("inf"), '"inf"'),
        (float("-inf"), '"-inf"'),
        (date(2026, 1, 2), '"2026-01-02"'),
        (timedelta(days=1, seconds=2), '"1 day, 0:00:02"'),
        (UUID(int=7), '"00000000-0000-0000-0000-000000000007"'),
        (b"a\xff", '"a\\\\xff"'),
        ("漢é\x1b\u2028", '"漢é\\u001b\u2028"'),
        ({"a": 1, 2: None}, '{\n  "a": 1,\n  "2": null\n}'),
        ((1, [AT]), '[\n  1,\n  [\n    "2026-11-23T21:43:45.123456+00:00"\n  ]\n]'),
        ([], "[]"),
    ],
)
def test_json_of_each_kind_of_value(capsys: Printed, item: object, text: str) -> None:
    """All DuckDB types work, also nested; numbers that JSON does not have become strings."""
    print_json(item)
    printed = capsys.readouterr().out
    assert printed == text + "\n"
    json.loads(printed, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))


def test_json_without_rows_is_an_empty_list(capsys: Printed) -> None:
    """The output is not empty."""
    print_rows(Rows(["a"], []), Format.JSON)
    assert capsys.readouterr().out == "[]\n"


# --- Tables --------------------------------------------------------------------------------------


def test_a_table_formats_each_type(capsys: Printed) -> None:
    """Numbers are right-aligned, NULL is a dash, times have seconds, and lines have no trailing
    blanks."""
    print_rows(MIXED, Format.TABLE, title="What there is")
    assert capsys.readouterr().out.splitlines() == [
        "What there is",
        "name       errors   rate     ok  at",
        "Sales, EU      12    0.5   true  2026-11-23T21:43:45+00:00",
        "–               –      –      –  –",
        "                0  1e-09  false  2026-11-23T21:43:45+00:00",
    ]


def test_a_table_shows_the_requested_columns(capsys: Printed) -> None:
    """They have their headings and order; shares are percentages with their intervals."""
    found = rows_of(
        {"t": "a", "n": 3, "r": 0.123456, "r_low": 0.0, "r_high": 1.0, "more": 1},
        {"t": None, "n": None, "r": None, "r_low": None, "r_high": None, "more": 1},
        {"t": "b", "n": 0, "r": 0.0, "r_low": 0.0, "r_high": 0.00049, "more": 1},
    )
    columns = [
        number("n", "runs"),
        value("t"),
        rate("r", "failed"),
        rate_with_interval("r", "rate"),
    ]
    print_rows(found, Format.TABLE, columns=columns)
    assert capsys.readouterr().out.splitlines() == [
        "runs  t  failed                rate",
        "   3  a  12.3 %  12.3 % (0.0–100.0)",
        "   –  –       –                   –",
        "   0  b   0.0 %     0.0 % (0.0–0.0)",
    ]


def test_headings_are_names_without_underscores(capsys: Printed) -> None:
    """Other headings may be given; without a choice of columns all are shown in order."""
    found = rows_of({"load_plan": "a", "last_id": 1})
    print_rows(found, Format.TABLE, columns=[value("load_plan"), number("last_id")])
    print_rows(found, Format.TABLE)
    assert capsys.readouterr().out.splitlines() == [
        "load plan  last id",
        "a                1",
        "load_plan  last_id",
        "a                1",
    ]


def test_a_table_without_rows_has_a_note(capsys: Printed) -> None:
    """The title is followed by a note that there are no rows."""
    print_rows(Rows(["a", "b"], []), Format.TABLE, title="Nothing")
    assert capsys.readouterr().out == "Nothing\nNo rows.\n"


def test_nothing_in_a_table_is_markup_or_moves_the_cursor(capsys: Printed) -> None:
    """Brackets are kept and control characters escaped in cells, headings and titles."""
    print_rows(rows_of({NASTY: NASTY}), Format.TABLE, title=NASTY)
    shown = "[bold]a[/] :smile:\\x1b[31m\\n\\u202e\\x9b\\ttab\\x00é漢"
    assert capsys.readouterr().out == f"{shown}\n{shown}\n{shown}\n"


def test_in_a_pipe_each_row_is_one_line(capsys: Printed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the row's length nor a width in the environment matters."""
    monkeypatch.setenv("COLUMNS", "20")
    print_rows(rows_of({"name": "x" * 150, "more": "y" * 150, "a": 1}), Format.TABLE)
    heading, line = capsys.readouterr().out.splitlines()
    assert line == f"{'x' * 150}  {'y' * 150}  1"
    assert heading == f"{'name':150}  {'more':150}  a"


def test_wide_characters_keep_the_columns_aligned(capsys: Printed) -> None:
    """A wide character takes two cells."""
    print_rows(rows_of({"a": "漢字", "b": "x"}, {"a": "abcd", "b": "y"}), Format.TABLE)
    assert capsys.readouterr().out.splitlines() == ["a     b", "漢字  x", "abcd  y"]


def calls(print_all: Callable[[], None]) -> int:
    """The number of Python calls, which grows with the work and not with the machine's load."""
    count = 0

    def count_calls(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(count_calls)
    try:
        print_all()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("character", ["x", "漢"])
def test_the_cost_of_a_table_does_not_grow_with_its_width(capsys: Printed, character: str) -> None:
    """Ten times longer texts take no more work, ten times more rows ten times the work."""

    def cost(rows: int, characters: int) -> int:
        texts = [{"a": character * characters, "b": character * characters, "n": 1}] * rows
        return calls(lambda: print_rows(rows_of(*texts), Format.TABLE))

    narrow = cost(100, 20)
    assert cost(100, 200) < 1.1 * narrow
    assert cost(1_000, 20) < 11 * narrow


def test_the_cost_of_a_long_cell_depends_on_the_shown_part(capsys: Printed) -> None:
    """A cell of a megabyte is cut before its width is measured."""
    rows = rows_of({"a": "漢" * 1_000_000})
    assert calls(lambda: print_rows(rows, Format.TABLE)) < 2_000


def test_the_cost_of_a_table_grows_linearly_with_its_columns(capsys: Printed) -> None:
    """2,000 columns take twice the work of 1,000."""

    def cost(columns: int) -> int:
        rows = rows_of({f"c{number}": "x" for number in range(columns)})
        return calls(lambda: print_rows(rows, Format.TABLE))

    assert cost(2_000) < 2.2 * cost(1_000)


# --- Lines ---------------------------------------------------------------------------------------


def test_a_line_is_never_wrapped(capsys: Printed) -> None:
    """Line breaks and other control characters are escaped, and long lines are not wrapped."""
    print_line("x" * 200 + NASTY)
    assert capsys.readouterr().out == (
        "x" * 200 + "[bold]a[/] :smile:\\x1b[31m\\n\\u202e\\x9b\\ttab\\x00é漢\n"
    )


def test_styles_are_used_on_terminals_only(capsys: Printed) -> None:
    """In a pipe, a line is plain text."""
    print_line("failed", "bold red")
    assert capsys.readouterr().out == "failed\n"


def test_long_texts_are_shortened_in_tables_only(capsys: Printed) -> None:
    """Tables show 200 characters from the beginning and end; CSV and JSON have the whole text."""
    text = "a" * 200_000 + "z"
    print_rows(rows_of({"name": text, "short": "b" * 200}), Format.TABLE)
    shown = "".join(capsys.readouterr().out.split())
    assert shown.count("a") == 100 + 98 + 1  # plus the one in the heading
    assert shown.count("b") == 200
    assert "a…a" in shown
    print_rows(rows_of({"name": text}), Format.CSV)
    assert capsys.readouterr().out == f"name\n{text}\n"
    print_rows(rows_of({"name": text}), Format.JSON)
    assert json.loads(capsys.readouterr().out) == [{"name": text}]


@pytest.mark.parametrize("form", [Format.CSV, Format.JSON])
def test_csv_and_json_are_utf_8_on_any_terminal(
    monkeypatch: pytest.MonkeyPatch, form: Format
) -> None:
    """This includes systems with ASCII only, as under cron."""
    written = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written, "ascii", write_through=True))
    print_rows(Rows(["name"], [{"name": "Größe 漢"}]), form)
    assert "Größe 漢" in written.getvalue().decode()
