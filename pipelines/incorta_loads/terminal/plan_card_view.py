"""Prints the card of one load plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from incorta_loads.analysis.plan_card import PlanCard
from incorta_loads.choices import Format
from incorta_loads.terminal.card_layout import (
    Section,
    print_card,
    show_cards,
    strip,
    title_of,
    usual_duration,
)
from incorta_loads.terminal.printing import (
    part_of,
    rate_with_interval,
)
from incorta_loads.text import counted


def show_plan_cards(cards: Sequence[PlanCard], output: Format) -> None:
    """Prints each card; as JSON, all that is known, and as CSV, the last executions."""

    def show(card: PlanCard) -> None:
        columns = [part_of("table_errors", "tables", "tables in error")]
        title = title_of(card.rates["load_plan"], card.rates, cards)
        print_card(title, _sections(card), card.runs, columns)

    show_cards(cards, output, show)


def _sections(card: PlanCard) -> Iterator[Section]:
    row = card.rates
    rate = rate_with_interval("error_rate", "").text(row)
    lines = [f"{rate} of {counted(row['counted'], 'execution')}, 95 % interval in brackets"]
    if row["recent_counted"]:
        recent = rate_with_interval("recent_error_rate", "").text(row)
        lines.append(f"{recent} of {row['recent_counted']} recent executions")
    yield "Error rate", lines
    if card.durations:
        yield "Duration", [usual_duration(card.durations)]
    yield "Last runs", list(strip(card.strip))
