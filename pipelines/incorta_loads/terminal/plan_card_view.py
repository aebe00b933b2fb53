"""Prints the card of one load plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from incorta_loads.analysis.plan_card import PlanCard
from incorta_loads.analysis.rows import Rows
from incorta_loads.choices import Format
from incorta_loads.terminal.card_layout import Section, print_card, strip, usual_duration
from incorta_loads.terminal.printing import (
    part_of,
    print_json,
    print_line,
    print_rows,
    rate_with_interval,
)
from incorta_loads.text import counted


def show_plan_cards(cards: Sequence[PlanCard], output: Format) -> None:
    """Prints each card; as JSON, all that is known, and as CSV, the last executions."""
    if output is Format.JSON:
        print_json([asdict(card) for card in cards])
        return
    if output is Format.CSV:
        runs = [row for card in cards for row in card.runs]
        print_rows(Rows(list(runs[0]) if runs else [], runs), output)
        return
    for number, card in enumerate(cards):
        if number:
            print_line("")
        row = card.rates
        place = f", {row['cluster']}, tenant {row['tenant']}" if len(cards) > 1 else ""
        columns = [part_of("table_errors", "tables", "tables in error")]
        print_card(f"{row['load_plan']}{place}", _sections(card), card.runs, columns)


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
