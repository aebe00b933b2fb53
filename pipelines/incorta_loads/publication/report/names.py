"""Names in the page: each stored once, shortened, always visible, and unique as shown."""

from __future__ import annotations

from collections import Counter

from incorta_loads.text import shortened, visible

_SAID_OF_NONE = ("(no name)", "(empty)")
"""Texts that the page shows for None and for the empty name."""


class Names:
    """A list of names that the data refers to by index.

    Names that would look the same get a number appended, because the page distinguishes names by
    their displayed text.

    Attributes:
        shown: names as the page shows them; None is treated as a name too.
    """

    def __init__(self) -> None:
        self.shown: list[str | None] = []
        self._places: dict[str | None, int] = {}
        self._alike = Counter[str | None](_SAID_OF_NONE)

    def place(self, name: str | None) -> int:
        """Returns the index of the name in `shown`; a new name is appended."""
        if name not in self._places:
            self._places[name] = len(self.shown)
            self.shown.append(self._unlike(in_page(name)))
        return self._places[name]

    def _unlike(self, shown: str | None) -> str | None:
        self._alike[shown] += 1
        if self._alike[shown] == 1:
            return shown
        return self._unlike(f"{shown} ({self._alike[shown]})")


def in_page(name: str | None) -> str | None:
    """Returns at most 200 characters of a name, with invisible characters escaped.

    Control characters, direction marks and other characters without a glyph are escaped.
    """
    return None if name is None else visible(shortened(name))
