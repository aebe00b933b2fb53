"""The files of `docs/scheduling` call existing commands and handle their exit codes."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from configparser import ConfigParser
from pathlib import Path

import pytest

from journeys.shell import CHECKOUT, COMMAND, User

FILES = CHECKOUT / "docs" / "scheduling"
PAGE = CHECKOUT / "docs" / "scheduling.md"
PYTHON = ["airflow_dag.py", "dagster_job.py"]
INSTALLED = "/opt/incorta-loads/bin/incorta-loads"
GATE = ("health", "--fail-on-any", "--limit", "10")
WATCH = ("watch", "--every", "30", "--timeout", "3600")
TABLES = ("NO_USE_TO_RETRY", "RETRY")
NOT_IN_TABLES = {0, 3, 130, 143}  # success, a warning, and interrupted


def _text(name: str) -> str:
    return (FILES / name).read_text()


def _calls(name: str) -> set[tuple[str, ...]]:
    """The commands in a Python file: lists of arguments, including those of `call`."""
    lists: list[list[ast.expr]] = []
    for node in ast.walk(ast.parse(_text(name))):
        if isinstance(node, ast.List):
            lists.append(node.elts)
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "call":
            lists.append(node.args)
    words = [[each.value for each in found if isinstance(each, ast.Constant)] for found in lists]
    return {
        tuple(each for each in found if isinstance(each, str) and "{{" not in each)
        for found in words
        if found
    }


def _codes(name: str) -> dict[int, str]:
    """The exit codes in a Python file that end a task."""
    tables = [
        ast.literal_eval(node.value)
        for node in ast.parse(_text(name)).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in TABLES
    ]
    return {code: text for table in tables for code, text in table.items()}


def _codes_in_table(page: Path) -> set[int]:
    rows = re.findall(r"^\| ([\d, ]+) \|", page.read_text(), re.MULTILINE)
    return {int(code) for row in rows for code in row.split(",")}


def _unit(name: str) -> ConfigParser:
    unit = ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(FILES / name)
    return unit


@pytest.mark.parametrize("name", PYTHON)
def test_python_files_compile_and_call_the_expected_commands(name: str) -> None:
    """They call the hourly run, the check after it, and `watch`."""
    compile(_text(name), name, "exec")
    assert _calls(name) == {("run",), GATE, WATCH}


@pytest.mark.parametrize("call", [("run",), GATE, WATCH], ids=lambda call: call[0])
def test_every_command_and_option_exists(user: User, call: tuple[str, ...]) -> None:
    """`--help` lists it."""
    command, *options = call
    text = user.runs(command, "--help").stdout
    assert [each for each in options if each.startswith("--") and each not in text] == []


def test_exit_codes_are_those_of_the_page_of_commands() -> None:
    """Each code is on the page and in both Python files, with the same text."""
    codes = _codes_in_table(CHECKOUT / "docs" / "commands.md")
    assert _codes_in_table(PAGE) == codes
    assert [set(_codes(name)) | NOT_IN_TABLES for name in PYTHON] == [codes, codes]
    assert _codes(PYTHON[0]) == _codes(PYTHON[1])


def test_systemd_retries_all_failures_except_configuration_errors(tmp_path: Path) -> None:
    """Code 2 needs a person, and 3 is a success; systemd verifies the units if it is installed."""
    service, timer = _unit("incorta-loads.service"), _unit("incorta-loads.timer")
    assert [service.sections(), timer.sections()] == [
        ["Unit", "Service"],
        ["Unit", "Timer", "Install"],
    ]
    settings = service["Service"]
    assert settings["ExecStart"] == f"{INSTALLED} run"
    assert settings["EnvironmentFile"] == "/etc/incorta-loads.env"
    assert settings["SuccessExitStatus"] == "3 130 143"
    assert (settings["Restart"], settings["RestartPreventExitStatus"]) == ("on-failure", "2")
    assert timer["Timer"]["OnCalendar"] == "*-*-* *:17:00"
    if systemd := shutil.which("systemd-analyze"):
        here = _text("incorta-loads.service").replace(INSTALLED, str(COMMAND))
        (tmp_path / "incorta-loads.service").write_text(here)
        (tmp_path / "incorta-loads.timer").write_text(_text("incorta-loads.timer"))
        command = [systemd, "verify", "--man=no", *map(str, tmp_path.glob("incorta-loads.*"))]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("code", "mailed"), [(0, ""), (8, ""), (1, "said"), (2, "said"), (3, "said")]
)
def test_cron_mails_only_what_did_not_succeed(tmp_path: Path, code: int, mailed: str) -> None:
    """cron mails any output. There is none after success, or if the warehouse is busy."""
    (line,) = (each for each in _text("crontab").splitlines() if each[:1].isdigit())
    *when, command = line.split(" ", maxsplit=5)
    assert when == ["17", "*", "*", "*", "*"]
    (tmp_path / "settings").write_text("SOURCES__INCORTA__TOKEN='$a'\n")
    ended = f'sh -c \'test "$SOURCES__INCORTA__TOKEN" = "\\$a" && echo said; exit {code}\' --'
    for there, here in {
        INSTALLED: ended,
        "/etc/incorta-loads.env": str(tmp_path / "settings"),
        "/var/lib/incorta-loads": str(tmp_path),
    }.items():
        assert there in command
        command = command.replace(there, here)
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == (mailed, "")


def test_the_page_links_every_file() -> None:
    """It links no other file of the directory."""
    linked = set(re.findall(r"\]\(scheduling/([^)]+)\)", PAGE.read_text()))
    assert linked == {path.name for path in FILES.iterdir() if path.is_file()}
