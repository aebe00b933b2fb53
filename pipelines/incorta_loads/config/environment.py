"""The environment of a command, without the names that steer a library instead of this program.

A name that another program uses, or that somebody set for a dlt or dbt project of their own, must
change neither what is loaded nor what is built. DECISIONS.md lists which names count.
"""

from __future__ import annotations

import os

_PREFIXES = ("DBT_", "DLT_", "_TYPER_FORCE_", "TYPER_")
_NAMES = frozenset({"SSLKEYLOGFILE", "TERMINAL_WIDTH", "UNICODE_VERSION"})
_KEPT = frozenset({"DLT_PROJECT_DIR", "DLT_CONFIG_FOLDER"})
"""They say where `.dlt` is, which has our settings, too."""

_taken: dict[str, str] = {}


def take_steering_names_away() -> None:
    """Removes them from the environment of this process, before a library can read them."""
    for name in list(os.environ):
        if name not in _KEPT and (name.startswith(_PREFIXES) or name in _NAMES):
            _taken[name] = os.environ.pop(name)


def environment_as_given() -> dict[str, str]:
    """The environment as it was, for programs that a command starts for its user."""
    return _taken | os.environ
