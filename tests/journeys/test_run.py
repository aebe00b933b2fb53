"""`run`, the command for schedulers, and its result if one of its steps fails."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from journeys.shell import COMMAND, User
from support.patience import COMMAND_SECONDS
from support.webhook import SECRET, Webhook, webhook

NOTHING_NEW = ("run", "--ids", "100000")

ALERTS = "SELECT state, table_name, event_id, run_id, missed FROM load_status.alerts ORDER BY ALL"


@pytest.fixture
def hook() -> Iterator[Webhook]:
    """A receiver of notifications."""
    with webhook() as running:
        yield running


@pytest.fixture
def unnotified(analyzed: User, tmp_path: Path, hook: Webhook) -> User:
    """A user with the warehouse of `analyzed`, for which no notification has been sent yet."""
    home = tmp_path / "home"
    home.mkdir()
    user = User(home, analyzed.settings | {"SOURCES__INCORTA__NOTIFY__URLS": hook.url})
    shutil.copyfile(analyzed.warehouse, user.warehouse)
    with duckdb.connect(user.warehouse) as connection:
        connection.execute("DELETE FROM load_status.alerts")
    return user


def published(user: User) -> dict[str, int]:
    """Path → inode of each published file."""
    directory = user.home / "published"
    files = [each for each in directory.rglob("*") if each.is_file()]
    return {str(each.relative_to(directory)): each.stat().st_ino for each in files}


def test_a_run_killed_after_sending_repeats_its_notification_and_loses_none(
    unnotified: User, hook: Webhook
) -> None:
    """The repeated notification has the same event id, and the run after that sends nothing."""
    running: list[subprocess.Popen[str]] = []
    hook.before_answer = lambda: running[0].send_signal(signal.SIGKILL)
    running.append(
        subprocess.Popen(
            [COMMAND, *NOTHING_NEW],
            cwd=unnotified.home,
            env=unnotified.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    )
    running[0].communicate(timeout=COMMAND_SECONDS)
    assert running[0].returncode == -signal.SIGKILL
    assert len(hook.messages) == 1
    assert unnotified.queries(ALERTS) == []

    hook.before_answer = lambda: None
    done = unnotified.runs(*NOTHING_NEW, "--debug")
    assert [each["message"] for each in hook.messages] == [hook.messages[0]["message"]] * 2
    rows = unnotified.queries(ALERTS)
    assert {row["event_id"] for row in rows} == {
        hook.messages[0]["message"].rpartition("Event ")[2].rstrip(".")
    }
    assert all(row["missed"] is None for row in rows)
    broken = {row["table_name"] for row in rows if row["state"] != "regressed"}
    assert broken == {
        each["table_name"]
        for each in unnotified.queries(
            "SELECT table_name FROM load_analysis.table_health "
            "WHERE behaviour IN ('always_failing', 'broken_since')"
        )
    }
    never = {row["table_name"] for row in rows if row["state"] == "always_failing"}
    assert f"Broke since the last run: {len(broken - never)}" in done.stdout
    assert SECRET not in done.stdout + done.stderr
    assert [each for each in unnotified.home.rglob("*") if _has(each, SECRET)] == []

    requested, since, places, warehouse = unnotified.runs(*NOTHING_NEW).stdout.splitlines()
    assert requested == "Requested: 1 id (1 not_found)"
    assert since == "Since the last run: no table broke, got worse or recovered"
    assert places.startswith(f"Published: {unnotified.home}/published (")
    assert warehouse == f"Warehouse: {unnotified.warehouse}"
    assert len(hook.messages) == 2


def _has(path: Path, text: str) -> bool:
    return path.is_file() and text.encode() in path.read_bytes()


def test_a_failed_step_does_not_prevent_the_others(unnotified: User, hook: Webhook) -> None:
    """A rejected token decides the exit code; an undelivered notification is not a failure."""
    unnotified.settings["SOURCES__INCORTA__TOKEN"] = "expired"
    hook.status = 500
    done = unnotified.runs("run", exit_code=2)
    assert "refused the access token" in done.stderr
    assert "receiver 1 of 1" in done.stderr
    assert SECRET not in done.stdout + done.stderr
    assert unnotified.queries(ALERTS) == []
    assert "manifest.json" in published(unnotified)
    assert "Published: " in done.stdout


def test_a_first_run_with_a_wrong_token_ends_immediately(user: User) -> None:
    """There is nothing to analyze or publish."""
    user.settings["SOURCES__INCORTA__TOKEN"] = "expired"
    done = user.runs("run", exit_code=2)
    assert "refused the access token" in done.stderr
    assert "models built" not in done.stderr
    assert not (user.home / "published").exists()


def test_failed_models_leave_the_previous_publication_unchanged(
    unnotified: User, hook: Webhook
) -> None:
    """No notification is sent about an incomplete analysis."""
    unnotified.runs("publish")
    before = published(unnotified)
    with duckdb.connect(unnotified.warehouse) as connection:
        connection.execute("DELETE FROM load_status.nodes WHERE execution_id = 5 AND node_id = 3")
    done = unnotified.runs(*NOTHING_NEW, exit_code=1)
    assert "the SQL test " in done.stderr
    assert "Published: nothing; the previous publication is unchanged" in done.stdout
    assert hook.messages == []
    assert published(unnotified) == before


def test_an_unwritable_directory_does_not_prevent_notifications(
    unnotified: User, hook: Webhook
) -> None:
    """The exit code is that of an invalid setting, and stderr has the reason."""
    (unnotified.home / "published").write_text("in the way")
    done = unnotified.runs(*NOTHING_NEW, exit_code=2)
    assert "is not a directory" in done.stderr
    assert len(hook.messages) == 1


@pytest.mark.parametrize("url", ["nonsense://secret-part", "http//typo"])
def test_an_unknown_notification_url_stops_a_run_before_it_starts(
    unnotified: User, url: str
) -> None:
    """It is reported as an invalid setting and not shown."""
    unnotified.settings["SOURCES__INCORTA__NOTIFY__URLS"] = url
    before = unnotified.warehouse.read_bytes()
    done = unnotified.runs("run", exit_code=2)
    assert "URL 1 of 1 in the setting urls" in done.stderr
    assert "secret-part" not in done.stderr
    assert unnotified.warehouse.read_bytes() == before
