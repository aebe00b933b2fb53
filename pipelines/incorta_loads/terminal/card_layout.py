"""Prints a card: labelled sections about one thing, then its runs, one a line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Protocol, TypeVar

from incorta_loads.analysis.rows import Row, Rows
from incorta_loads.choices import Format
from incorta_loads.terminal.printing import (
    Column,
    code,
    number,
    print_json,
    print_line,
    print_rows,
)
from incorta_loads.terminal.tree_view import legend, sign
from incorta_loads.terminal.views import show_known_times
from incorta_loads.text import at_least, between, counted, in_utc_between

Section = tuple[str, Sequence[str]]
"""A label, and the lines beside it."""

_LABEL = 14
_RUNS_IN_LINE = 10

_VERDICTS = {
    "slower": "slower than 90 % of those before",
    "as_before": "no longer than 90 % of those before may have taken",
    "cannot_tell": "too rarely looked at to tell whether that is slower",
}


class Card(Protocol):
    """What is known about one thing."""

    @property
    def runs(self) -> list[Row]:
        """Its newest runs."""


AnyCard = TypeVar("AnyCard", bound=Card)


def show_cards(cards: Sequence[AnyCard], output: Format, show: Callable[[AnyCard], None]) -> None:
    """Prints each card; as JSON, all that is known, and as CSV, the last runs.

    Args:
        cards: the cards, one for each cluster and tenant.
        output: how to print them.
        show: prints a card for people.
    """
    if output is Format.JSON:
        print_json([asdict(card) for card in cards])  # type: ignore[call-overload]
        return
    if output is Format.CSV:
        runs = [row for card in cards for row in card.runs]
        print_rows(Rows(list(runs[0]) if runs else [], runs), output)
        return
    for place, card in enumerate(cards):
        if place:
            print_line("")
        show(card)


def title_of(name: str, row: Row, cards: Sequence[Card]) -> str:
    """Returns the title of a card, with cluster and tenant if there are several cards."""
    return f"{name}, {row['cluster']}, tenant {row['tenant']}" if len(cards) > 1 else name


def print_card(
    title: str, sections: Iterable[Section], runs: Sequence[Row], columns: Sequence[Column]
) -> None:
    """Prints the sections and, newest first, the runs: when each ended and how long it took.

    Args:
        title: what the card is about.
        sections: what is known of it.
        runs: its newest runs, with `ended_after`, `ended_by`, `shortest_seconds` and
            `longest_seconds`.
        columns: what else to print of each run.
    """
    print_line(title, "bold")
    for label, lines in sections:
        for index, line in enumerate(lines):
            print_line(f"{'' if index else label:{_LABEL}}{line}")
    print_line("")
    known = sum(row["longest_seconds"] is not None for row in runs)
    is_timed = any(_took(row) != "–" for row in runs)
    has_ends = any(row["ended_after"] is not None for row in runs)
    shown = [
        number("execution_id", "execution"),
        *([Column("ended (UTC)", _ended)] if has_ends else []),
        *([Column("took", _took, is_number=True)] if is_timed else []),
        code("outcome"),
        *columns,
    ]
    print_rows(Rows([], list(runs)), Format.TABLE, columns=shown)
    show_known_times(known, len(runs), Format.TABLE, of="run")


def strip(newest_first: Sequence[Row]) -> Iterator[str]:
    """Yields a sign for each run, oldest first, in lines that begin with an execution id."""
    runs = newest_first[::-1]
    yield legend(Counter(row["outcome"] for row in runs))
    width = max((len(str(row["execution_id"])) for row in runs), default=0)
    for index in range(0, len(runs), _RUNS_IN_LINE):
        line = runs[index : index + _RUNS_IN_LINE]
        signs = "".join(sign(row["outcome"]) for row in line)
        yield f"{line[0]['execution_id']:>{width}}  {signs}"


def usual_duration(row: Row) -> str:
    """Returns what a row of `plan_durations` or `table_durations` says, in words."""
    median = between(row["median_shortest_seconds"], row["median_longest_seconds"])
    last = between(row["last_shortest_seconds"], row["last_longest_seconds"])
    verdict = _VERDICTS.get(row["verdict"], "too few runs to tell whether that is slower")
    runs = counted(row["runs"], "run")
    return f"{median} (median of {runs}); {row['last_execution_id']} took {last}, {verdict}"


def _ended(row: Row) -> str:
    if row["ended_after"] is None:  # the first look found its end
        return "–"
    return in_utc_between(row["ended_after"], row["ended_by"])


def _took(row: Row) -> str:
    if row["longest_seconds"] is None:
        return at_least(row["shortest_seconds"]) if row["shortest_seconds"] else "–"
    return between(row["shortest_seconds"], row["longest_seconds"])
