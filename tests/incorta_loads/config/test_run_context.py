"""Rules for dlt's own configuration while a command runs: dlt reads none."""

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
    """Loads twice in a separate process and an empty directory; see `two_loads.py`."""

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
    """The result of two loads of a command without any configuration."""
    return load("command")


@pytest.fixture(scope="module")
def names(load: Load) -> dict[str, str]:
    """Every name that dlt looks up while it loads, with the type of its field."""
    found: dict[str, str] = load("someone")["variables"]
    return found


def outcome(result: Mapping[str, Any]) -> tuple[object, ...]:
    return result.get("error"), result.get("tables"), result.get("columns")


def hostile(names: Mapping[str, str], *, switches: str) -> dict[str, str]:
    """A value for each name that would change much; switches get the given one."""

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
    """The values as a TOML file; if a name is also the name of a table, the table wins."""
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


def test_dlt_looks_up_hundreds_of_names_by_default(load: Load, names: Mapping[str, str]) -> None:
    """The list comes from dlt's own classes and must have all their fields, so that a new version
    of dlt is covered."""
    fields = load("someone")["fields"]
    assert "dlt.pipeline.configuration.PipelineConfiguration" in fields
    assert "dlt.destinations.impl.duckdb.configuration.DuckDbClientConfiguration" in fields
    assert {"REFRESH", "DEV_MODE", "LOAD__WORKERS", "DESTINATION__DUCKDB__CREATE_INDEXES"} <= set(
        names
    )
    assert {name.upper() for name in fields["dlt.load.configuration.LoaderConfiguration"]} <= {
        name.rpartition("__")[2] for name in names
    } | {"_LOAD_STORAGE_CONFIG"}


def test_in_a_command_dlt_looks_up_no_configuration(undisturbed: Mapping[str, Any]) -> None:
    """No name is looked up at all, so the rule does not depend on a list of names."""
    assert undisturbed["variables"] == {}
    assert len(undisturbed["tables"]["nodes"]) == 8


@pytest.mark.parametrize("switches", ["true", "false"])
def test_no_variable_changes_what_a_command_loads(
    load: Load, undisturbed: Mapping[str, Any], names: Mapping[str, str], switches: str
) -> None:
    """Any field of dlt's configuration may be set without effect."""
    variables = hostile(names, switches=switches)
    assert outcome(load("command", variables=variables)) == outcome(undisturbed)


@pytest.mark.parametrize("switches", ["true", "false"])
def test_no_file_changes_what_a_command_loads(
    load: Load, undisturbed: Mapping[str, Any], names: Mapping[str, str], switches: str
) -> None:
    """Neither `.dlt/config.toml` nor `.dlt/secrets.toml` has an effect."""
    file = as_toml(hostile(names, switches=switches))
    assert outcome(load("command", file=file)) == outcome(undisturbed)


@pytest.mark.parametrize("name", ["REFRESH", "PIPELINES__INCORTA_LOADS__REFRESH"])
def test_the_same_values_do_change_another_pipeline(load: Load, name: str) -> None:
    """The control: without the protection, a variable and a file each drop the tables."""
    by_variable = load("someone", variables={name: "drop_sources"})
    by_file = load("someone", file=as_toml({name: "drop_sources"}))
    for result in (by_variable, by_file):
        assert "Table with name fetches does not exist" in result["error"]


def test_variables_read_directly_by_dlt_are_known() -> None:
    """dlt reads these names outside its configuration; `environment` removes them."""
    names = {name for name in vars(known_env) if not name.startswith("_")}
    assert {name for name in names if not name.startswith("DLT_")} == set()
