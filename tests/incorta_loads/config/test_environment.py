"""Rules for the environment variables that a command leaves to its libraries."""

from __future__ import annotations

import os

import pytest

from incorta_loads.config.environment import environment_as_given, remove_library_variables

STEERING = {
    "DLT_USE_JSON": "simplejson",
    "DLT_DATA_DIR": "/nowhere",
    "DBT_TARGET": "prod",
    "TYPER_USE_RICH": "maybe",
    "TERMINAL_WIDTH": "abc",
    "SSLKEYLOGFILE": "/tmp/keys",
}
HONORED = {
    "DLT_PROJECT_DIR": "/project",
    "DLT_CONFIG_FOLDER": ".dlt2",
    "HTTPS_PROXY": "http://proxy",
    "REQUESTS_CA_BUNDLE": "/ca.pem",
    "NO_COLOR": "1",
    "TZ": "Asia/Tokyo",
    "SOURCES__INCORTA__TENANT": "t",
    "PGHOST": "db",
}


def test_variables_that_configure_a_library_are_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other variables are kept, and child processes started for the user get all of them."""
    for name, value in (STEERING | HONORED).items():
        monkeypatch.setenv(name, value)
    given = dict(os.environ)
    remove_library_variables()
    assert not STEERING.keys() & os.environ.keys()
    assert HONORED.items() <= os.environ.items()
    assert environment_as_given() == given
