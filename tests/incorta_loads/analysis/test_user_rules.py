"""Rules for the CSV files in which users define statuses and types."""

from __future__ import annotations

from pathlib import Path

import pytest

from incorta_loads.analysis.user_rules import read_status_outcomes, read_type_roles
from incorta_loads.errors import InvalidSettingError
from incorta_loads.tree.statuses import ROLES, STATUS_OUTCOMES

HEADER = "state_type,job_status,outcome\n"
TYPES_HEADER = "type,role\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outcomes.csv"


def test_lines_are_returned_unchanged_and_in_order(path: Path) -> None:
    """CSV quoting is resolved; normalization for comparison is left to SQL."""
    path.write_text(HEADER + ' Odd State ,"Parked, ""for now""",skipped\n*,Done,success\n')
    assert read_status_outcomes(path) == [
        [" Odd State ", 'Parked, "for now"', "skipped"],
        ["*", "Done", "success"],
    ]


def test_each_outcome_is_accepted(path: Path) -> None:
    """The file may use all eight outcomes of the analysis."""
    path.write_text(HEADER + "".join(f"*,{each},{each}\n" for each in STATUS_OUTCOMES))
    assert [line[2] for line in read_status_outcomes(path)] == list(STATUS_OUTCOMES)


def test_a_file_saved_by_a_spreadsheet_is_read(path: Path) -> None:
    """It may have a byte-order mark, CRLF, blank lines, reordered columns and a column for
    notes."""
    text = (
        "outcome,comment,job_status,state_type\r\n\r\npartial,asked Ann,Halb fertig ü,*\r\n,,,\r\n"
    )
    path.write_bytes(text.encode("utf-8-sig"))
    assert read_status_outcomes(path) == [["*", "Halb fertig ü", "partial"]]


def test_a_status_may_be_empty_or_have_line_breaks(path: Path) -> None:
    """An empty status matches nodes without a status."""
    path.write_text(HEADER + ',,skipped\n*,"two\nlines",success\n*,a\vb\u2028c,failure\n')
    assert read_status_outcomes(path) == [
        ["", "", "skipped"],
        ["*", "two\nlines", "success"],
        ["*", "a\vb\u2028c", "failure"],
    ]


def test_a_file_with_only_a_header_adds_nothing(path: Path) -> None:
    """A file with only a header is a valid starting point."""
    path.write_text(HEADER)
    assert read_status_outcomes(path) == []


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "must be the header state_type,job_status,outcome, but the file is empty"),
        ("state_type,outcome\n", 1, "lacks the column job_status"),
        (
            "state_type;job_status;outcome\n*;a;success\n",
            1,
            "separates its fields with semicolons; use commas",
        ),
        ('"outcome";"state_type"\n', 1, "separates its fields with semicolons"),
        (
            "\n outcome\tjob_status\tstate_type\tnote, mine\n",
            2,
            "separates its fields with tabs; use commas",
        ),
        ("state;status;outcome,state_type\n", 1, "lacks the column job_status"),
        ("outcome,state_type,job_status,outcome\n", 1, "repeats the column outcome"),
        (HEADER + "*,Parked,skiped\n", 2, "has the outcome 'skiped', which must be one of succ"),
        (HEADER + "*,Parked,Skipped\n", 2, "has the outcome 'Skipped'"),
        (HEADER + "*,a,success\n\n*,Parked\n", 4, "has 2 fields, but the header has 3"),
        (HEADER + "*,a,b,success\n", 2, "has 4 fields, but the header has 3"),
        (
            HEADER + "*,A,success\n*,b,failure\n *,a\t,success\n",
            4,
            "repeats the pair ('*', 'a') of line 2",
        ),
        (HEADER + '*,"two\nlines",success\n*,b,no\n', 4, "has the outcome 'no'"),
        (HEADER + '*,"open,success\n', 2, "is not CSV (unexpected end of data)"),
        (HEADER + "*,a\0b,success\n", 2, "contains the character U+0000"),
        (HEADER + "*,a,success\n*,\udcff,success\n", 3, "is not UTF-8"),
    ],
)
def test_an_invalid_file_is_refused_with_line_and_reason(
    path: Path, text: str, line: int, reason: str
) -> None:
    """No line of an invalid file is used."""
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(InvalidSettingError) as caught:
        read_status_outcomes(path)
    assert str(caught.value).startswith(f"Line {line} of the status outcomes '{path}' ")
    assert reason in str(caught.value)


def test_a_missing_file_is_named(path: Path) -> None:
    """The error also names the setting."""
    with pytest.raises(InvalidSettingError, match="No such file or directory") as caught:
        read_status_outcomes(path)
    assert "status_outcomes under [sources.incorta.models]" in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("order", ["le", "be"])
def test_the_byte_order_mark_sets_the_encoding(path: Path, encoding: str, order: str) -> None:
    """UTF-8 needs no byte-order mark; UTF-16 of either byte order does."""
    text = HEADER + "*,Halb fertig ü €,partial\n"
    if encoding == "utf-16":
        path.write_bytes(f"\ufeff{text}".encode(f"utf-16-{order}"))
    else:
        path.write_bytes(text.encode(encoding))
    assert read_status_outcomes(path) == [["*", "Halb fertig ü €", "partial"]]


def test_truncated_utf_16_is_refused_with_its_line(path: Path) -> None:
    """It is reported like invalid UTF-8."""
    path.write_bytes((HEADER + "*,a,success\n*,b").encode("utf-16") + b"\0")
    with pytest.raises(InvalidSettingError, match=r"^Line 3 of .* is not UTF-16; nothing was"):
        read_status_outcomes(path)


def test_each_role_is_accepted(path: Path) -> None:
    """Types are returned unchanged and in order; an empty type matches nodes without a type."""
    path.write_text("role,type\n" + "".join(f"{each}, My {each}\t\n" for each in ROLES) + "none,\n")
    assert read_type_roles(path) == [*([f" My {each}\t", each] for each in ROLES), ["", "none"]]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "must be the header type,role, but the file is empty"),
        ("type,kind\n", 1, "lacks the column role; the header is type,role"),
        ("type;role\n", 1, "separates its fields with semicolons; use commas"),
        ("type\trole\n", 1, "separates its fields with tabs; use commas"),
        (
            TYPES_HEADER + "VIEW,view\n",
            2,
            "has the role 'view', which must be one of load_plan, group, schema, table, none",
        ),
        (TYPES_HEADER + "View,table\n\n VIEW\t,none\n", 4, "repeats the type 'view' of line 2"),
        (
            TYPES_HEADER + "VIEW,table\n *,none\n",
            3,
            "has the type '*', which is not a wildcard; list",
        ),
    ],
)
def test_an_invalid_file_of_types_is_refused_with_line_and_reason(
    path: Path, text: str, line: int, reason: str
) -> None:
    """The file of types uses the same reader as statuses, with its own messages."""
    path.write_text(text)
    with pytest.raises(InvalidSettingError) as caught:
        read_type_roles(path)
    assert str(caught.value).startswith(f"Line {line} of the type roles '{path}' ")
    assert reason in str(caught.value)


def test_a_missing_file_of_types_is_named(path: Path) -> None:
    """The error also names the setting."""
    with pytest.raises(InvalidSettingError, match=r"^The file of type roles .*No such file"):
        read_type_roles(path)
