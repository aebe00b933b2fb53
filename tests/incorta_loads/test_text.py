"""Counts, durations and visible text in sentences."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incorta_loads.text import (
    at_least,
    between,
    counted,
    duration,
    in_utc_between,
    shortened,
    visible,
)


@pytest.mark.parametrize(("count", "expected"), [(0, "0 ids"), (1, "1 id"), (2, "2 ids")])
def test_only_one_is_singular(count: int, expected: str) -> None:
    """The noun agrees with its count."""
    assert counted(count, "id") == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (200, "3 min 20 s"), (7_500, "2 h 5 min")],
)
def test_durations_are_for_people(seconds: float, expected: str) -> None:
    """A duration has at most two units."""
    assert duration(seconds) == expected


@pytest.mark.parametrize(
    ("shortest", "longest", "expected"),
    [
        (2_460, 3_119, "41–52 min"),
        (0, 600, "< 10 min"),
        (0, 0.4, "< 1 s"),
        (0, 0, "< 1 s"),
        (12.2, 12.8, "12–13 s"),
        (1_200, 1_200, "20 min"),
        (36_001, 90_000, "10–25 h"),
    ],
)
def test_a_duration_between_two_bounds_is_rounded_outwards(
    shortest: float, longest: float, expected: str
) -> None:
    """So it still lies within."""
    assert between(shortest, longest) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"), [(3.8, "> 3 s"), (599, "> 599 s"), (659, "> 10 min")]
)
def test_a_lower_bound_is_rounded_down(seconds: float, expected: str) -> None:
    """So it is one still."""
    assert at_least(seconds) == expected


@pytest.mark.parametrize(
    ("after", "by", "expected"),
    [
        ((30, 20, 7, 31, 9), (30, 20, 7, 34, 1), "2026-11-30 20:07:31–20:07:35"),
        ((30, 20, 7, 31, 0), (30, 20, 7, 34, 0), "2026-11-30 20:07:31–20:07:34"),
        ((29, 23, 59, 50, 0), (29, 23, 59, 59, 1), "2026-11-29 23:59:50 – 2026-11-30 00:00:00"),
    ],
)
def test_a_moment_between_two_is_rounded_outwards(
    after: tuple[int, ...], by: tuple[int, ...], expected: str
) -> None:
    """To seconds; the day of the later one is left out if it is the same."""
    earlier, later = (
        datetime(2026, 11, day, hour, minute, second, micro, tzinfo=UTC)
        for day, hour, minute, second, micro in (after, by)
    )
    assert in_utc_between(earlier, later) == expected


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("Größe 漢字 😀 – “x” \\n", "Größe 漢字 😀 – “x” \\n"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("a\r\nb\tc\bd\x7f", "a\\r\\nb\\tc\\x08d\\x7f"),
        ("\u200b\u200f\u202e\u2066\ufeff", "\\u200b\\u200f\\u202e\\u2066\\ufeff"),
        ("\u2028\u2029\x85\xa0\u3000", "\\u2028\\u2029\\x85\\xa0\\u3000"),
        ("\U000e0041\ud800", "\\U000e0041\\ud800"),
    ],
)
def test_invisible_characters_are_escaped(text: str, shown: str) -> None:
    """These are controls, direction marks, zero-width and unusual blanks, tags and surrogates."""
    assert visible(text) == shown


@given(st.text())
def test_printable_text_is_visible(text: str) -> None:
    """Printable text is unchanged."""
    assert visible(text).isprintable()
    assert visible(visible(text)) == visible(text)


def test_long_texts_keep_their_beginning_and_their_end() -> None:
    """The result has exactly the requested number of characters."""
    assert shortened("abcdefghij", 10) == "abcdefghij"
    assert shortened("abcdefghijk", 10) == "abcde…hijk"
    assert len(shortened("x" * 1_000)) == 200
