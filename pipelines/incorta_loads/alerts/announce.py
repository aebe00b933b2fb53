"""Saying what is to be said, once: in the summary of a run, and to those who get notifications."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby

import duckdb

from incorta_loads.alerts.events import Event, Standing, event_id, standing, unsaid, unsaid_restarts
from incorta_loads.alerts.receivers import Message, Receivers
from incorta_loads.alerts.sent import write_restart, write_said, write_taken
from incorta_loads.text import counted, shortened, visible

_MOST_TABLES = 20
"""So many are named in a message; the rest are counted."""

_MOST_NAME = 120


def announce(
    connection: duckdb.DuckDBPyConnection, receivers: Receivers, run_id: str
) -> list[Event]:
    """Tells the receivers what is new, then notes it as said; returns what is new.

    One message says what broke or got worse, one what is well again. What no receiver took is not
    noted, so that the next run says it; what some of them took, it tells the others. Without any
    receiver the summary of the run is where it is said.

    Raises:
        WarehouseError: there is no analysis yet.
    """
    _announce_restarts(connection, receivers, run_id)
    found = unsaid(connection)
    if not found:
        return []
    now = standing(connection)
    new = [each for each in found if each.missed is None]
    for events in _messages(new):
        missed = receivers.tell(_message(events, now), receivers.names)
        if not missed or len(missed) < len(receivers.names):
            write_said(
                connection, events, run_id=run_id, announced_at=_now(connection), missed=missed
            )
    late = sorted((each for each in found if each.missed), key=lambda each: each.missed or "")
    for names, missed_events in groupby(late, key=lambda each: each.missed or ""):
        for events in _messages(list(missed_events)):
            missed = receivers.tell(_message(events, now), names.split(","))
            write_taken(connection, events, missed=missed)
    return new


def _announce_restarts(
    connection: duckdb.DuckDBPyConnection, receivers: Receivers, run_id: str
) -> None:
    """Tells once of each cluster whose ids start over."""
    for restart in unsaid_restarts(connection):
        asked = receivers.names if restart.missed is None else restart.missed.split(",")
        body = f"{visible(str(restart.ids))}\nEvent {restart.event_id}."
        message = Message("incorta-loads: the ids of a cluster start over", body, is_bad_news=True)
        missed = receivers.tell(message, asked)
        if not missed or len(missed) < len(asked):
            write_restart(
                connection, restart, run_id=run_id, announced_at=_now(connection), missed=missed
            )


def _now(connection: duckdb.DuckDBPyConnection) -> datetime:
    """Now, but after all that was said before: a clock that was wrong once must not come last."""
    (last,) = connection.execute("SELECT max(announced_at) FROM load_status.alerts").fetchone() or (
        None,
    )
    now = datetime.now(UTC)
    return now if last is None else max(now, last + timedelta(microseconds=1))


def sentence(event: Event) -> str:
    """What became of a table, with the counts that say so."""
    name = table_name(event)
    since = (
        "" if event.since_execution_id is None else f" since execution {event.since_execution_id}"
    )
    before = f"{event.errors_before} of {event.runs_before} before"
    if event.kind == "broken":
        how = "always fails" if event.state == "always_failing" else "is broken"
        return f"{name} {how}{since}: {event.errors} errors in a row, {before}"
    if event.kind == "regressed":
        return f"{name} fails more often{since}: {event.errors} of {event.runs} runs, {before}"
    return f"{name} is {event.state}{since}: {event.runs} runs without an error, {before}"


def table_name(event: Event) -> str:
    """The name of a table for people, in one line: with its schema where it does not say it."""
    table = event.table_name or "(no name)"
    is_qualified = event.schema_name is None or table.startswith(f"{event.schema_name}.")
    name = visible(table if is_qualified else f"{event.schema_name}.{table}")
    return shortened(name, _MOST_NAME)


def _messages(events: Iterable[Event]) -> list[list[Event]]:
    """What goes into one message each: bad news, then good news."""
    by_tone: dict[bool, list[Event]] = {False: [], True: []}
    for event in events:
        by_tone[event.kind == "well"].append(event)
    return [each for each in by_tone.values() if each]


def _message(events: Sequence[Event], now: Standing) -> Message:
    counts = Counter(each.kind for each in events)
    words = {"broken": "broke", "regressed": "got worse", "well": "well again"}
    title = ", ".join(f"{counted(count, 'table')} {words[kind]}" for kind, count in counts.items())
    places = sorted({f"{each.cluster}, tenant {each.tenant}" for each in events})
    lines = [visible(place) for place in places]
    lines += [f"- {sentence(each)}" for each in events[:_MOST_TABLES]]
    if len(events) > _MOST_TABLES:
        lines.append(f"- and {len(events) - _MOST_TABLES} more")
    lines.append(f"Now: {now.broken} broken, {now.regressed} worse than before.")
    lines.append(f"Event {event_id(events)}.")
    return Message(f"incorta-loads: {title}", "\n".join(lines), "well" not in counts)
