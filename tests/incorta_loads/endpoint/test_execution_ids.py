"""Rules of execution ids: from what people write to what the program walks."""

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
def test_iteration_is_the_set_in_ascending_order(given_ranges: list[tuple[int, int]]) -> None:
    """Overlapping, touching, repeated ranges in any order: each id once, and so many are they."""
    ids = ExecutionIds.of_ranges(given_ranges)
    assert list(ids) == sorted(members(given_ranges))
    assert len(ids) == len(members(given_ranges))


@given(some_ranges)
def test_equal_sets_are_equal(given_ranges: list[tuple[int, int]]) -> None:
    """However a set was given, its ranges are the same, disjoint and as few as possible."""
    ids = ExecutionIds.of_ranges(given_ranges)
    assert ids == ExecutionIds.of(members(given_ranges))
    assert hash(ids) == hash(ExecutionIds.of(members(given_ranges)))
    ends = [end for pair in ids.ranges for end in pair]
    assert ends == sorted(ends)
    gaps = zip(ids.ranges, ids.ranges[1:], strict=False)
    assert all(later[0] - earlier[1] > 1 for earlier, later in gaps)


@given(some_ranges.filter(bool))
def test_a_set_is_read_back_from_its_text(given_ranges: list[tuple[int, int]]) -> None:
    """`parse(str(ids)) == ids`."""
    ids = ExecutionIds.of_ranges(given_ranges)
    assert ExecutionIds.parse(str(ids)) == ids


@given(some_ranges.filter(bool), st.data())
def test_blanks_and_zeros_in_front_do_not_matter(
    given_ranges: list[tuple[int, int]], data: st.DataObject
) -> None:
    """Ids as people write them: with blanks around numbers, zeros in front, in any order."""

    def written(number: int) -> str:
        zeros = "0" * data.draw(st.integers(0, 30))
        return data.draw(blanks) + zeros + str(number) + data.draw(blanks)

    parts = [
        written(first) if first == last else written(first) + "-" + written(last)
        for first, last in given_ranges
    ]
    assert ExecutionIds.parse(",".join(parts)) == ExecutionIds.of_ranges(given_ranges)


def test_the_example_of_the_help() -> None:
    """`1-500,720` is 501 ids, both ends included."""
    ids = ExecutionIds.parse("1-500,720")
    assert ids.ranges == ((1, 500), (720, 720))
    assert len(ids) == 501
    assert str(ids) == "1-500,720"


def test_the_empty_set_has_no_ids() -> None:
    """No ranges, no ids, no text."""
    ids = ExecutionIds.of([])
    assert (ids, list(ids), len(ids), str(ids)) == (ExecutionIds(), [], 0, "")


def test_the_largest_ids_there_can_be() -> None:
    """Ids go to 2**63 - 1, and zeros in front do not make one too large."""
    assert list(ExecutionIds.parse("9223372036854775806-9223372036854775807")) == [
        2**63 - 2,
        2**63 - 1,
    ]
    assert list(ExecutionIds.parse("0" * 9000 + "7")) == [7]
    assert len(ExecutionIds.of_ranges([(0, HIGHEST_ID)])) == HIGHEST_ID


def test_a_long_range_costs_no_memory() -> None:
    """A set of nine quintillion ids is walked from its beginning at once."""
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
def test_what_cannot_be_read_is_named_with_its_reason(text: str, message: str) -> None:
    """The part that is wrong, why, and what would be right."""
    with pytest.raises(InvalidIdsError) as raised:
        ExecutionIds.parse(text)
    assert str(raised.value) == message


def test_as_many_ids_as_allowed() -> None:
    """The limit itself can be asked for."""
    assert len(ExecutionIds.parse("1-10000000")) == MOST_IDS


@given(st.one_of(small, near_the_end))
def test_one_id_is_read_from_its_text(execution_id: int) -> None:
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
def test_what_is_not_one_id_is_refused(text: str, message: str) -> None:
    """More than one, or none."""
    with pytest.raises(InvalidIdsError) as raised:
        parse_id(text)
    assert str(raised.value) == message


def test_ids_may_come_as_the_numbers_of_other_libraries() -> None:
    """What a data frame holds are ids too."""
    ids = ExecutionIds.of(np.array([3, 1, 2], np.int64))
    assert (ids.ranges, [type(each) for each in ids]) == (((1, 3),), [int, int, int])


@pytest.mark.parametrize("wrong", [-1, 2**63, "1", 1.0, None])
def test_numbers_that_are_no_ids_are_refused(wrong: object) -> None:
    """An id that the warehouse could not keep is not asked for."""
    with pytest.raises(InvalidIdsError) as raised:
        ExecutionIds.of([1, wrong])  # type: ignore[list-item]
    assert str(raised.value) == (
        f"{wrong!r} is not an execution id; ids are whole numbers from 0 to 9223372036854775807."
    )
