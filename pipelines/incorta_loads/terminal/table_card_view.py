"""Prints the card of one table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from incorta_loads.analysis.rows import Row
from incorta_loads.analysis.table_card import TableCard
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
    rate_with_interval,
    value,
)
from incorta_loads.terminal.views import since_in_words
from incorta_loads.text import counted, qualified

_MOST_NAMES = 10


def show_table_cards(cards: Sequence[TableCard], output: Format) -> None:
    """Prints each card; as JSON, all that is known, and as CSV, the last runs."""

    def show(card: TableCard) -> None:
        name = qualified(card.health["schema_name"], card.health["table_name"])
        title = title_of(name, card.health, cards)
        print_card(title, _sections(card), card.runs, [value("load_plan", "plan")])

    show_cards(cards, output, show)


def _sections(card: TableCard) -> Iterator[Section]:
    yield "State", [_state(card)]
    yield "Error rate", list(_rates(card.rates))
    yield "Worse?", [_regression(card.regression)]
    if card.durations:
        yield "Duration", [_duration(row) for row in card.durations]
    yield "Last runs", list(strip(card.strip))
    yield "Episodes", [_episode(row) for row in card.episodes] or ["none"]
    yield "Plans", [_plan(row) for row in card.plans]
    if card.broke_with:
        yield "Broke with", list(_broke_with(card.broke_with))
    if card.together:
        yield "Fails with", [_together(row) for row in card.together]


def _state(card: TableCard) -> str:
    row = card.health
    state = f"{row['behaviour']}: "
    if not row["current_streak"]:
        return f"{state}no run succeeded or failed yet"
    if row["current_streak_is_error"]:
        last = row["last_success_execution_id"]
        before = "never a success" if last is None else f"last success in {last}"
        errors = counted(row["current_streak"], "error")
        return f"{state}{errors} in a row since {row['failing_since_execution_id']}; {before}"
    last = card.rates["last_error_execution_id"]
    before = "never an error" if last is None else f"last error in {last}"
    runs = counted(row["current_streak"], "run")
    return f"{state}{runs} in a row without an error; {before}"


def _rates(row: Row) -> Iterator[str]:
    rate = rate_with_interval("error_rate", "").text(row)
    yield f"{rate} of {counted(row['counted'], 'run')}, 95 % interval in brackets"
    if row["recent_counted"]:
        recent = rate_with_interval("recent_error_rate", "").text(row)
        yield f"{recent} of {row['recent_counted']} in recent executions"
    left_out = row["runs"] - row["counted"]
    if left_out:
        are = "is" if left_out == 1 else "are"
        yield f"{counted(left_out, 'run')} without success or error {are} not counted"


def _regression(row: Row) -> str:
    since = since_in_words(row)
    return {
        "regressed": f"regressed: errors begin more often since {since}",
        "outage": "outage: more errors in the last runs, in one streak or a few",
        "improved": "improved: errors begin less often than before",
        "insufficient_data": "too few runs to tell",
    }.get(row["verdict"], "no: errors begin as often as before, or the difference may be chance")


def _episode(row: Row) -> str:
    first, last = row["first_execution_id"], row["last_execution_id"]
    place = str(first) if first == last else f"{first}–{last}"
    end = "still failing" if row["is_open"] else f"ended by {row['ended_by_execution_id']}"
    incident = row["incident_execution_id"]
    of_incident = "" if incident is None else f", incident {incident}"
    return f"{place}: {counted(row['errors'], 'error')}, {end}{of_incident}"


def _plan(row: Row) -> str:
    name = row["load_plan"] or "(no name)"
    errors = f"{row['errors']} of {counted(row['counted'], 'run')} in error"
    return f"{name}: {errors}, {row['first_execution_id']} to {row['last_execution_id']}"


def _duration(row: Row) -> str:
    return f"{row['load_plan'] or '(no name)'}: {usual_duration(row)}"


def _together(row: Row) -> str:
    name = qualified(row["schema_name"], row["table_name"])
    return f"{name}: began {row['starts_both']} times together, {row['expected']:.1f} by chance"


def _broke_with(tables: Sequence[Row]) -> Iterator[str]:
    """Yields the tables of the newest incident, one a line."""
    names = [qualified(row["schema_name"], row["table_name"]) for row in tables]
    yield from names[:_MOST_NAMES]
    if (rest := len(names) - _MOST_NAMES) > 0:
        yield f"and {rest} more: incorta-loads incidents {tables[0]['incident_execution_id']}"
