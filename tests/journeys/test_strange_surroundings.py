"""Other configuration around a command changes nothing; any path works or is refused."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt.cli.main import cli

from incorta_simulator.company.company import Company
from incorta_simulator.server.simulator import Simulator
from journeys.shell import TOKEN, User, configured
from support.proof import IS_PROOF

IDS = "1-12"
TABLES = {
    "load_status.nodes": "* EXCLUDE fetched_at",
    "load_status.fetches": "execution_id, outcome, http_status",
    "load_analysis.table_health": "*",
    "load_analysis.failure_rates_by_plan": "*",
    "load_analysis.coverage": "* EXCLUDE last_fetched_at",
}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Simulator]:
    with Simulator(Company(executions=20, running=0), token=TOKEN) as simulator:
        yield simulator


def contents(user: User, warehouse: Path | None = None) -> Mapping[str, Any]:
    with duckdb.connect(warehouse or user.warehouse, read_only=True) as connection:
        return {
            table: connection.execute(f"SELECT {columns} FROM {table} ORDER BY ALL").fetchall()
            for table, columns in TABLES.items()
        }


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, cluster: Simulator) -> Mapping[str, Any]:
    """The result of a run without other configuration."""
    user = configured(tmp_path_factory.mktemp("undisturbed"), cluster)
    user.runs("run", "--ids", IDS)
    return contents(user)


def of_dbt() -> set[str]:
    """Every variable of dbt's own command line."""
    options = [option for command in cli.commands.values() for option in command.params]
    found = [option.envvar or [] for option in [*cli.params, *options]]
    return {name for names in found for name in ([names] if isinstance(names, str) else names)}


HOSTILE_FILES = {
    "dbt_project.yml": "name: of_somebody_else\nvars: {probe_gap: 1}\n",
    "profiles.yml": "incorta_loads: {target: x, outputs: {x: {type: nothing}}}\n",
    "packages.yml": "packages: [{package: nobody/nothing, version: 9.9.9}]\n",
    "selectors.yml": "selectors: 1\n",
    ".user.yml": "id: x\n",
    ".env": "DBT_TARGET=x\nSOURCES__INCORTA__TENANT=other\n",
    ".duckdbrc": "DROP SCHEMA load_status CASCADE;\n",
    ".dlt/config.toml": (
        'refresh = "drop_sources"\ndev_mode = true\n[runtime]\nlog_level = "nonsense"\n'
        '[load]\nworkers = "x"\n[destination.duckdb]\ncreate_indexes = "maybe"\n'
        '[normalize.data_writer]\nfile_max_items = "x"\n'
    ),
    ".dbt/profiles.yml": "incorta_loads: {target: x, outputs: {}}\n",
    ".config/apprise.yml": "urls: [json://nowhere]\n",
}
HOSTILE_VARIABLES = {
    **dict.fromkeys(("REFRESH", "PIPELINES__REFRESH"), "drop_sources"),
    **dict.fromkeys(("DEV_MODE", "FULL_REFRESH"), "true"),
    **dict.fromkeys(("DLT_USE_JSON", "DLT_DEFAULT_NAMING_MODULE", "DLT_DLT_ID_LENGTH_BYTES"), "x"),
    **dict.fromkeys(("RUNTIME__LOG_LEVEL", "RUNTIME__REQUEST_TIMEOUT", "LOAD__WORKERS"), "x"),
    **dict.fromkeys(("TERMINAL_WIDTH", "UNICODE_VERSION", "TYPER_USE_RICH", "DUCKDB_CONFIG"), "x"),
    **dict.fromkeys(("APPRISE_URLS", "APPRISE_CONFIG_PATH", "SSLKEYLOGFILE"), "/nowhere/x"),
    **dict.fromkeys(("COLUMNS", "LINES"), "3"),
    "FORCE_COLOR": "1",
    "TZ": "Asia/Tokyo",
    "TTY_COMPATIBLE": "1",
}


