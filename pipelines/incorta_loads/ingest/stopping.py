"""The request to end a run, which reaches each of its clusters."""

from __future__ import annotations

import threading


class Stopping(threading.Event):
    """An event that also sets the events made by `child`, but is not set by them."""

    def __init__(self) -> None:
        super().__init__()
        self._children: list[threading.Event] = []

    def child(self) -> threading.Event:
        """Returns an event that is set with this one, or alone."""
        child = threading.Event()
        self._children.append(child)
        if self.is_set():
            child.set()
        return child

    def set(self) -> None:
        """Sets this event and its children."""
        super().set()
        for child in self._children:
            child.set()
