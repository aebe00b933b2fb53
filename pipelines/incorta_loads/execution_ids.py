"""Execution ids as people write them ("1-500,720") and as the program walks them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from incorta_loads.errors import InvalidIdsError

HIGHEST_ID = 2**63 - 1
"""The warehouse stores ids as 64-bit integers."""

MOST_IDS = 10_000_000
"""More ids than this in one request is taken for a typing error."""

_RANGE = re.compile(r"\s*([0-9]+)\s*(?:-\s*([0-9]+)\s*)?", re.ASCII)


@dataclass(frozen=True)
class ExecutionIds:
    """A set of execution ids, kept as ranges so that a long one costs no memory.

    Attributes:
        ranges: disjoint (first, last) pairs in ascending order, both ends included.
    """

    ranges: tuple[tuple[int, int], ...] = ()

    @classmethod
    def parse(cls, text: str) -> ExecutionIds:
        """Reads `1-500,720`: single ids and ranges, both ends included, in any order.

        Raises:
            InvalidIdsError: with the part that cannot be read and the reason.
        """
        parts = text.split(",")
        ids = cls.of_ranges(_parse_range(part) for part in parts)
        if len(ids) > MOST_IDS:
            raise InvalidIdsError(
                f"'{_shortened(text)}' names {_count(ids):,} ids; at most {MOST_IDS:,} can be "
                "asked for at once, so split the range."
            )
        return ids

    @classmethod
    def of(cls, ids: Iterable[int]) -> ExecutionIds:
        """The set of the given ids."""
        return cls.of_ranges((each, each) for each in ids)

    @classmethod
    def of_ranges(cls, ranges: Iterable[tuple[int, int]]) -> ExecutionIds:
        """The set of all ids in the given (first, last) pairs, both ends included."""
        merged: list[tuple[int, int]] = []
        for first, last in sorted(ranges):
            if merged and first <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(merged[-1][1], last))
            else:
                merged.append((first, last))
        return cls(tuple(merged))

    def __iter__(self) -> Iterator[int]:
        """The ids in ascending order."""
        for first, last in self.ranges:
            yield from range(first, last + 1)

    def __len__(self) -> int:
        return min(_count(self), HIGHEST_ID)

    def __str__(self) -> str:
        """The shortest text that parses to this set."""
        return ",".join(
            str(first) if first == last else f"{first}-{last}" for first, last in self.ranges
        )


def parse_id(text: str) -> int:
    """One execution id.

    Raises:
        InvalidIdsError: when it is no id, or more than one.
    """
    first, last = _parse_range(text)
    if first != last:
        raise InvalidIdsError(f"'{_shortened(text)}' is more than one execution id; name one.")
    return first


def _count(ids: ExecutionIds) -> int:
    return sum(last - first + 1 for first, last in ids.ranges)


def _parse_range(part: str) -> tuple[int, int]:
    match = _RANGE.fullmatch(part)
    if match is None:
        raise InvalidIdsError(
            f"'{_shortened(part)}' is not an execution id; ids are whole numbers, "
            "written as single ids and ranges: --ids 1-500,720."
        )
    first, last = match[1], match[2] or match[1]
    if max(len(first.lstrip("0")), len(last.lstrip("0"))) > len(str(HIGHEST_ID)) or (
        int(last) > HIGHEST_ID or int(first) > HIGHEST_ID
    ):
        raise InvalidIdsError(
            f"'{_shortened(part)}' is beyond the largest id there can be ({HIGHEST_ID})."
        )
    if int(first) > int(last):
        raise InvalidIdsError(f"'{part.strip()}' ends before it begins; write {last}-{first}.")
    return int(first), int(last)


def _shortened(text: str, most: int = 60) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
