"""What differs between two answers of an execution, in plain Python, apart from the program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

Text = str | None
Names = tuple[Text, Text, Text, Text]
"""Load plan, group, schema and table."""


class Seen(NamedTuple):
    """A node of an answer."""

    type: Text
    path: str
    state_type: Text
    job_status: Text
    names: Names


class Difference(NamedTuple):
    """The columns of a row of `status_changes` between its key and its times."""

    type: Text
    path: str
    occurrence: int
    load_plan: Text
    group_name: Text
    schema_name: Text
    table_name: Text
    change: str
    previous_state_type: Text
    previous_job_status: Text
    state_type: Text
    job_status: Text


def differences(earlier: Iterable[Seen], later: Iterable[Seen]) -> Iterator[Difference]:
    """Nodes are the same if type, path and their place among those with both are."""
    before, after = _numbered([*earlier]), _numbered([*later])
    for place in dict.fromkeys([*before, *after]):
        was, node = before.get(place), after.get(place)
        if was is not None and node is not None and was[2:4] == node[2:4]:
            continue
        change = "appeared" if was is None else "vanished" if node is None else "changed"
        names = node.names if node else was.names if was else (None,) * 4
        old, new = ((each[2:4] if each else (None, None)) for each in (was, node))
        yield Difference(*place, *names, change, *old, *new)


def _numbered(nodes: Sequence[Seen]) -> dict[tuple[Text, str, int], Seen]:
    return {
        (*node[:2], sum(other[:2] == node[:2] for other in nodes[:place])): node
        for place, node in enumerate(nodes)
    }
