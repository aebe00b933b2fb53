"""Names in the page: each once, shortened, and visible whatever is in them."""

from __future__ import annotations

from incorta_loads.printing import shortened, visible


class Names:
    """A list of names to which the data refers by place.

    Attributes:
        shown: as the page shows them; None is a name like any other.
    """

    def __init__(self) -> None:
        self.shown: list[str | None] = []
        self._places: dict[str | None, int] = {}

    def place(self, name: str | None) -> int:
        """Where the name is in `shown`; a new one comes to its end."""
        if name not in self._places:
            self._places[name] = len(self.shown)
            self.shown.append(in_page(name))
        return self._places[name]


def in_page(name: str | None) -> str | None:
    """At most 200 characters of a name, with the escapes of those that would not show.

    What is escaped are controls, marks of direction, and what else has no form of its own.
    """
    return None if name is None else visible(shortened(name))
