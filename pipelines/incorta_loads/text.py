"""Texts: counts, times and names as people read them, and files as editors save them."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

MOST_CHARACTERS = 200
"""Longer texts are shortened for people; no terminal shows them in a way that helps."""


def counted(count: int, noun: str) -> str:
    """Count and noun, which takes an s unless it is one: `1 id`, `2 ids`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def listed(counts: Mapping[str, int], names: Iterable[str]) -> str:
    """Those that are not 0, in the order of the names, such as `400 loaded, 48 not_found`."""
    return ", ".join(f"{counts[name]} {name}" for name in names if counts.get(name))


def in_utc(at: datetime) -> str:
    """A time of UTC to the second."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def in_utc_between(after: datetime, by: datetime) -> str:
    """A moment of UTC that lies between two, rounded outwards: `2026-11-30 20:07:31–20:07:35`."""
    last = by.replace(microsecond=0) + timedelta(seconds=by.microsecond > 0)
    is_same_day = after.date() == last.date()
    end = f"–{last:%H:%M:%S}" if is_same_day else f" – {last:%Y-%m-%d %H:%M:%S}"
    return f"{after:%Y-%m-%d %H:%M:%S}{end}"


def duration(seconds: float) -> str:
    """Such as `3 min 20 s`."""
    whole = round(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {whole % 60} s" if minutes else f"{whole} s"


_UNITS = (("h", 3600), ("min", 60), ("s", 1))
_LEAST_OF_UNIT = 10


def at_least(seconds: float) -> str:
    """A duration of which only a lower bound is known, rounded down: `> 41 min`."""
    unit, length = _unit_of(seconds)
    return f"> {int(seconds // length)} {unit}"


def between(shortest_seconds: float, longest_seconds: float) -> str:
    """A duration that lies between two bounds, rounded outwards: `41–52 min`, `< 10 min`."""
    unit, seconds = _unit_of(longest_seconds)
    shortest, longest = int(shortest_seconds // seconds), -int(-longest_seconds // seconds)
    if not shortest:
        return f"< {max(1, longest)} {unit}"
    return f"{longest} {unit}" if shortest == longest else f"{shortest}–{longest} {unit}"


def _unit_of(seconds: float) -> tuple[str, int]:
    return next((each for each in _UNITS if seconds >= _LEAST_OF_UNIT * each[1]), _UNITS[-1])


def shortened(text: str, most: int = MOST_CHARACTERS) -> str:
    """The text if it has at most `most` characters; else its beginning and its end."""
    if len(text) <= most:
        return text
    return f"{text[: most // 2]}…{text[most // 2 + 1 - most :]}"


def qualified(schema: str | None, table: str | None) -> str:
    """Returns the name of a table, with its schema unless the name begins with it."""
    name = table or "(no name)"
    return name if schema is None or name.startswith(f"{schema}.") else f"{schema}.{name}"


def visible(text: str) -> str:
    """Returns the text with invisible characters, and those that move the cursor, escaped."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


def decoded(content: bytes) -> str:
    """Decodes the text of a file saved by an editor on any system.

    Raises:
        UnicodeDecodeError: the text is neither UTF-8 nor UTF-16 with a byte-order mark.
    """
    return content.decode(encoding_of(content))


def encoding_of(content: bytes) -> str:
    """Returns UTF-16 if the byte-order mark indicates it, else UTF-8 with or without a mark."""
    is_utf_16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return "utf-16" if is_utf_16 else "utf-8-sig"
