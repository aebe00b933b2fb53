"""Output on a terminal and in a pipe: bars, colors, log lines and completion."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from incorta_simulator.faults.faults import Refusal
from incorta_simulator.server.simulator import Simulator
from journeys.shell import COMMAND, TOKEN, User
from journeys.terminal import on_a_terminal


def test_a_progress_bar_is_drawn_on_a_terminal_only(user: User) -> None:
    """On a terminal the cursor moves; in a pipe every line is complete and plain."""
    exit_code, shown = on_a_terminal(user, "ingest", "--ids", "1-120", is_stdout_too=False)
    assert exit_code == 0
    assert "\x1b[" in shown
    assert "fetching" in shown
    plain = user.runs("ingest", "--ids", "1-120").stderr
    assert "\x1b" not in plain
    assert "fetching" not in plain
    assert plain.splitlines()[0] == "requesting ids 1-120"


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_run_with_closed_streams_succeeds(user: User, closed: str) -> None:
    """Some schedulers close the streams; the exit code is the result."""
    command = f'"{COMMAND}" ingest --ids 1-3 {closed}'
    subprocess.run(["sh", "-c", command], cwd=user.home, env=user.environment, check=True)
    assert len(user.queries("SELECT * FROM load_status.fetches")) == 3


def test_quiet_prints_warnings_only(user: User, simulator: Simulator) -> None:
    """It works before and after the command, and there is no bar on a terminal."""
    for arguments in (["-q", "ingest"], ["ingest", "--quiet"]):
        assert user.runs(*arguments, "--ids", "1-3").stderr == ""
    simulator.faults.plan(5, Refusal(403))
    (line,) = user.runs("ingest", "-q", "--ids", "1-5", exit_code=3).stderr.splitlines()
    assert line.startswith("1 forbidden, the first id 5: ")
    exit_code, shown = on_a_terminal(user, "ingest", "-q", "--ids", "1-3")
    assert (exit_code, shown) == (0, "")


def test_verbose_logs_each_response_batch_and_model(user: User) -> None:
    """Only this program's lines are shown; `--debug` shows those of libraries."""
    stderr = user.runs("-v", "ingest", "--ids", "1-3").stderr
    assert "execution 2: HTTP 200 (loaded) after " in stderr
    assert "loaded a batch of 3 ids, " in stderr
    assert "urllib3" not in stderr
    assert re.match(r"\d\d:\d\d:\d\d requesting ids 1-3\n", stderr)
    stderr = user.runs("analyze", "--verbose").stderr
    assert re.search(r"(?m)^\d\d:\d\d:\d\d building executions$", stderr)


def test_quiet_and_verbose_together_are_wrong_usage(user: User) -> None:
    """This includes one option before and the other after the command."""
    done = user.runs("-q", "ingest", "-v", exit_code=2)
    assert done.stderr == ("Error: --quiet and --verbose exclude each other; name one of them.\n")


def test_logs_may_be_json(user: User, simulator: Simulator) -> None:
    """Each line, including the final error, is an object with time, level, logger and message."""
    user.settings["SOURCES__INCORTA__LOG_FORMAT"] = "json"
    simulator.faults.plan(3, Refusal(401, f"Invalid Token [{TOKEN}]"))
    done = user.runs("ingest", "-v", "--ids", "1-3", exit_code=2)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert {tuple(line)[:4] for line in lines} == {("time", "level", "logger", "message")}
    assert all(re.fullmatch(r"[\d-]{10}T[\d:.]{8,15}\+00:00", line["time"]) for line in lines)
    assert lines[-1]["level"] == "ERROR"
    assert lines[-1]["exit_code"] == 2
    assert lines[-1]["message"].startswith("The cluster refused the access token (")
    (fetches,) = user.queries("SELECT DISTINCT run_id FROM load_status.fetches")
    assert {line["run_id"] for line in lines if "run_id" in line} == {fetches["run_id"]}
    assert TOKEN not in done.stderr
    assert "[redacted]" in lines[-1]["message"]


@pytest.mark.parametrize("arguments", [["ingest", "--ids", "x"], ["explode"], ["-q", "-v", "run"]])
def test_wrong_usage_is_json_too(user: User, arguments: list[str]) -> None:
    """This includes errors before the logs are set up."""
    user.settings["SOURCES__INCORTA__LOG_FORMAT"] = "JSON"
    (line,) = user.runs(*arguments, exit_code=2).stderr.splitlines()
    assert json.loads(line)["level"] == "ERROR"


