"""Removes environment variables that configure a library instead of this program.

Variables of another program, or of a user's own dlt or dbt project, must not change the data that
is loaded or the tables that are built. DECISIONS.md lists the variables.
"""

from __future__ import annotations

import os

_PREFIXES = ("DBT_", "DLT_", "_TYPER_FORCE_", "TYPER_")
_NAMES = frozenset({"SSLKEYLOGFILE", "TERMINAL_WIDTH", "UNICODE_VERSION"})
_KEPT = frozenset({"DLT_PROJECT_DIR", "DLT_CONFIG_FOLDER"})
"""Variables with the location of `.dlt`, which also holds the settings of this program."""

_removed: dict[str, str] = {}


def remove_library_variables() -> None:
    """Removes these variables from the process environment before a library can read them."""
    for name in list(os.environ):
        if name not in _KEPT and (name.startswith(_PREFIXES) or name in _NAMES):
            _removed[name] = os.environ.pop(name)


def environment_as_given() -> dict[str, str]:
    """Returns the original environment, for programs that a command starts for its user."""
    return _removed | os.environ
