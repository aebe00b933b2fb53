"""Rules of where dlt finds its configuration while a command runs: nowhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from dlt.common import known_env

TESTS = Path(__file__).parents[2]
Load = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def load(tmp_path_factory: pytest.TempPathFactory) -> Load:
    """Loads twice in a process of its own and an empty directory; see `two_loads.py`."""

    def load(
        whose: str, *, variables: Mapping[str, str] | None = None, file: str | None = None
    ) -> dict[str, Any]:
        home = tmp_path_factory.mktemp("home")
        if file is not None:
            (home / ".dlt").mkdir()
            (home / ".dlt" / "config.toml").write_text(file)
            (home / ".dlt" / "secrets.toml").write_text(file)
        done = subprocess.run(
            [sys.executable, TESTS / "support" / "two_loads.py", home / "w.duckdb", whose],
            cwd=home,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(home),
                "PYTHONPATH": str(TESTS),
                "RUNTIME__DLTHUB_TELEMETRY": "false",
            }
            | dict(variables or {}),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return result

    return load


@pytest.fixture(scope="module")
def undisturbed(load: Load) -> dict[str, Any]:
    """What two loads of a command leave where nothing is configured."""
    return load("command")


@pytest.fixture(scope="module")
def names(load: Load) -> dict[str, str]:
    """Every name that dlt looks for while it loads, with the type of its field."""
    found: dict[str, str] = load("someone")["variables"]
    return found


def outcome(result: Mapping[str, Any]) -> tuple[object, ...]:
    return result.get("error"), result.get("tables"), result.get("columns")


def hostile(names: Mapping[str, str], *, switches: str) -> dict[str, str]:
    """A value for each name that would change much: for switches the one given."""

    def value(name: str, kind: str) -> str:
        if name.endswith("REFRESH"):
            return "drop_sources"
        if "bool" in kind:
            return switches
        if "int" in kind or "float" in kind:
            return "1"
        return "hostile"

    return {name: value(name, kind) for name, kind in names.items()}


def as_toml(values: Mapping[str, str]) -> str:
    """The same in a file; where a name is that of a table too, the table stays."""
    document: dict[str, Any] = {}
    for name, value in sorted(values.items(), key=lambda each: each[0].count("__")):
        *tables, key = name.lower().split("__")
        inner = document
        for table in tables:
            if not isinstance(inner.get(table), dict):
                inner[table] = {}
            inner = inner[table]
        inner[key] = {"true": True, "false": False, "1": 1}.get(value, value)
    return tomlkit.dumps(document)


def test_dlt_asks_for_hundreds_of_names_where_nobody_stops_it(
    load: Load, names: Mapping[str, str]
) -> None:
    """The list comes from dlt's own classes and has a name for each of their fields, so that what
    a new dlt asks for is tested too."""
    fields = load("someone")["fields"]
    assert "dlt.pipeline.configuration.PipelineConfiguration" in fields
    assert "dlt.destinations.impl.duckdb.configuration.DuckDbClientConfiguration" in fields
    assert {"REFRESH", "DEV_MODE", "LOAD__WORKERS", "DESTINATION__DUCKDB__CREATE_INDEXES"} <= set(
        names
    )
    assert {name.upper() for name in fields["dlt.load.configuration.LoaderConfiguration"]} <= {
        name.rpartition("__")[2] for name in names
    } | {"_LOAD_STORAGE_CONFIG"}


def test_a_command_lets_dlt_ask_nobody(undisturbed: Mapping[str, Any]) -> None:
    """It is no matter of names: no variable is looked for, so none can be missed."""
    assert undisturbed["variables"] == {}
    assert len(undisturbed["tables"]["nodes"]) == 8


@pytest.mark.parametrize("switches", ["true", "false"])
def test_no_variable_changes_what_a_command_loads(
    load: Load, undisturbed: Mapping[str, Any], names: Mapping[str, str], switches: str
) -> None:
    """Whatever each field of dlt's would be set to."""
    variables = hostile(names, switches=switches)
    assert outcome(load("command", variables=variables)) == outcome(undisturbed)


@pytest.mark.parametrize("switches", ["true", "false"])
def test_no_file_changes_what_a_command_loads(
    load: Load, undisturbed: Mapping[str, Any], names: Mapping[str, str], switches: str
) -> None:
    """Neither `.dlt/config.toml` nor `.dlt/secrets.toml`."""
    file = as_toml(hostile(names, switches=switches))
    assert outcome(load("command", file=file)) == outcome(undisturbed)


@pytest.mark.parametrize("name", ["REFRESH", "PIPELINES__INCORTA_LOADS__REFRESH"])
def test_the_same_values_do_change_what_someone_else_loads(
    load: Load, undisturbed: Mapping[str, Any], name: str
) -> None:
    """The control: where nobody stops dlt, the tables are dropped by a variable and by a file."""
    by_variable = load("someone", variables={name: "drop_sources"})
    by_file = load("someone", file=as_toml({name: "drop_sources"}))
    assert outcome(by_variable) == outcome(by_file) != outcome(undisturbed)


def test_what_dlt_reads_by_itself_is_known() -> None:
    """These names it reads at any time, beside its configuration; `environment` takes them away."""
    names = {name for name in vars(known_env) if not name.startswith("_")}
    assert {name for name in names if not name.startswith("DLT_")} == set()
