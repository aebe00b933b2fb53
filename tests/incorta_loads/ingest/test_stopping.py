from __future__ import annotations

from incorta_loads.ingest.stopping import Stopping


def test_stopping_reaches_all_children_but_not_the_other_way() -> None:
    """Also those made after it was set."""
    stopping = Stopping()
    first, second = stopping.child(), stopping.child()
    first.set()
    assert (second.is_set(), stopping.is_set()) == (False, False)
    stopping.set()
    assert second.is_set()
    assert stopping.child().is_set()
