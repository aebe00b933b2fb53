"""What statuses mean: how they are compared, and the lines that users add to the built-in ones."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase

from incorta_loads.errors import InvalidSettingError
from incorta_loads.settings import status_outcomes_path

OUTCOMES = (
    *("success", "partial", "failure", "interrupted"),
    *("skipped", "running", "queued", "unknown"),
)
"""What a status can mean."""

COLUMNS = ("state_type", "job_status", "outcome")

_TO_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)


def compared(status: str | None) -> str:
    """A state type or job status as it is compared: no outer blanks, A–Z in lower case."""
    return (status or "").strip("\t\n\v\f\r ").translate(_TO_LOWER)


def configured_status_outcomes() -> list[list[str]]:
    """The lines of the file that the configuration names; none where it names none.

    Raises:
        InvalidSettingError: the file cannot be read, with the line and the reason.
    """
    path = status_outcomes_path()
    return [] if path is None else read_status_outcomes(path)


def read_status_outcomes(path: Path) -> list[list[str]]:
    """The lines of a user's CSV file, in order, each (state_type, job_status, outcome).

    The file is UTF-8 with these three columns by name, in any order; others are for people. `*`
    holds for any status.

    Raises:
        InvalidSettingError: with the line and the reason.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InvalidSettingError(
            f"The file of status outcomes '{path}' cannot be read ({error.strerror}); set "
            "status_outcomes under [sources.incorta.models] to a CSV file."
        ) from None
    except UnicodeDecodeError as error:
        number = error.object.count(b"\n", 0, error.start) + 1
        raise _refused(path, number, "is not UTF-8") from None
    first_seen: dict[tuple[str, str], int] = {}
    lines = []
    for number, record in _records(path, text):
        line = _checked(path, number, record)
        pair = compared(line[0]), compared(line[1])
        if pair in first_seen:
            raise _refused(path, number, f"gives the pair {pair} of line {first_seen[pair]} again")
        first_seen[pair] = number
        lines.append(line)
    return lines


def _records(path: Path, text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number → the fields of its record by the names in the header; blank lines are none."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: Sequence[str] | None = None
    while True:
        number = reader.line_num + 1
        try:
            fields = next(reader, None)
        except csv.Error as error:
            raise _refused(path, number, f"is not CSV ({error})") from None
        if fields is None:
            break
        if not any(field.strip() for field in fields):
            continue
        if header is None:
            header = [field.strip() for field in fields]
            _check_header(path, number, header)
        elif len(fields) != len(header):
            raise _refused(
                path, number, f"has {len(fields)} fields where the header has {len(header)}"
            )
        else:
            yield number, dict(zip(header, fields, strict=True))
    if header is None:
        raise _refused(path, 1, f"must be the header {','.join(COLUMNS)}, and the file is empty")


def _check_header(path: Path, number: int, header: Sequence[str]) -> None:
    for name in COLUMNS:
        if header.count(name) != 1:
            what = "lacks" if name not in header else "repeats"
            raise _refused(
                path, number, f"{what} the column {name}; the header is {','.join(COLUMNS)}"
            )


def _checked(path: Path, number: int, record: dict[str, str]) -> list[str]:
    line = [record[name] for name in COLUMNS]
    if any("\0" in field for field in line):
        raise _refused(path, number, "contains the character U+0000")
    line[2] = line[2].strip()
    if line[2] not in OUTCOMES:
        raise _refused(
            path, number, f"has the outcome {line[2]!r}, which must be one of {', '.join(OUTCOMES)}"
        )
    return line


def _refused(path: Path, line: int, reason: str) -> InvalidSettingError:
    return InvalidSettingError(
        f"Line {line} of the status outcomes '{path}' {reason}; nothing was changed."
    )