def test_json_logs_have_no_bar_and_a_field_for_the_traceback(user: User) -> None:
    """There is no bar on a terminal either; `--debug` adds the traceback field."""
    user.settings["SOURCES__INCORTA__LOG_FORMAT"] = "json"
    exit_code, shown = on_a_terminal(user, "ingest", "--ids", "1-3")
    assert exit_code == 0
    assert [json.loads(line)["level"] for line in shown.splitlines()] == ["INFO"] * 3
    done = user.runs("--debug", "ingest", "--ids", "x", exit_code=2)
    assert json.loads(done.stderr.splitlines()[-1])["traceback"].startswith("Traceback (most")


def test_an_unknown_log_format_is_refused(user: User) -> None:
    """It does not fall back to text."""
    user.settings["SOURCES__INCORTA__LOG_FORMAT"] = "xml"
    done = user.runs("ingest", exit_code=2)
    assert done.stderr == (
        "Error: The setting log_format (SOURCES__INCORTA__LOG_FORMAT) is 'xml'; it must be text or "
        "json.\n"
    )


COLOR = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-7]|9[0-7]|38;[\d;]+)m")


def test_colors_are_for_terminals_without_no_color(analyzed: User) -> None:
    """Pipes and NO_COLOR get none; each color is accompanied by a sign."""
    _, shown = on_a_terminal(analyzed, "show", "50")
    assert COLOR.search(shown)
    _, shown = on_a_terminal(analyzed, "show", "50", NO_COLOR="1")
    assert not COLOR.search(shown)
    assert "✓ " in shown
    for arguments in (["show", "50"], ["failures"], ["--help"], ["show", "--help"]):
        assert "\x1b" not in analyzed.runs(*arguments).stdout


def completed(user: User, shell: str, *words: str) -> list[str]:
    """The shell's suggestions for the last word, by the protocol of its script."""
    line = " ".join(["incorta-loads", *words])
    variables = {
        "bash": {"COMP_WORDS": line.strip(), "COMP_CWORD": str(len(words))},
        "zsh": {"_TYPER_COMPLETE_ARGS": line},
        "fish": {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
    }[shell]
    done = subprocess.run(
        [COMMAND],
        env=user.environment | variables | {"_INCORTA_LOADS_COMPLETE": f"complete_{shell}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    if shell == "zsh":  # "value", or "value":"description"
        return re.findall(r'^"([^"]+)"', done.stdout.partition("((")[2], re.MULTILINE)
    return re.findall(r"^[\w-]+", done.stdout, re.MULTILINE)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_commands_options_and_values(user: User, shell: str) -> None:
    """The scripts of --show-completion call the program this way."""
    assert completed(user, shell, "wa") == ["watch"]
    assert {"ingest", "watch", "show"} <= set(completed(user, shell, ""))
    assert completed(user, shell, "watch", "--ev") == ["--every"]
    assert completed(user, shell, "watch", "--verb") == ["--verbose"]
    assert completed(user, shell, "failures", "--by", "sc") == ["schema"]
    assert completed(user, shell, "show", "7", "--format", "") == ["table", "csv", "json"]


def test_completion_is_installed_for_the_calling_shell(user: User) -> None:
    """New Bash sessions load it and have the function."""
    # ends with a builtin, or bash would replace itself and not be detected as the calling shell
    shell = ["bash", "-c", f"{COMMAND} --install-completion; {COMMAND} --show-completion; :"]
    environment = user.environment | {"PATH": f"{COMMAND.parent}:{user.environment['PATH']}"}
    done = subprocess.run(shell, env=environment, capture_output=True, text=True, check=True)
    assert "bash completion installed in" in done.stdout
    assert "_INCORTA_LOADS_COMPLETE=complete_bash" in done.stdout
    completion = (
        "COMP_WORDS=(incorta-loads cov); COMP_CWORD=1; _incorta_loads_completion incorta-loads"
    )
    script = f'source ~/.bashrc; complete -p incorta-loads; {completion}; echo "${{COMPREPLY[@]}}"'
    done = subprocess.run(
        ["bash", "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "coverage"