def test_other_configuration_does_not_change_the_result_of_a_run(
    tmp_path: Path, cluster: Simulator, undisturbed: Mapping[str, Any]
) -> None:
    """Files and variables for dlt, dbt, DuckDB and Apprise are present."""
    variables = of_dbt()
    assert {"DBT_TARGET", "DBT_FULL_REFRESH", "DBT_PROFILES_DIR"} <= variables
    user = configured(tmp_path, cluster)
    for name, text in HOSTILE_FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    user.settings |= dict.fromkeys(variables, "x") | HOSTILE_VARIABLES
    user.runs("run", "--ids", IDS)
    assert contents(user) == undisturbed
    assert user.reads("health") == user.reads("health", "-q")


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_files_of_settings_may_have_a_byte_order_mark(
    tmp_path: Path, cluster: Simulator, mark: str
) -> None:
    """Editors on Windows write one; without it the file must be UTF-8, or the error is reported."""
    (tmp_path / ".dlt").mkdir()
    config = f'[sources.incorta]\ncluster_url = "{cluster.url}"\ntenant = "demo"\n'
    (tmp_path / ".dlt" / "config.toml").write_bytes(config.encode(mark))
    secrets = f'[sources.incorta]\ntoken = "{TOKEN}\\n"\n'
    (tmp_path / ".dlt" / "secrets.toml").write_bytes(secrets.encode("utf-8-sig"))
    user = User(tmp_path)
    if mark == "utf-16-le":
        done = user.runs("check", exit_code=2)
        assert done.stderr.startswith(
            "Error: The configuration file ./.dlt/config.toml cannot be read ("
        ) or done.stderr.startswith("Error: The configuration file .dlt/config.toml cannot be read")
        assert done.stderr.count("\n") == 1
    else:
        user.runs("check")


# --- Paths ----------------------------------------------------------------------------------------

ODD = "%'\"\\ ?#;:*[]{}()$&|<>~!@+=,.-_aZ0öÖ€😀`^"
TRIALS = 24 if IS_PROOF else 1


def odd_names(draw: random.Random) -> tuple[str, str]:
    """A directory and a file name of characters with a special meaning somewhere."""
    directory = "".join(draw.choices(ODD, k=draw.randint(1, 5)))
    name = "".join(draw.choices(ODD, k=draw.randint(1, 5)))
    return f"d{directory}", f"{name}.duckdb"


@pytest.mark.parametrize(
    ("directory", "name"),
    [
        ("feature%2Fx", "50% done.duckdb"),
        ("env=prod", "loads.duckdb"),
        *map(odd_names, map(random.Random, range(TRIALS))),
    ],
)
def test_any_path_works_or_is_refused_immediately(
    tmp_path: Path,
    cluster: Simulator,
    undisturbed: Mapping[str, Any],
    directory: str,
    name: str,
) -> None:
    """Loading, analyzing, publishing and reading use the same file, or nothing is created."""
    user = configured(tmp_path, cluster)
    home = tmp_path / directory
    home.mkdir()
    user.settings["DESTINATION__DUCKDB__CREDENTIALS"] = f"{home}/{name}"
    user.settings["SOURCES__INCORTA__PUBLISH_DIR"] = f"{home}/out{directory}"
    done = user.runs("run", "--ids", IDS, exit_code=None)
    if done.returncode == 2:
        assert done.stderr.startswith("Error: The ")
        assert done.stderr.count("\n") == 1
        assert list(home.iterdir()) == []
        return
    assert done.returncode == 0, done.stderr
    assert contents(user, home / name) == undisturbed
    assert {path.name for path in home.iterdir()} == {
        *(name, f"{name}.lock", f"{name}.published", f"out{directory}")
    }
    assert len(user.reads("health")) == len(undisturbed["load_analysis.table_health"])
    snapshot = home / f"out{directory}" / "incorta_loads.duckdb"
    assert contents(user, snapshot) == undisturbed


@pytest.mark.parametrize("is_there", [False, True] if IS_PROOF else [False])
def test_a_symbolic_link_is_resolved_to_its_target(
    tmp_path: Path, cluster: Simulator, undisturbed: Mapping[str, Any], is_there: bool
) -> None:
    """The target may have another name, and may not exist yet."""
    user = configured(tmp_path, cluster)
    (tmp_path / "real").mkdir()
    (tmp_path / "link.duckdb").symlink_to(tmp_path / "real" / "other.db")
    user.settings["DESTINATION__DUCKDB__CREDENTIALS"] = "link.duckdb"
    if is_there:
        duckdb.connect(tmp_path / "real" / "other.db").close()
    user.runs("run", "--ids", IDS)
    assert contents(user, tmp_path / "real" / "other.db") == undisturbed
    assert len(user.reads("health")) == len(undisturbed["load_analysis.table_health"])
    assert (tmp_path / "link.duckdb").is_symlink()


@pytest.mark.parametrize(
    "given", ['"{}"', "'{}'", "{}\n", "{}\r\n", '"{}"\r', "duckdb:///{}", "~/w.duckdb"]
)
def test_quotes_and_line_ends_around_a_path_are_removed(
    tmp_path: Path, cluster: Simulator, given: str
) -> None:
    """Env files keep them; `~` is the home directory."""
    user = configured(tmp_path, cluster)
    user.settings["DESTINATION__DUCKDB__CREDENTIALS"] = given.format(tmp_path / "w.duckdb")
    user.runs("ingest", "--ids", "1")
    assert {path.name for path in tmp_path.iterdir()} == {"w.duckdb", "w.duckdb.lock"}
