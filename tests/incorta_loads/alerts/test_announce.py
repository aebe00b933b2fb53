"""Notifications sent to receivers, over a real webhook."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import apprise
import duckdb
import pytest

from incorta_loads import __version__
from incorta_loads.alerts.announce import announce
from incorta_loads.alerts.events import Change
from incorta_loads.alerts.receivers import Notification, Receivers
from incorta_loads.alerts.sentences import sentence, table_name
from incorta_loads.errors import InvalidSettingError
from support.one_table import ObservedTable, unreported_table
from support.patience import COMMAND_SECONDS, HANG_SECONDS
from support.webhook import SECRET, Webhook, webhook


@pytest.fixture
def hook() -> Iterator[Webhook]:
    """A receiver that accepts every notification."""
    with webhook() as running:
        yield running


@pytest.fixture
def table() -> Iterator[ObservedTable]:
    """A broken table for which no notification has been sent yet."""
    with unreported_table() as observed:
        observed.run("broken_since")
        observed.connection.execute("DELETE FROM load_status.alerts")
        yield observed


def recorded(table: ObservedTable) -> list[tuple[str, str | None]]:
    """The state and the receivers that missed the notification, for each row of `alerts`."""
    query = "SELECT state, missed FROM load_status.alerts ORDER BY announced_at"
    return table.connection.execute(query).fetchall()


def test_a_break_is_one_notification_with_counts_and_event_id(
    table: ObservedTable, hook: Webhook
) -> None:
    """The notification is plain text and has the type failure."""
    announce(table.connection, Receivers([hook.url]), "run 1")
    [message] = hook.messages
    [(event,)] = table.connection.execute("SELECT event_id FROM load_status.alerts").fetchall()
    assert message["title"] == "incorta-loads: 1 table broke"
    assert message["type"] == "failure"
    assert message["message"].splitlines() == [
        "c, tenant t",
        "- s.a is broken since execution 88: 3 errors in a row, 4 of 37 before",
        "Now: 1 broken, 0 worse than before.",
        f"Event {event}.",
    ]


def test_a_sent_notification_is_never_repeated(table: ObservedTable, hook: Webhook) -> None:
    """Later runs do not send a notification that the receiver already has."""
    receivers = Receivers([hook.url])
    for run in ("run 1", "run 2", "run 3"):
        announce(table.connection, receivers, run)
    assert len(hook.messages) == 1
    assert recorded(table) == [("broken_since", None)]


def test_a_recovery_has_its_own_success_notification(table: ObservedTable, hook: Webhook) -> None:
    """A recovery is sent as a separate notification of the type success."""
    receivers = Receivers([hook.url])
    announce(table.connection, receivers, "run 1")
    table.connection.execute(
        "UPDATE load_analysis_steps.int_table_states "
        "SET behaviour = 'recovered', is_broken = false, is_well = true"
    )
    announce(table.connection, receivers, "run 2")
    assert [(each["title"], each["type"]) for each in hook.messages] == [
        ("incorta-loads: 1 table broke", "failure"),
        ("incorta-loads: 1 table recovered", "success"),
    ]


def test_tables_of_an_incident_are_one_line(table: ObservedTable, hook: Webhook) -> None:
    """Each of them is recorded, so that none is sent again."""
    table.connection.execute(
        "INSERT INTO load_analysis_steps.int_table_states SELECT * EXCLUDE (range) "
        "REPLACE ('s.b' || range AS table_name, 's.b' || range AS table_key) "
        "FROM load_analysis_steps.int_table_states, range(12)"
    )
    table.connection.execute("INSERT INTO load_analysis.incidents VALUES (88, 85, 88, 'i')")
    table.connection.execute(
        "INSERT INTO load_analysis.incident_tables "
        "SELECT 88, true, 'i', table_key FROM load_analysis_steps.int_table_states"
    )
    for run in ("run 1", "run 2"):
        announce(table.connection, Receivers([hook.url]), run)
    [message] = hook.messages
    _, line, now, _ = message["message"].splitlines()
    assert line == (
        "- 13 tables of s broke after 85 and by 88, open: s.a, s.b0, s.b1, s.b10, s.b11 "
        "and 8 more (incident 88)"
    )
    assert now == "Now: 13 broken, 0 worse than before."
    assert len(recorded(table)) == 13


def test_tables_of_several_clusters_name_theirs(table: ObservedTable, hook: Webhook) -> None:
    """Each line does; the first lines list them."""
    table.connection.execute(
        "INSERT INTO load_analysis_steps.int_table_states SELECT * REPLACE ('d' AS cluster) "
        "FROM load_analysis_steps.int_table_states"
    )
    announce(table.connection, Receivers([hook.url]), "run 1")
    [message] = hook.messages
    lines = message["message"].splitlines()
    assert lines[:2] == ["c, tenant t", "d, tenant t"]
    assert lines[2].startswith("- c, tenant t: s.a is broken since")
    assert lines[3].startswith("- d, tenant t: s.a is broken since")


def test_the_end_of_a_regression_is_recorded_but_not_sent(hook: Webhook) -> None:
    """As long as the table is not healthy, there is no good news."""
    with unreported_table() as observed:
        observed.run("intermittent", 0.0001)
        observed.connection.execute(
            "UPDATE load_analysis_steps.int_table_states SET is_worse = false, is_no_worse = true"
        )
        assert announce(observed.connection, Receivers([hook.url]), "run 2") == []
        assert sorted(recorded(observed)) == [("regressed", None), ("unchanged", None)]
    assert hook.messages == []


def test_a_notification_that_no_receiver_accepted_is_sent_by_the_next_run(
    table: ObservedTable, hook: Webhook
) -> None:
    """An undelivered notification is not recorded, and the next run sends it."""
    hook.status = 500
    assert announce(table.connection, Receivers([hook.url]), "run 1")
    assert recorded(table) == []
    hook.status = 200
    announce(table.connection, Receivers([hook.url]), "run 2")
    assert len(hook.messages) == 1


def test_a_receiver_gets_a_notification_once_while_another_is_down(
    table: ObservedTable, hook: Webhook
) -> None:
    """The receiver that was down gets the notification when it is up again."""
    with webhook() as down:
        urls = [hook.url, down.url]
        down.status = 503
        announce(table.connection, Receivers(urls), "run 1")
        announce(table.connection, Receivers(urls), "run 2")
        assert (len(hook.messages), len(down.messages)) == (1, 0)
        [(state, missed)] = recorded(table)
        assert (state, missed) == ("broken_since", Receivers(urls).names[1])
        down.status = 200
        assert announce(table.connection, Receivers(urls), "run 3") == []
        assert (len(hook.messages), len(down.messages)) == (1, 1)
    assert recorded(table) == [("broken_since", None)]


def test_a_receiver_that_rejected_a_notification_gets_no_other_in_the_same_run(
    hook: Webhook,
) -> None:
    """Each further attempt could cost the run half a minute."""
    receivers = Receivers([hook.url])
    requests: list[int] = []
    hook.status, hook.before_answer = 500, lambda: requests.append(1)
    for _ in range(3):
        assert receivers.send(Notification("title", "body", is_bad_news=True), receivers.names)
    assert requests == [1]


def test_a_slow_receiver_gets_a_notification_once(
    table: ObservedTable, hook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Apprise's own read timeout is 4 seconds; the test sets it to 0.2 seconds."""
    assert apprise.NotifyBase.socket_read_timeout == 4
    monkeypatch.setattr(apprise.NotifyBase, "socket_read_timeout", 0.2)
    hook.before_answer = lambda: hook.closed.wait(0.5)
    receivers = Receivers([hook.url])
    announce(table.connection, receivers, "run 1")
    assert recorded(table) == [("broken_since", None)]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_a_delivery(table: ObservedTable, hook: Webhook, status: int) -> None:
    """A redirect may lead to a login page or to another host, so it is not followed."""
    with webhook() as elsewhere:
        hook.status, hook.location = status, elsewhere.url.replace("json:", "http:")
        announce(table.connection, Receivers([hook.url]), "run 1")
        assert recorded(table) == []
        assert elsewhere.requests == 0


