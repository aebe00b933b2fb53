"""Puts changes in words: one line each, one for an incident, one for all that never worked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from incorta_loads.alerts.events import Change
from incorta_loads.text import counted, qualified, shortened, visible

_MOST_NAME = 120
_MOST_NAMES = 5
"""A line about several tables names at most this many; the rest are counted."""


@dataclass(frozen=True)
class _Line:
    """A line, the tables it is about, and when their state began."""

    text: str
    tables: int
    since: int


def sentences(changes: Sequence[Change], most: int) -> Iterator[str]:
    """Yields the changes in words: new ones first, larger ones first among these.

    Tables that never worked are the last line, because they are seldom news. If there are several
    clusters or tenants, each line names its own.

    Args:
        changes: the changes; bad news come before good news.
        most: yield at most this many lines before the last; the other tables are counted.
    """
    never = [each for each in changes if each.never_worked]
    are_named = len({(each.cluster, each.tenant) for each in changes}) > 1
    others = (each for each in changes if not each.never_worked)
    lines = list(_lines(others, are_named=are_named))
    yield from (line.text for line in lines[:most])
    if rest := sum(line.tables for line in lines[most:]):
        yield f"and {rest} more: incorta-loads changes"
    if never:
        yield f"{counted(len(never), 'table')} never worked: {_names(never)}"


def _lines(changes: Iterable[Change], *, are_named: bool) -> Iterator[_Line]:
    for _, of_kind in groupby(changes, key=lambda each: each.kind):
        lines = []
        by_incident: dict[tuple[str, str, int | None], list[Change]] = {}
        for change in of_kind:
            key = (change.cluster, change.tenant, change.incident_execution_id)
            by_incident.setdefault(key, []).append(change)
        for (cluster, tenant, incident), together in by_incident.items():
            place = f"{place_name(cluster, tenant)}: " if are_named else ""
            if incident is not None and len(together) > 1:
                lines.append(_Line(f"{place}{_incident(together)}", len(together), incident))
            else:
                lines += [
                    _Line(f"{place}{sentence(each)}", 1, each.since_execution_id or 0)
                    for each in together
                ]
        yield from sorted(lines, key=lambda line: (-line.since, -line.tables))


def place_name(cluster: str, tenant: str) -> str:
    """Returns cluster and tenant in one line."""
    return shortened(visible(f"{cluster}, tenant {tenant}"), _MOST_NAME)


def _incident(tables: Sequence[Change]) -> str:
    """Returns the line about tables that broke at the same moment."""
    first = tables[0]
    schemas = {each.schema_name for each in tables}
    where = counted(len(schemas), "schema")
    if len(schemas) == 1 and first.schema_name:
        where = shortened(visible(first.schema_name), _MOST_NAME)
    after, by = first.broke_after_execution_id, first.broke_by_execution_id
    return (
        f"{counted(len(tables), 'table')} of {where} broke after {after} and by {by}, open: "
        f"{_names(tables)} (incident {first.incident_execution_id})"
    )


def sentence(change: Change) -> str:
    """Returns one change in words, with its counts."""
    name = table_name(change)
    since = (
        "" if change.since_execution_id is None else f" since execution {change.since_execution_id}"
    )
    before = f"{change.errors_before} of {change.runs_before} before"
    if change.kind == "broken":
        how = "always fails" if change.never_worked else "is broken"
        return f"{name} {how}{since}: {change.errors} errors in a row, {before}"
    if change.kind == "regressed":
        return (
            f"{name} fails more often{since}: errors began in {change.errors} of {change.runs} "
            f"runs after successes, in {before}"
        )
    return f"{name} is {change.state}{since}: {change.runs} runs without an error, {before}"


def table_name(change: Change) -> str:
    """Returns the name of a table in one line, with its schema unless the name begins with it."""
    return shortened(visible(qualified(change.schema_name, change.table_name)), _MOST_NAME)


def _names(tables: Sequence[Change]) -> str:
    """Returns the first names of tables, each after its cluster if there are several."""
    are_named = len({each.cluster for each in tables}) > 1
    names = [
        f"{visible(each.cluster)}: {table_name(each)}" if are_named else table_name(each)
        for each in tables
    ]
    named = ", ".join(names[:_MOST_NAMES])
    rest = len(tables) - _MOST_NAMES
    return f"{named} and {rest} more" if rest > 0 else named
