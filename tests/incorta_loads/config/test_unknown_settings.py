"""Rules of settings that are none."""

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


def no_setting(what: str, closest: str) -> str:
    return f"{what} is not a setting and has no effect; the closest name is {closest}."


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
def test_a_misspelt_variable_is_told(
    monkeypatch: pytest.MonkeyPatch, name: str, closest: str
) -> None:
    """With the closest right one, and never its value."""
    monkeypatch.setenv(name, "s3cret-token")
    assert unknown_settings() == [no_setting(f"The environment variable {name}", closest)]


def test_right_variables_and_those_of_dlt_are_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """All settings there are; dlt has tables of its own for every source."""
    for name in SETTINGS:
        monkeypatch.setenv(f"SOURCES__INCORTA__{name.replace('.', '__').upper()}", "1")
    monkeypatch.setenv("SOURCES__INCORTA__EXTRACT__WORKERS", "2")
    monkeypatch.setenv("SOURCES__OTHER__TOKN", "x")
    assert unknown_settings() == []


@pytest.fixture
def dlt_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`.dlt` of a working directory that is left again."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".dlt").mkdir()
    return tmp_path / ".dlt"


def test_misspelt_keys_of_both_files_are_told(dlt_directory: Path) -> None:
    """Of the section and of the tables in it."""
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
        no_setting("`cluster-url` under [sources.incorta]", "cluster_url"),
        no_setting("`models.status_outcome` under [sources.incorta]", "models.status_outcomes"),
        no_setting("`tokens` under [sources.incorta]", "token"),
    ]


@pytest.fixture(autouse=True)
def providers_of_before() -> object:
    """dlt reads its files anew for whoever comes next."""
    yield
    Container()[PluggableRunContext].reload()


def test_each_setting_that_is_looked_up_is_known() -> None:
    """A new one must not be told to be misspelt."""
    source = getsource(paths) + getsource(settings)
    looked_up = re.findall(r'look_up\("(\w+)", \*SECTION(?:, "(\w+)")?\)', source)
    names = {f"{table}.{name}" if table else name for name, table in looked_up}
    assert len(names) > 3
    assert names <= set(SETTINGS)
