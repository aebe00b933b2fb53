"""`run`: what a scheduler calls, and what it leaves when a part of it fails."""

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
    """Who gets notifications."""
    with webhook() as running:
        yield running


@pytest.fixture
def told(analysed: User, tmp_path: Path, hook: Webhook) -> User:
    """A user with the warehouse of `analysed`, of which nobody was told anything yet."""
    home = tmp_path / "home"
    home.mkdir()
    user = User(home, analysed.settings | {"SOURCES__INCORTA__NOTIFY__URLS": hook.url})
    shutil.copyfile(analysed.warehouse, user.warehouse)
    with duckdb.connect(user.warehouse) as connection:
        connection.execute("DELETE FROM load_status.alerts")
    return user


def published(user: User) -> dict[str, int]:
    """Path → inode of what is published."""
    directory = user.home / "published"
    files = [each for each in directory.rglob("*") if each.is_file()]
    return {str(each.relative_to(directory)): each.stat().st_ino for each in files}


def test_a_run_killed_after_sending_repeats_its_message_and_loses_none(
    told: User, hook: Webhook
) -> None:
    """The same message has the same event; the run after that says nothing again."""
    running: list[subprocess.Popen[str]] = []
    hook.before_answer = lambda: running[0].send_signal(signal.SIGKILL)
    running.append(
        subprocess.Popen(
            [COMMAND, *NOTHING_NEW],
            cwd=told.home,
            env=told.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    )
    running[0].communicate(timeout=COMMAND_SECONDS)
    assert running[0].returncode == -signal.SIGKILL
    assert len(hook.messages) == 1
    assert told.asks(ALERTS) == []

    hook.before_answer = lambda: None
    done = told.runs(*NOTHING_NEW, "--debug")
    assert [each["message"] for each in hook.messages] == [hook.messages[0]["message"]] * 2
    rows = told.asks(ALERTS)
    assert {row["event_id"] for row in rows} == {
        hook.messages[0]["message"].rpartition("Event ")[2].rstrip(".")
    }
    assert all(row["missed"] is None for row in rows)
    broken = {row["table_name"] for row in rows if row["state"] != "regressed"}
    assert broken == {
        each["table_name"]
        for each in told.asks(
            "SELECT table_name FROM load_analysis.table_health "
            "WHERE behaviour IN ('always_failing', 'broken_since')"
        )
    }
    assert f"Broke since the last run: {len(broken)}" in done.stdout
    assert SECRET not in done.stdout + done.stderr
    assert [each for each in told.home.rglob("*") if _has(each, SECRET)] == []

    asked, since, places, warehouse = told.runs(*NOTHING_NEW).stdout.splitlines()
    assert asked == "Requested: 1 id (1 not_found)"
    assert since == "Since the last run: no table broke, got worse or recovered"
    assert places.startswith(f"Published: {told.home}/published (")
    assert warehouse == f"Warehouse: {told.warehouse}"
    assert len(hook.messages) == 2


def _has(path: Path, text: str) -> bool:
    return path.is_file() and text.encode() in path.read_bytes()


def test_a_part_that_fails_leaves_what_the_others_do(told: User, hook: Webhook) -> None:
    """A refused token decides on the exit code; a notification that nobody takes fails nothing."""
    told.settings["SOURCES__INCORTA__TOKEN"] = "expired"
    hook.status = 500
    done = told.runs("run", exit_code=2)
    assert "refused the access token" in done.stderr
    assert "receiver 1 of 1" in done.stderr
    assert SECRET not in done.stdout + done.stderr
    assert told.asks(ALERTS) == []
    assert "manifest.json" in published(told)
    assert "Published: " in done.stdout


def test_a_first_run_with_a_wrong_token_ends_at_once(user: User) -> None:
    """There is nothing that could be analysed or published."""
    user.settings["SOURCES__INCORTA__TOKEN"] = "expired"
    done = user.runs("run", exit_code=2)
    assert "refused the access token" in done.stderr
    assert "models built" not in done.stderr
    assert not (user.home / "published").exists()


def test_models_that_fail_leave_the_last_publication(told: User, hook: Webhook) -> None:
    """Nobody is told anything of an analysis that is not whole."""
    told.runs("publish")
    before = published(told)
    with duckdb.connect(told.warehouse) as connection:
        connection.execute("DELETE FROM load_status.nodes WHERE execution_id = 5 AND node_id = 3")
    done = told.runs(*NOTHING_NEW, exit_code=1)
    assert "the SQL test " in done.stderr
    assert "Published: nothing; the previous publication is unchanged" in done.stdout
    assert hook.messages == []
    assert published(told) == before


def test_a_place_that_cannot_be_written_leaves_what_was_loaded_and_told(
    told: User, hook: Webhook
) -> None:
    """The exit code is that of a wrong setting, and stderr says why."""
    (told.home / "published").write_text("in the way")
    done = told.runs(*NOTHING_NEW, exit_code=2)
    assert "is not a directory" in done.stderr
    assert len(hook.messages) == 1


@pytest.mark.parametrize("url", ["nonsense://secret-part", "http//typo"])
def test_a_url_that_apprise_does_not_know_ends_a_run_before_it_begins(told: User, url: str) -> None:
    """Like any wrong setting; it is not shown."""
    told.settings["SOURCES__INCORTA__NOTIFY__URLS"] = url
    before = told.warehouse.read_bytes()
    done = told.runs("run", exit_code=2)
    assert "URL 1 of 1 in the setting urls" in done.stderr
    assert "secret-part" not in done.stderr
    assert told.warehouse.read_bytes() == before
