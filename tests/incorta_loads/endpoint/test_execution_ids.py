"""Rules for sets of execution ids: parsing, iteration and text form."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from incorta_loads.endpoint.execution_ids import HIGHEST_ID, MOST_IDS, ExecutionIds, parse_id
from incorta_loads.errors import InvalidIdsError

small = st.integers(0, 60)
near_the_end = st.integers(HIGHEST_ID - 60, HIGHEST_ID)
blanks = st.sampled_from(["", " ", "\t", " \n"])


def ranges(ids: st.SearchStrategy[int]) -> st.SearchStrategy[list[tuple[int, int]]]:
    pairs = st.tuples(ids, ids).map(lambda pair: (min(pair), max(pair)))
    return st.lists(pairs, max_size=8)


some_ranges = st.one_of(ranges(small), ranges(near_the_end))


def members(given_ranges: list[tuple[int, int]]) -> set[int]:
    return {each for first, last in given_ranges for each in range(first, last + 1)}


@given(some_ranges)
def test_iteration_is_in_ascending_order_without_duplicates(
    given_ranges: list[tuple[int, int]],
) -> None:
    """Overlapping, adjacent and repeated ranges give each id once, and the length matches."""
    ids = ExecutionIds.of_ranges(given_ranges)
    assert list(ids) == sorted(members(given_ranges))
    assert len(ids) == len(members(given_ranges))


@given(some_ranges)
def test_equal_sets_are_equal(given_ranges: list[tuple[int, int]]) -> None:
    """Equal sets have the same ranges: disjoint and as few as possible."""
    ids = ExecutionIds.of_ranges(given_ranges)
    assert ids == ExecutionIds.of(members(given_ranges))
    assert hash(ids) == hash(ExecutionIds.of(members(given_ranges)))
    ends = [end for pair in ids.ranges for end in pair]
    assert ends == sorted(ends)
    gaps = zip(ids.ranges, ids.ranges[1:], strict=False)
    assert all(later[0] - earlier[1] > 1 for earlier, later in gaps)


@given(some_ranges.filter(bool))
def test_a_set_is_parsed_back_from_its_text(given_ranges: list[tuple[int, int]]) -> None:
    """`parse(str(ids)) == ids`."""
    ids = ExecutionIds.of_ranges(given_ranges)
    assert ExecutionIds.parse(str(ids)) == ids


@given(some_ranges.filter(bool), st.data())
def test_blanks_and_leading_zeros_are_ignored(
    given_ranges: list[tuple[int, int]], data: st.DataObject
) -> None:
    """Numbers may have blanks around them and leading zeros, in any order."""

    def written(number: int) -> str:
        zeros = "0" * data.draw(st.integers(0, 30))
        return data.draw(blanks) + zeros + str(number) + data.draw(blanks)

    parts = [
        written(first) if first == last else written(first) + "-" + written(last)
        for first, last in given_ranges
    ]
    assert ExecutionIds.parse(",".join(parts)) == ExecutionIds.of_ranges(given_ranges)


def test_the_example_of_the_help() -> None:
    """`1-500,720` is 501 ids, both bounds included."""
    ids = ExecutionIds.parse("1-500,720")
    assert ids.ranges == ((1, 500), (720, 720))
    assert len(ids) == 501
    assert str(ids) == "1-500,720"


def test_the_empty_set_has_no_ids() -> None:
    """It has no ranges, no ids and an empty text."""
    ids = ExecutionIds.of([])
    assert (ids, list(ids), len(ids), str(ids)) == (ExecutionIds(), [], 0, "")


def test_the_largest_possible_id() -> None:
    """Ids go up to 2**63 - 1; leading zeros do not make an id too large."""
    assert list(ExecutionIds.parse("9223372036854775806-9223372036854775807")) == [
        2**63 - 2,
        2**63 - 1,
    ]
    assert list(ExecutionIds.parse("0" * 9000 + "7")) == [7]
    assert len(ExecutionIds.of_ranges([(0, HIGHEST_ID)])) == HIGHEST_ID


def test_a_long_range_takes_no_memory() -> None:
    """Iterating over nine quintillion ids starts immediately."""
    ids = ExecutionIds.of_ranges([(5, HIGHEST_ID)])
    assert list(islice(ids, 3)) == [5, 6, 7]


NO_ID = (
    "is not an execution id; ids are whole numbers, written as single ids and ranges: "
    "--ids 1-500,720."
)
BEYOND = "is larger than the largest possible id (9223372036854775807)."
TOO_MANY = "at most 10,000,000 can be requested at once, so split the range."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", f"'' {NO_ID}"),
        (" ", f"' ' {NO_ID}"),
        (",", f"'' {NO_ID}"),
        ("1,", f"'' {NO_ID}"),
        ("1,,2", f"'' {NO_ID}"),
        ("a", f"'a' {NO_ID}"),
        ("-5", f"'-5' {NO_ID}"),
        ("5-", f"'5-' {NO_ID}"),
        ("1-2-3", f"'1-2-3' {NO_ID}"),
        ("1.5", f"'1.5' {NO_ID}"),
        ("1e3", f"'1e3' {NO_ID}"),
        ("0x1", f"'0x1' {NO_ID}"),
        ("1_000", f"'1_000' {NO_ID}"),
        ("1 2", f"'1 2' {NO_ID}"),
        ("+1", f"'+1' {NO_ID}"),
        ("1–3", f"'1–3' {NO_ID}"),
        ("\u0663", f"'\u0663' {NO_ID}"),
        ("²", f"'²' {NO_ID}"),
        ("1,zwei,3", f"'zwei' {NO_ID}"),
        ("x" * 60, f"'{'x' * 60}' {NO_ID}"),
        ("x" * 61, f"'{'x' * 30}…{'x' * 29}' {NO_ID}"),
        ("9-1", "'9-1' ends before it begins; write 1-9."),
        ("7, 010 - 009 ", "'010 - 009' ends before it begins; write 9-10."),
        ("9223372036854775808", f"'9223372036854775808' {BEYOND}"),
        ("1-9223372036854775808", f"'1-9223372036854775808' {BEYOND}"),
        ("9" * 5000, f"'{'9' * 30}…{'9' * 29}' {BEYOND}"),
        ("0-10000000", f"'0-10000000' names 10,000,001 ids; {TOO_MANY}"),
        (
            "0-9223372036854775807",
            f"'0-9223372036854775807' names 9,223,372,036,854,775,808 ids; {TOO_MANY}",
        ),
    ],
)
def test_an_invalid_part_is_named_with_its_reason(text: str, message: str) -> None:
    """The error shows the invalid part, the reason and a valid form."""
    with pytest.raises(InvalidIdsError) as raised:
        ExecutionIds.parse(text)
    assert str(raised.value) == message


def test_exactly_the_maximum_number_of_ids_is_allowed() -> None:
    """The limit itself may be requested."""
    assert len(ExecutionIds.parse("1-10000000")) == MOST_IDS


@given(st.one_of(small, near_the_end))
def test_one_id_is_parsed_from_its_text(execution_id: int) -> None:
    """`parse_id(str(id)) == id`."""
    assert parse_id(f" {execution_id} ") == execution_id


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1-3", "'1-3' is more than one execution id; name one."),
        ("1,3", "'1,3' is not an execution id, which is a whole number."),
        ("abc", "'abc' is not an execution id, which is a whole number."),
        ("9223372036854775808", f"'9223372036854775808' {BEYOND}"),
    ],
)
def test_anything_but_one_id_is_refused(text: str, message: str) -> None:
    """Several ids, or none, are refused."""
    with pytest.raises(InvalidIdsError) as raised:
        parse_id(text)
    assert str(raised.value) == message


def test_integers_of_other_libraries_are_accepted() -> None:
    """Integers from a data frame are valid ids."""
    ids = ExecutionIds.of(np.array([3, 1, 2], np.int64))
    assert (ids.ranges, [type(each) for each in ids]) == (((1, 3),), [int, int, int])


@pytest.mark.parametrize("wrong", [-1, 2**63, "1", 1.0, None])
def test_numbers_that_are_not_ids_are_refused(wrong: object) -> None:
    """An id that the warehouse cannot store is not requested."""
    with pytest.raises(InvalidIdsError) as raised:
        ExecutionIds.of([1, wrong])  # type: ignore[list-item]
    assert str(raised.value) == (
        f"{wrong!r} is not an execution id; ids are whole numbers from 0 to 9223372036854775807."
    )
