"""Rules of the user's file of status outcomes."""

from __future__ import annotations

from pathlib import Path

import pytest

from incorta_loads.errors import InvalidSettingError
from incorta_loads.statuses import OUTCOMES, compared, read_status_outcomes

HEADER = "state_type,job_status,outcome\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outcomes.csv"


def test_lines_come_as_they_stand(path: Path) -> None:
    """Quoted as CSV has it, in their order; what is compared is worked out in SQL."""
    path.write_text(HEADER + ' Odd State ,"Parked, ""for now""",skipped\n*,Done,success\n')
    assert read_status_outcomes(path) == [
        [" Odd State ", 'Parked, "for now"', "skipped"],
        ["*", "Done", "success"],
    ]


def test_each_outcome_may_be_named(path: Path) -> None:
    """The eight of the analysis."""
    path.write_text(HEADER + "".join(f"*,{each},{each}\n" for each in OUTCOMES))
    assert [line[2] for line in read_status_outcomes(path)] == list(OUTCOMES)


def test_a_file_of_a_spreadsheet_is_read(path: Path) -> None:
    """With a byte-order mark, CRLF, blank lines, columns in another order and one for people."""
    text = (
        "outcome,comment,job_status,state_type\r\n\r\npartial,asked Ann,Halb fertig ü,*\r\n,,,\r\n"
    )
    path.write_bytes(text.encode("utf-8-sig"))
    assert read_status_outcomes(path) == [["*", "Halb fertig ü", "partial"]]


def test_a_status_may_be_empty_or_have_lines(path: Path) -> None:
    """An empty one is that of a node without status."""
    path.write_text(HEADER + ',,skipped\n*,"two\nlines",success\n*,a\vb\u2028c,failure\n')
    assert read_status_outcomes(path) == [
        ["", "", "skipped"],
        ["*", "two\nlines", "success"],
        ["*", "a\vb\u2028c", "failure"],
    ]


def test_a_header_alone_adds_nothing(path: Path) -> None:
    """A file to begin with."""
    path.write_text(HEADER)
    assert read_status_outcomes(path) == []


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "must be the header state_type,job_status,outcome, and the file is empty"),
        ("state_type,outcome\n", 1, "lacks the column job_status"),
        ("state_type;job_status;outcome\n", 1, "lacks the column state_type"),
        ("outcome,state_type,job_status,outcome\n", 1, "repeats the column outcome"),
        (HEADER + "*,Parked,skiped\n", 2, "has the outcome 'skiped', which must be one of succ"),
        (HEADER + "*,Parked,Skipped\n", 2, "has the outcome 'Skipped'"),
        (HEADER + "*,a,success\n\n*,Parked\n", 4, "has 2 fields where the header has 3"),
        (HEADER + "*,a,b,success\n", 2, "has 4 fields where the header has 3"),
        (
            HEADER + "*,A,success\n*,b,failure\n *,a\t,success\n",
            4,
            "gives the pair ('*', 'a') of line 2 again",
        ),
        (HEADER + '*,"two\nlines",success\n*,b,no\n', 4, "has the outcome 'no'"),
        (HEADER + '*,"open,success\n', 2, "is not CSV (unexpected end of data)"),
        (HEADER + "*,a\0b,success\n", 2, "contains the character U+0000"),
        (HEADER + "*,a,success\n*,\udcff,success\n", 3, "is not UTF-8"),
    ],
)
def test_a_bad_file_is_refused_with_line_and_reason(
    path: Path, text: str, line: int, reason: str
) -> None:
    """Nothing of it is used."""
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(InvalidSettingError) as caught:
        read_status_outcomes(path)
    assert str(caught.value).startswith(f"Line {line} of the status outcomes '{path}' ")
    assert reason in str(caught.value)


def test_a_file_that_is_not_there_is_named(path: Path) -> None:
    """With the setting that names it."""
    with pytest.raises(InvalidSettingError, match="No such file or directory") as caught:
        read_status_outcomes(path)
    assert "status_outcomes under [sources.incorta.models]" in str(caught.value)


@pytest.mark.parametrize(
    ("status", "expected"),
    [(None, ""), ("\t\n\v\f\r Load State ", "load state"), ("\u00a0İK", "\u00a0İk"), ("ÄB", "Äb")],
)
def test_statuses_are_compared_without_blanks_and_case(status: str | None, expected: str) -> None:
    """Only the blanks and letters of ASCII: engines disagree about the others."""
    assert compared(status) == expected