def test_receivers_are_notified_concurrently(table: ObservedTable) -> None:
    """A slow receiver delays no other: each responds only after both received their request."""
    with webhook() as first, webhook() as second:
        together = threading.Barrier(2, timeout=HANG_SECONDS)
        first.before_answer = second.before_answer = together.wait
        announce(table.connection, Receivers([first.url, second.url]), "run 1")
        assert recorded(table) == [("broken_since", None)]


def notify_dripping_receiver(
    hook: Webhook, script: str, number: signal.Signals | None = None
) -> tuple[int, str, str]:
    """Runs a script that notifies a receiver whose response never ends.

    Args:
        hook: the receiver.
        script: the Python code of the process.
        number: a signal to send while the process waits for the response.
    """
    running: list[subprocess.Popen[str]] = []
    hook.drips = True
    if number is not None:
        hook.before_answer = lambda: running[0].send_signal(number)
    process = subprocess.Popen(
        [sys.executable, "-c", script, hook.url],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    running.append(process)
    try:
        output, errors = process.communicate(timeout=COMMAND_SECONDS)
    finally:
        process.kill()
    return process.returncode, output, errors


INTERRUPTED = """
import sys
from incorta_loads import errors
from incorta_loads.cli.main import main
from incorta_loads.alerts import receivers as sending
from incorta_loads.cli.interrupts import prompt_interrupt
sending._MOST_SECONDS = 3600
receivers = sending.Receivers(sys.argv[1:])
try:
    with prompt_interrupt("nothing is lost."):
        receivers.send(sending.Notification("title", "body", True), receivers.names)
except errors.InterruptedRunError as error:
    print(error.exit_code, error)
main(["--version"])
"""


def test_a_signal_does_not_wait_for_a_receiver(hook: Webhook) -> None:
    """A signal ends a delivery that may take an hour, since schedulers kill slow processes."""
    code, output, errors = notify_dripping_receiver(hook, INTERRUPTED, signal.SIGTERM)
    assert output.startswith("143 ")
    assert (code, errors) == (0, "")


DRIPPED_ON = """
import multiprocessing, sys
from incorta_loads.cli.main import main
from incorta_loads.alerts import receivers as sending
lock = multiprocessing.get_context("spawn").RLock()  # as dbt has one
sending._MOST_SECONDS = 0.5
receivers = sending.Receivers(sys.argv[1:])
notification = sending.Notification("title", "body", True)
assert receivers.send(notification, receivers.names) == receivers.names
main(["--version"])
"""


def test_a_receiver_whose_response_never_ends_does_not_block_the_exit(hook: Webhook) -> None:
    """Each byte of the response arrives before the read timeout, which never expires."""
    code, output, errors = notify_dripping_receiver(hook, DRIPPED_ON)
    assert (code, output.strip()) == (0, __version__)
    assert "leaked" not in errors


def test_a_url_may_set_its_own_timeout(table: ObservedTable, hook: Webhook) -> None:
    """Apprise's `rto` parameter sets the timeout."""
    given_up = threading.Event()
    hook.before_answer = lambda: given_up.wait(HANG_SECONDS)
    announce(table.connection, Receivers([f"{hook.url}?rto=0.2"]), "run 1")
    given_up.set()
    assert recorded(table) == []


def test_without_receivers_a_change_is_reported_in_the_summary_once(table: ObservedTable) -> None:
    """A change that the summary reported is not reported by the next run."""
    assert [each.state for each in announce(table.connection, Receivers([]), "run 1")] == [
        "broken_since"
    ]
    assert announce(table.connection, Receivers([]), "run 2") == []


def test_an_unreachable_receiver_does_not_fail_the_run(table: ObservedTable) -> None:
    """The next run tries the receiver again."""
    receivers = Receivers(["json://127.0.0.1:9/nobody"])
    assert announce(table.connection, receivers, "run 1")
    assert recorded(table) == []


def test_many_tables_are_counted_and_the_first_are_named(
    table: ObservedTable, hook: Webhook
) -> None:
    """A notification lists at most 20 tables and counts the others."""
    table.connection.execute(
        "INSERT INTO load_analysis_steps.int_table_states SELECT * EXCLUDE (range) "
        "REPLACE ('s.b' || range AS table_name) "
        "FROM load_analysis_steps.int_table_states, range(29)"
    )
    announce(table.connection, Receivers([hook.url]), "run 1")
    [message] = hook.messages
    lines = message["message"].splitlines()
    assert message["title"] == "incorta-loads: 30 tables broke"
    assert len([line for line in lines if line.startswith("- s.")]) == 20
    assert "- and 10 more: incorta-loads changes" in lines


@pytest.mark.parametrize("url", ["nonsense://x/secret-part", "no url at all", "json://", "://"])
def test_an_unknown_url_is_refused_without_showing_it(url: str) -> None:
    """The error names the URL by its position in the list."""
    with pytest.raises(InvalidSettingError, match="URL 2 of 2 in the setting urls") as caught:
        Receivers(["json://127.0.0.1:9/x", url])
    assert "secret-part" not in str(caught.value)


def test_the_name_of_a_receiver_does_not_reveal_its_url(hook: Webhook) -> None:
    """The name is stored in the warehouse, so it must not contain the secret."""
    [name] = Receivers([hook.url]).names
    assert SECRET not in name
    assert len(name) == 12


@pytest.mark.parametrize(
    ("schema", "table", "shown"),
    [
        ("s", "s.a", "s.a"),
        ("s", "a", "s.a"),
        (None, "a", "a"),
        ("s", None, "s.(no name)"),
        ("s", "s.a\n\x1b[31m", r"s.a\n\x1b[31m"),
        ("s", "s." + "a" * 1000, "s." + "a" * 58 + "…" + "a" * 59),
    ],
)
def test_a_table_has_one_short_line(schema: str | None, table: str | None, shown: str) -> None:
    """A table's name fits one short line, whatever its length and characters."""
    event = Change("c", "t", schema, table, "broken", "broken_since", 1, 3, 3, 0, 0)
    assert table_name(event) == shown


def test_a_notification_does_not_depend_on_the_terminals_encoding(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Characters that the terminal cannot show are kept in a notification."""
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    event = Change("c", "t", "Größen", "Maße", "broken", "broken_since", 1, 3, 3, 0, 0)
    assert sentence(event).startswith("Größen.Maße is broken")


def test_each_state_has_a_sentence_with_its_counts() -> None:
    """The sentence contains the counts behind the state."""
    always = Change("c", "t", "s", "s.a", "broken", "always_failing", 1, 9, 9, 0, 0)
    worse = Change("c", "t", "s", "s.a", "regressed", "regressed", 70, 6, 20, 2, 100)
    well = Change("c", "t", "s", "s.a", "well", "healthy", None, 0, 130, 7, 37)
    assert [sentence(each) for each in (always, worse, well)] == [
        "s.a always fails since execution 1: 9 errors in a row, 0 of 0 before",
        (
            "s.a fails more often since execution 70: errors began in 6 of 20 runs after "
            "successes, in 2 of 100 before"
        ),
        "s.a is healthy: 130 runs without an error, 7 of 37 before",
    ]


# --- Ids that start over --------------------------------------------------------------------------


@pytest.fixture
def restarted() -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse of two clusters; the ids of one of them start over after 428."""
    with unreported_table() as observed:
        observed.connection.execute(
            "INSERT INTO load_analysis.coverage "
            "VALUES ('prod', 'default', 428, true), ('test', 'default', 7, false)"
        )
        yield observed.connection


def recorded_rows(connection: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    return connection.execute(
        "SELECT cluster, tenant, schema_name, table_name, state, since_execution_id "
        "FROM load_status.alerts ORDER BY ALL"
    ).fetchall()


def test_ids_that_start_over_are_reported_once(
    restarted: duckdb.DuckDBPyConnection, hook: Webhook
) -> None:
    """The notification explains the restart and the setting to change; another restart is reported
    again."""
    receivers = Receivers([hook.url])
    for run_id in ("run 1", "run 2"):
        assert announce(restarted, receivers, run_id) == []
    assert hook.titles == ["incorta-loads: the ids of a cluster start over"]
    text = hook.messages[0]["message"]
    assert "execution 428, the highest in the warehouse, is no longer there" in text
    assert 'set cluster = "prod-2" under [sources.incorta]' in text
    assert recorded_rows(restarted) == [("prod", "default", None, None, "ids_restarted", 428)]
    restarted.execute("UPDATE load_analysis.coverage SET highest_loaded_id = 500")
    announce(restarted, receivers, "run 3")
    assert len(hook.messages) == 2


def test_a_receiver_that_missed_a_restart_of_ids_gets_it_later(
    restarted: duckdb.DuckDBPyConnection, hook: Webhook
) -> None:
    """A receiver that got the notification does not get it again."""
    with webhook() as other:
        other.status = 500
        announce(restarted, Receivers([hook.url, other.url]), "run 1")
        assert (len(hook.messages), len(other.messages)) == (1, 0)
        other.status = 200
        for run_id in ("run 2", "run 3"):
            announce(restarted, Receivers([hook.url, other.url]), run_id)
        assert (len(hook.messages), len(other.messages)) == (1, 1)
    assert len(recorded_rows(restarted)) == 1


def test_a_notification_is_never_dated_before_the_last_one(
    table: ObservedTable, hook: Webhook
) -> None:
    """After a wrong clock, the next notification must still sort after the previous ones."""
    future = datetime(2100, 1, 1, tzinfo=UTC)
    announce(table.connection, Receivers([hook.url]), "run 1")
    table.connection.execute("UPDATE load_status.alerts SET announced_at = $at", {"at": future})
    table.run("recovered")
    table.connection.execute(
        "DELETE FROM load_status.alerts WHERE announced_at < $at", {"at": future}
    )
    announce(table.connection, Receivers([hook.url]), "run 2")
    announce(table.connection, Receivers([hook.url]), "run 3")
    assert [title.rpartition(" ")[2] for title in hook.titles] == ["broke", "recovered"]
