"""Rules for unknown settings."""

from __future__ import annotations

import re
from inspect import getsource
from pathlib import Path

import pytest
from dlt.common.configuration.container import Container
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

from incorta_loads.config import paths, settings
from incorta_loads.config.settings import SETTINGS
from incorta_loads.config.unknown_settings import unknown_settings


def unknown(name: str, closest: str) -> str:
    return f"{name} is not a setting and has no effect; the closest name is {closest}."


@pytest.mark.parametrize(
    ("name", "closest"),
    [
        ("SOURCES__INCORTA__TOKN", "SOURCES__INCORTA__TOKEN"),
        ("SOURCES__INCORTA__URL", "SOURCES__INCORTA__CLUSTER_URL"),
        ("SOURCES__INCORTA__STATUS_OUTCOMES", "SOURCES__INCORTA__MODELS__STATUS_OUTCOMES"),
        ("SOURCES__INCORTA__MODELS__STATUSES", "SOURCES__INCORTA__MODELS__STATUS_OUTCOMES"),
        ("SOURCES__INCORTA__MODEL__STATUS_OUTCOMES", "SOURCES__INCORTA__MODELS__STATUS_OUTCOMES"),
        ("sources__incorta__tenant", "SOURCES__INCORTA__TENANT"),
    ],
)
def test_a_misspelled_variable_is_reported(
    monkeypatch: pytest.MonkeyPatch, name: str, closest: str
) -> None:
    """The report has the closest valid name, and never the value."""
    monkeypatch.setenv(name, "s3cret-token")
    assert unknown_settings() == [unknown(f"The environment variable {name}", closest)]


def test_valid_variables_and_those_of_dlt_are_not_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """dlt has settings of its own for every source."""
    for name in SETTINGS:
        monkeypatch.setenv(f"SOURCES__INCORTA__{name.replace('.', '__').upper()}", "1")
    monkeypatch.setenv("SOURCES__INCORTA__EXTRACT__WORKERS", "2")
    monkeypatch.setenv("SOURCES__OTHER__TOKN", "x")
    assert unknown_settings() == []


@pytest.fixture
def dlt_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `.dlt` directory in the working directory of the test."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".dlt").mkdir()
    return tmp_path / ".dlt"


def test_misspelled_keys_of_both_files_are_reported(dlt_directory: Path) -> None:
    """Keys of the section and of its nested tables are reported."""
    (dlt_directory / "config.toml").write_text(
        "[sources.incorta]\ntenant = 'a'\ncluster-url = 'x'\n"
        "[sources.incorta.models]\nstatus_outcome = 'x'\n"
        "[sources.incorta.normalize]\nworkers = 1\n[sources.other]\ntokn = 'x'\n"
    )
    (dlt_directory / "secrets.toml").write_text("[sources.incorta]\ntoken = 'a'\ntokens = 'b'\n")
    context = Container()[PluggableRunContext]
    context.reload()
    found = sorted(unknown_settings())
    assert found == [
        unknown("`cluster-url` under [sources.incorta]", "cluster_url"),
        unknown("`models.status_outcome` under [sources.incorta]", "models.status_outcomes"),
        unknown("`tokens` under [sources.incorta]", "token"),
    ]


@pytest.fixture(autouse=True)
def fresh_providers() -> object:
    """Makes dlt read its files again for the next test."""
    yield
    Container()[PluggableRunContext].reload()


def test_every_setting_is_known() -> None:
    """A new setting must not be reported as unknown."""
    source = getsource(paths) + getsource(settings)
    looked_up = re.findall(r'look_up\("(\w+)", \*SECTION(?:, "(\w+)")?\)', source)
    names = {f"{table}.{name}" if table else name for name, table in looked_up}
    assert len(names) > 3
    assert names <= set(SETTINGS)
