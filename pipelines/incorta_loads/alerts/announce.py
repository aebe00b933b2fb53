"""Reports each change once: in the summary of a run, and to the receivers of notifications."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby

import duckdb

from incorta_loads.alerts.events import (
    Change,
    Standing,
    event_id,
    standing,
    unsent,
    unsent_restarts,
)
from incorta_loads.alerts.receivers import Notification, Receivers
from incorta_loads.alerts.sent import (
    record_delivery,
    record_paces,
    record_restart,
    record_sent,
)
from incorta_loads.alerts.sentences import sentences
from incorta_loads.alerts.slower import (
    PlanPace,
    event_of,
    pace_sentences,
    unsent_paces,
)
from incorta_loads.text import counted, visible

_MOST_LINES = 20
"""A notification has at most this many lines about tables; the rest are counted."""


def announce(
    connection: duckdb.DuckDBPyConnection, receivers: Receivers, run_id: str
) -> list[Change]:
    """Sends notifications of new changes and records them; returns the new changes.

    One notification reports tables that broke or got worse, those of an incident in one line, and
    another reports tables that recovered. If all receivers missed it, it is not recorded, and the
    next run sends it again. If some missed it, the next run sends it to them. Without receivers,
    the summary of the run reports the changes.

    Raises:
        WarehouseError: there is no analysis yet.
    """
    _announce_restarts(connection, receivers, run_id)
    found = unsent(connection)
    if not found:
        return []
    now = standing(connection)
    if unchanged := [each for each in found if each.kind == "unchanged"]:
        record_sent(connection, unchanged, run_id=run_id, announced_at=_now(connection), missed=[])
    found = [each for each in found if each.kind != "unchanged"]
    new = [each for each in found if each.missed is None]
    for changes in _by_tone(new):
        missed = receivers.send(_notification(changes, now), receivers.names)
        if _was_received(missed, receivers.names):
            record_sent(
                connection, changes, run_id=run_id, announced_at=_now(connection), missed=missed
            )
    late = sorted((each for each in found if each.missed), key=lambda each: each.missed or "")
    for names, missed_changes in groupby(late, key=lambda each: each.missed or ""):
        for changes in _by_tone(missed_changes):
            missed = receivers.send(_notification(changes, now), names.split(","))
            record_delivery(connection, changes, missed=missed)
    return new


def announce_slower(
    connection: duckdb.DuckDBPyConnection, receivers: Receivers, run_id: str
) -> list[PlanPace]:
    """Sends a notification of plans that became slower and records it; returns these plans.

    Like changes of tables: each is sent once to each receiver.

    Raises:
        WarehouseError: there is no analysis yet.
    """
    found = unsent_paces(connection)
    slower = [each for each in found if each.state == "slower"]
    usual = [each for each in found if each.state == "as_before"]
    if usual:
        record_paces(connection, usual, run_id=run_id, announced_at=_now(connection), missed=[])
    late = sorted(slower, key=lambda each: each.missed or "")
    for names, together in groupby(late, key=lambda each: each.missed):
        paces = list(together)
        asked = receivers.names if names is None else names.split(",")
        missed = receivers.send(_notification_of(paces), asked)
        if _was_received(missed, asked):
            record_paces(
                connection, paces, run_id=run_id, announced_at=_now(connection), missed=missed
            )
    return [each for each in slower if each.missed is None]


def _notification_of(paces: Sequence[PlanPace]) -> Notification:
    lines = [*_places(paces), *(f"- {line}" for line in pace_sentences(paces))]
    lines.append(f"Event {event_of(paces)}.")
    title = f"incorta-loads: {counted(len(paces), 'load plan')} slower than before"
    return Notification(title, "\n".join(lines), is_bad_news=True)


def _places(found: Sequence[Change] | Sequence[PlanPace]) -> list[str]:
    """Returns the first lines of a message: each cluster and tenant that it is about."""
    places = sorted({f"{each.cluster}, tenant {each.tenant}" for each in found})
    return [visible(place) for place in places]


def _announce_restarts(
    connection: duckdb.DuckDBPyConnection, receivers: Receivers, run_id: str
) -> None:
    """Reports each cluster whose ids start over, once."""
    for restart in unsent_restarts(connection):
        asked = receivers.names if restart.missed is None else restart.missed.split(",")
        body = f"{visible(str(restart.ids))}\nEvent {restart.event_id}."
        title = "incorta-loads: the ids of a cluster start over"
        missed = receivers.send(Notification(title, body, is_bad_news=True), asked)
        if _was_received(missed, asked):
            record_restart(
                connection, restart, run_id=run_id, announced_at=_now(connection), missed=missed
            )


def _was_received(missed: Sequence[str], asked: Sequence[str]) -> bool:
    """Whether to record a notification: if there are no receivers, or at least one received it."""
    return not asked or len(missed) < len(asked)


def _now(connection: duckdb.DuckDBPyConnection) -> datetime:
    """Returns the current time, or just after the newest record if that is in the future."""
    (last,) = connection.execute("SELECT max(announced_at) FROM load_status.alerts").fetchone() or (
        None,
    )
    now = datetime.now(UTC)
    return now if last is None else max(now, last + timedelta(microseconds=1))


def _by_tone(changes: Iterable[Change]) -> list[list[Change]]:
    """Bad news, then good news: one notification each."""
    found: dict[bool, list[Change]] = {False: [], True: []}
    for change in changes:
        found[change.kind == "well"].append(change)
    return [each for each in found.values() if each]


def _notification(changes: Sequence[Change], now: Standing) -> Notification:
    counts = Counter(each.kind for each in changes)
    words = {"broken": "broke", "regressed": "got worse", "well": "recovered"}
    title = ", ".join(f"{counted(count, 'table')} {words[kind]}" for kind, count in counts.items())
    lines = _places(changes)
    lines += [f"- {line}" for line in sentences(changes, _MOST_LINES)]
    lines.append(f"Now: {now.broken} broken, {now.regressed} worse than before.")
    lines.append(f"Event {event_id(changes)}.")
    return Notification(f"incorta-loads: {title}", "\n".join(lines), "well" not in counts)
