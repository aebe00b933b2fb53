"""Rules for the hierarchy of errors."""

from __future__ import annotations

import signal

import pytest

from incorta_loads import errors
from incorta_loads.errors import IncortaLoadsError, InterruptedRunError

TREE = [
    ("IncortaLoadsError", 0, 1),
    ("ConfigurationError", 1, 2),
    ("InvalidIdsError", 2, 2),
    ("MissingSettingError", 2, 2),
    ("InvalidSettingError", 2, 2),
    ("InvalidTokenError", 2, 2),
    ("WrongTenantError", 2, 2),
    ("RunFailedError", 1, 1),
    ("ClusterDownError", 2, 1),
    ("UnknownExecutionError", 2, 1),
    ("SpoolError", 2, 1),
    ("WarehouseError", 2, 1),
    ("OutOfMemoryError", 3, 1),
    ("ModelsError", 2, 1),
    ("PublishError", 2, 1),
    ("OutputError", 2, 1),
    ("BusyError", 1, 8),
    ("InterruptedRunError", 1, 1),
]


def walk(error: type[IncortaLoadsError], depth: int = 0) -> list[tuple[str, int, int]]:
    below = [row for child in error.__subclasses__() for row in walk(child, depth + 1)]
    return [(error.__name__, depth, error.exit_code), *below]


def test_the_hierarchy_and_its_exit_codes() -> None:
    """Each error has its parent and the exit code of the design."""
    assert walk(IncortaLoadsError) == TREE


def test_the_docstring_shows_the_hierarchy() -> None:
    """The module's docstring lists every error, in order and with its indentation."""
    drawn = []
    for line in (errors.__doc__ or "").splitlines():
        before, found, after = line.partition("Error ")
        if found and before[:4] == "    ":
            words = before.split()
            drawn.append((words[-1] + "Error", (len(before) - len(words[-1])) // 4 - 1, after[:30]))
        elif line.strip() == "IncortaLoadsError":
            drawn.append(("IncortaLoadsError", 0, ""))
    assert [(name, depth) for name, depth, _ in drawn] == [row[:2] for row in TREE]
    codes = {name: after.split()[0] for name, depth, after in drawn if depth == 1}
    assert codes == {
        "ConfigurationError": "2",
        "RunFailedError": "1",
        "BusyError": "8",
        "InterruptedRunError": "130",
    }


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_ends_with_its_signal(number: int, exit_code: int) -> None:
    """The exit code is 128 plus the signal's number, as in shells; the message is kept."""
    error = InterruptedRunError("Interrupted.", signal_number=number)
    assert (error.exit_code, str(error)) == (exit_code, "Interrupted.")
