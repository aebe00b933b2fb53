"""Reads the CSV files that define users' status and type rules, which precede the built-in ones."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from incorta_loads.config.settings import status_outcomes_path, type_roles_path
from incorta_loads.errors import InvalidSettingError
from incorta_loads.text import encoding_of
from incorta_loads.tree.statuses import ROLES, STATUS_OUTCOMES, compared

_OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs"}


@dataclass(frozen=True)
class _Rules:
    """The format of one kind of rules file.

    Attributes:
        setting: the setting under `[sources.incorta.models]` that names the file.
        name: the name of the rules in errors.
        columns: the required columns; the last one holds the meaning.
        meanings: the values allowed in the last column.
        has_wildcard: whether `*` matches any value in the other columns.
    """

    setting: str
    name: str
    columns: tuple[str, ...]
    meanings: tuple[str, ...]
    has_wildcard: bool

    @property
    def header(self) -> str:
        """The header line of the CSV file."""
        return ",".join(self.columns)


_STATUS_OUTCOMES = _Rules(
    setting="status_outcomes",
    name="status outcomes",
    columns=("state_type", "job_status", "outcome"),
    meanings=STATUS_OUTCOMES,
    has_wildcard=True,
)
_TYPE_ROLES = _Rules(
    setting="type_roles",
    name="type roles",
    columns=("type", "role"),
    meanings=ROLES,
    has_wildcard=False,
)


def configured_status_outcomes() -> list[list[str]]:
    """Returns the rules from the configured file, or an empty list if none is configured.

    Raises:
        InvalidSettingError: the file cannot be read; the error gives the line and the reason.
    """
    path = status_outcomes_path()
    return [] if path is None else read_status_outcomes(path)


def configured_type_roles() -> list[list[str]]:
    """Returns the rules from the configured file, or an empty list if none is configured.

    Raises:
        InvalidSettingError: the file cannot be read; the error gives the line and the reason.
    """
    path = type_roles_path()
    return [] if path is None else read_type_roles(path)


def read_status_outcomes(path: Path) -> list[list[str]]:
    """Returns the rules in a user's CSV file, in order, each (state_type, job_status, outcome).

    The columns may come in any order; other columns are ignored. `*` matches any status.

    Raises:
        InvalidSettingError: the file is not valid; the error gives the line and the reason.
    """
    return _Reader(path, _STATUS_OUTCOMES).lines()


def read_type_roles(path: Path) -> list[list[str]]:
    """Returns the rules in a user's CSV file, in order, each (type, role).

    The columns may come in any order; other columns are ignored. There is no wildcard.

    Raises:
        InvalidSettingError: the file is not valid; the error gives the line and the reason.
    """
    return _Reader(path, _TYPE_ROLES).lines()


class _Reader:
    """Reads one comma-separated rules file in UTF-8, or in UTF-16 with a byte-order mark."""

    def __init__(self, path: Path, rules: _Rules) -> None:
        self._path = path
        self._rules = rules

    def lines(self) -> list[list[str]]:
        first_seen: dict[tuple[str, ...], int] = {}
        lines = []
        for number, record in self._records(self._text()):
            line = self._checked(number, record)
            key = tuple(map(compared, line[:-1]))
            if key in first_seen:
                raise self._refused(number, f"repeats the {_shown(key)} of line {first_seen[key]}")
            first_seen[key] = number
            lines.append(line)
        return lines

    def _text(self) -> str:
        try:
            content = self._path.read_bytes()
        except OSError as error:
            setting = self._rules.setting
            raise InvalidSettingError(
                f"The file of {self._rules.name} '{self._path}' cannot be read ({error.strerror}); "
                f"set {setting} under [sources.incorta.models] to a CSV file."
            ) from None
        encoding = encoding_of(content)
        name = {"utf-16": "UTF-16", "utf-8-sig": "UTF-8"}[encoding]
        try:
            return content.decode(encoding)
        except UnicodeDecodeError as error:
            before = error.object[: error.start].decode(encoding, "replace")
            raise self._refused(before.count("\n") + 1, f"is not {name}") from None

    def _records(self, text: str) -> Iterator[tuple[int, dict[str, str]]]:
        """Yields each line number with its record by header name; blank lines are skipped."""
        self._check_separator(text)
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        header: Sequence[str] | None = None
        while True:
            number = reader.line_num + 1
            try:
                fields = next(reader, None)
            except csv.Error as error:
                raise self._refused(number, f"is not CSV ({error})") from None
            if fields is None:
                break
            if not any(field.strip() for field in fields):
                continue
            if header is None:
                header = [field.strip() for field in fields]
                self._check_header(number, header)
            elif len(fields) != len(header):
                raise self._refused(
                    number, f"has {len(fields)} fields, but the header has {len(header)}"
                )
            else:
                yield number, dict(zip(header, fields, strict=True))
        if header is None:
            raise self._refused(
                1, f"must be the header {self._rules.header}, but the file is empty"
            )

    def _check_separator(self, text: str) -> None:
        """Rejects a header whose columns are separated by something other than commas."""
        lines = enumerate(text.splitlines(), 1)
        number, line = next(((number, line) for number, line in lines if line.strip()), (1, ""))
        if self._columns_in(line, ","):
            return
        for separator, name in _OTHER_SEPARATORS.items():
            if separator in line and self._columns_in(line, separator):
                raise self._refused(number, f"separates its fields with {name}; use commas")

    def _columns_in(self, line: str, separator: str) -> set[str]:
        fields = {field.strip(' "') for field in line.strip().split(separator)}
        return fields & set(self._rules.columns)

    def _check_header(self, number: int, header: Sequence[str]) -> None:
        for name in self._rules.columns:
            if header.count(name) != 1:
                what = "lacks" if name not in header else "repeats"
                raise self._refused(
                    number, f"{what} the column {name}; the header is {self._rules.header}"
                )

    def _checked(self, number: int, record: dict[str, str]) -> list[str]:
        line = [record[name] for name in self._rules.columns]
        if any("\0" in field for field in line):
            raise self._refused(number, "contains the character U+0000")
        line[-1] = line[-1].strip()
        if line[-1] not in self._rules.meanings:
            allowed = ", ".join(self._rules.meanings)
            raise self._refused(
                number,
                f"has the {self._rules.columns[-1]} {line[-1]!r}, which must be one of {allowed}",
            )
        if not self._rules.has_wildcard and "*" in map(compared, line):
            raise self._refused(
                number,
                f"has the {self._rules.columns[0]} '*', which is not a wildcard; list each value",
            )
        return line

    def _refused(self, line: int, reason: str) -> InvalidSettingError:
        return InvalidSettingError(
            f"Line {line} of the {self._rules.name} '{self._path}' {reason}; nothing was changed."
        )


def _shown(key: tuple[str, ...]) -> str:
    return f"pair {key}" if len(key) > 1 else f"type {key[0]!r}"
