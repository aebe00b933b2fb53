"""Names in the page: each once, shortened, and visible whatever is in them; no two alike."""

from __future__ import annotations

from collections import Counter

from incorta_loads.text import shortened, visible

_SAID_OF_NONE = ("(no name)", "(empty)")
"""How the page shows None and the empty name."""


class Names:
    """A list of names to which the data refers by place.

    Names that would look alike have a number behind them, for the page tells them apart by how
    they look.

    Attributes:
        shown: as the page shows them; None is a name like any other.
    """

    def __init__(self) -> None:
        self.shown: list[str | None] = []
        self._places: dict[str | None, int] = {}
        self._alike = Counter[str | None](_SAID_OF_NONE)

    def place(self, name: str | None) -> int:
        """Where the name is in `shown`; a new one comes to its end."""
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
    """At most 200 characters of a name, with the escapes of those that would not show.

    What is escaped are controls, marks of direction, and what else has no form of its own.
    """
    return None if name is None else visible(shortened(name))
