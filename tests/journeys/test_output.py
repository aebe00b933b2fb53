"""What a command does whose output cannot be written."""

from __future__ import annotations

import subprocess

import pytest

from incorta_simulator.faults.faults import RawBody
from incorta_simulator.server.simulator import Simulator
from journeys.shell import COMMAND, User

COMMANDS = [
    "health",
    "sql 'FROM load_status.nodes'",
    "sql 'FROM load_status.nodes' --format csv",
    "sql 'FROM load_status.nodes' --format json",
    "show 1",
    "show 1 --format json",
    "coverage",
    "--help",
    "--version",
    "health --help",
    "simulate --truth",
    "simulate",
]
FULL = (
    "Error: The output could not be written: No space left on device; make room, or send it "
    "elsewhere.\n"
)


def in_a_shell(user: User, script: str) -> subprocess.CompletedProcess[str]:
    """`$C` is the command."""
    return subprocess.run(
        ["sh", "-c", script],
        cwd=user.home,
        env=user.environment | {"C": str(COMMAND)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk_below_stdout_is_one_sentence(analysed: User, command: str) -> None:
    """Exit code 1, whatever the command and however much it prints."""
    done = in_a_shell(analysed, f'"$C" {command} > /dev/full')
    assert (done.returncode, done.stderr) == (1, FULL)


@pytest.mark.parametrize("command", ["health", "--help", "simulate"])
def test_where_nothing_can_be_written_there_is_the_exit_code(analysed: User, command: str) -> None:
    """1, and not what Python makes of it."""
    done = in_a_shell(analysed, f'"$C" {command} > /dev/full 2> /dev/full')
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")


def test_log_lines_that_are_lost_make_a_success_a_failure(user: User) -> None:
    """The work is done all the same; whoever reads the log must not take it for whole."""
    done = in_a_shell(user, '"$C" ingest --ids 1-3 2> /dev/full')
    assert (done.returncode, done.stdout) == (1, "")
    assert len(user.asks("SELECT * FROM load_status.fetches")) == 3


@pytest.mark.parametrize(("arguments", "code"), [("explode", 2), ("ingest --ids x", 2)])
def test_an_error_that_nobody_can_read_keeps_its_exit_code(
    user: User, arguments: str, code: int
) -> None:
    """It says more than that the sentence was lost."""
    done = in_a_shell(user, f'"$C" {arguments} 2> /dev/full')
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")


def test_what_prints_nothing_on_stderr_may_have_it_full(analysed: User) -> None:
    """Nothing is lost."""
    done = in_a_shell(analysed, '"$C" health 2> /dev/full')
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Health of tables\n")


def test_watching_into_a_full_disk_ends(user: User, simulator: Simulator) -> None:
    """At the first line that is lost; nothing is loaded."""
    simulator.faults.plan(17, RawBody(b'{"status": {"stateType": "Load State"}}'))
    done = in_a_shell(user, '"$C" watch 17 > /dev/full')
    assert (done.returncode, done.stderr) == (1, FULL)
    assert not user.warehouse.exists()


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
@pytest.mark.parametrize("command", ["health", "--help", "sql 'FROM load_status.nodes'"])
def test_closed_streams_are_no_trouble(analysed: User, command: str, closed: str) -> None:
    """Whoever closes them wants to hear nothing."""
    done = in_a_shell(analysed, f'"$C" {command} {closed}')
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("command", ["--help", "health", "ingest --ids 1", "analyze", "watch 1"])
def test_a_directory_that_is_gone_is_one_sentence(user: User, command: str) -> None:
    """As where a shell stands in what was removed meanwhile."""
    done = in_a_shell(user, f'mkdir gone; cd gone; rmdir "$PWD"; "$C" {command}')
    gone = (
        "Error: The working directory cannot be used (No such file or directory); change to one "
        "that exists.\n"
    )
    expected = (0, "") if command == "--help" else (2, gone)
    assert (done.returncode, done.stderr) == expected


def test_a_reader_that_goes_away_is_no_failure_of_ours(analysed: User) -> None:
    """The exit code is that of a closed pipe, and nothing is said."""
    script = '{ "$C" sql "FROM load_status.nodes, range(20)"; echo $? >&2; } | head -1'
    done = in_a_shell(analysed, script)
    assert done.stderr == "141\n"
