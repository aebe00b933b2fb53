"""The behavior of commands whose output cannot be written."""

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
    "Error: The output could not be written: No space left on device; free some space, or "
    "redirect it.\n"
)


def in_a_shell(user: User, script: str) -> subprocess.CompletedProcess[str]:
    """Runs the script, in which `$C` is the command."""
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
def test_stdout_on_a_full_disk_is_one_sentence(analyzed: User, command: str) -> None:
    """The exit code is 1 for any command and any amount of output."""
    done = in_a_shell(analyzed, f'"$C" {command} > /dev/full')
    assert (done.returncode, done.stderr) == (1, FULL)


@pytest.mark.parametrize("command", ["health", "--help", "simulate"])
def test_if_no_output_can_be_written_the_exit_code_remains(analyzed: User, command: str) -> None:
    """The exit code is 1, not Python's 120."""
    done = in_a_shell(analyzed, f'"$C" {command} > /dev/full 2> /dev/full')
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")


def test_lost_log_lines_turn_success_into_failure(user: User) -> None:
    """The work is complete, but a reader of the log must not take the log for complete."""
    done = in_a_shell(user, '"$C" ingest --ids 1-3 2> /dev/full')
    assert (done.returncode, done.stdout) == (1, "")
    assert len(user.queries("SELECT * FROM load_status.fetches")) == 3


@pytest.mark.parametrize(("arguments", "code"), [("explode", 2), ("ingest --ids x", 2)])
def test_an_error_whose_message_is_lost_keeps_its_exit_code(
    user: User, arguments: str, code: int
) -> None:
    """The error's exit code is more informative than that of the lost message."""
    done = in_a_shell(user, f'"$C" {arguments} 2> /dev/full')
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")


def test_a_full_stderr_is_ignored_if_nothing_is_printed_there(analyzed: User) -> None:
    """No output is lost."""
    done = in_a_shell(analyzed, '"$C" health 2> /dev/full')
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Health of tables\n")


def test_watching_ends_if_its_output_is_lost(user: User, simulator: Simulator) -> None:
    """It ends at the first lost line, and nothing is loaded."""
    simulator.faults.plan(17, RawBody(b'{"status": {"stateType": "Load State"}}'))
    done = in_a_shell(user, '"$C" watch 17 > /dev/full')
    assert (done.returncode, done.stderr) == (1, FULL)
    assert not user.warehouse.exists()


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
@pytest.mark.parametrize("command", ["health", "--help", "sql 'FROM load_status.nodes'"])
def test_closed_streams_are_ignored(analyzed: User, command: str, closed: str) -> None:
    """A user who closes a stream does not want its output."""
    done = in_a_shell(analyzed, f'"$C" {command} {closed}')
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("command", ["--help", "health", "ingest --ids 1", "analyze", "watch 1"])
def test_a_deleted_working_directory_is_one_sentence(user: User, command: str) -> None:
    """The working directory of a shell may have been deleted."""
    done = in_a_shell(user, f'mkdir gone; cd gone; rmdir "$PWD"; "$C" {command}')
    gone = (
        "Error: The working directory cannot be used (No such file or directory); change to one "
        "that exists.\n"
    )
    expected = (0, "") if command == "--help" else (2, gone)
    assert (done.returncode, done.stderr) == expected


def test_a_reader_that_exits_early_is_not_an_error(analyzed: User) -> None:
    """The exit code is that of a closed pipe, without any message."""
    script = '{ "$C" sql --limit 0 "FROM load_status.nodes, range(20)"; echo $? >&2; } | head -1'
    done = in_a_shell(analyzed, script)
    assert done.stderr == "141\n"
