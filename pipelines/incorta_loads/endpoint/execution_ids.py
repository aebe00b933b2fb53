"""Sets of execution ids, parsed from text such as "1-500,720" and iterated in ascending order."""

from __future__ import annotations

import operator
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from incorta_loads.errors import InvalidIdsError
from incorta_loads.text import shortened

_MOST_SHOWN = 60

HIGHEST_ID = 2**63 - 1
"""Highest id, because the warehouse stores ids as signed 64-bit integers."""

MOST_IDS = 10_000_000
"""Most ids in one request; a larger number is considered a typing error."""

_RANGE = re.compile(r"\s*([0-9]+)\s*(?:-\s*([0-9]+)\s*)?", re.ASCII)


@dataclass(frozen=True)
class ExecutionIds:
    """A set of execution ids, stored as ranges so that a long range needs no memory.

    Attributes:
        ranges: disjoint (first, last) pairs in ascending order, both ends included.
    """

    ranges: tuple[tuple[int, int], ...] = ()

    @classmethod
    def parse(cls, text: str) -> ExecutionIds:
        """Parses single ids and ranges in any order, such as `1-500,720`; both ends are included.

        Raises:
            InvalidIdsError: a part cannot be read, or there are more than `MOST_IDS` ids. The
                message names the part and the reason.
        """
        parts = text.split(",")
        ids = cls.of_ranges(_parse_range(part) for part in parts)
        if len(ids) > MOST_IDS:
            raise InvalidIdsError(
                f"{_quoted(text)} names {_count(ids):,} ids; at most {MOST_IDS:,} can be "
                "requested at once, so split the range."
            )
        return ids

    @classmethod
    def of(cls, ids: Iterable[int]) -> ExecutionIds:
        """Returns the set of the given ids.

        Raises:
            InvalidIdsError: an id is not a whole number from 0 to `HIGHEST_ID`.
        """
        return cls.of_ranges((each, each) for each in map(_checked, ids))

    @classmethod
    def of_ranges(cls, ranges: Iterable[tuple[int, int]]) -> ExecutionIds:
        """Returns the set of all ids in the given (first, last) pairs, both ends included."""
        merged: list[tuple[int, int]] = []
        for first, last in sorted(ranges):
            if merged and first <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(merged[-1][1], last))
            else:
                merged.append((first, last))
        return cls(tuple(merged))

    def without(self, execution_id: int) -> ExecutionIds:
        """Returns the set without one id."""
        parts = chain.from_iterable(
            [(first, min(last, execution_id - 1)), (max(first, execution_id + 1), last)]
            for first, last in self.ranges
        )
        return self.of_ranges((first, last) for first, last in parts if first <= last)

    def __iter__(self) -> Iterator[int]:
        """Yields the ids in ascending order."""
        for first, last in self.ranges:
            yield from range(first, last + 1)

    def __contains__(self, execution_id: object) -> bool:
        if not isinstance(execution_id, int):
            return False
        place = bisect_right(self.ranges, (execution_id, HIGHEST_ID)) - 1
        return place >= 0 and execution_id <= self.ranges[place][1]

    def __len__(self) -> int:
        return min(_count(self), HIGHEST_ID)

    def __str__(self) -> str:
        """Returns the shortest text that parses to this set."""
        return ",".join(
            str(first) if first == last else f"{first}-{last}" for first, last in self.ranges
        )


def is_id(text: str) -> bool:
    """Returns whether the text is written as an id, or as several."""
    return _RANGE.fullmatch(text) is not None


def parse_id(text: str) -> int:
    """Parses one execution id.

    Raises:
        InvalidIdsError: the text is not an id, or names more than one.
    """
    if not is_id(text):
        raise InvalidIdsError(f"{_quoted(text)} is not an execution id, which is a whole number.")
    first, last = _parse_range(text)
    if first != last:
        raise InvalidIdsError(f"{_quoted(text)} is more than one execution id; name one.")
    return first


def _count(ids: ExecutionIds) -> int:
    return sum(last - first + 1 for first, last in ids.ranges)


def _parse_range(part: str) -> tuple[int, int]:
    match = _RANGE.fullmatch(part)
    if match is None:
        raise InvalidIdsError(
            f"{_quoted(part)} is not an execution id; ids are whole numbers, "
            "written as single ids and ranges: --ids 1-500,720."
        )
    digits = [text.lstrip("0") or "0" for text in (match[1], match[2] or match[1])]
    # Check the length first: Python refuses to convert thousands of digits.
    if any(len(each) > len(str(HIGHEST_ID)) or int(each) > HIGHEST_ID for each in digits):
        raise InvalidIdsError(
            f"{_quoted(part)} is larger than the largest possible id ({HIGHEST_ID})."
        )
    first, last = map(int, digits)
    if first > last:
        raise InvalidIdsError(
            f"{_quoted(part.strip())} ends before it begins; write {last}-{first}."
        )
    return first, last


def _checked(execution_id: int) -> int:
    try:
        number = operator.index(execution_id)
    except TypeError:
        number = -1
    if not 0 <= number <= HIGHEST_ID:
        raise InvalidIdsError(
            f"{shortened(repr(execution_id), _MOST_SHOWN)} is not an execution id; ids are whole "
            f"numbers from 0 to {HIGHEST_ID}."
        )
    return number


def _quoted(text: str) -> str:
    return f"'{shortened(text, _MOST_SHOWN)}'"
