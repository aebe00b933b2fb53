"""Builds inside this process, which leave nothing behind but the analysis."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import NamedTuple

import duckdb
import pytest

from incorta_loads.analysis import compiled, dbt
from incorta_loads.analysis.build import ModelsBuilt, build_models
from incorta_loads.analysis.project import project_directory
from incorta_loads.errors import ModelsError
from sql.base_rows import Tree, rows, write_base_tables

PLAN = Tree("LOAD_PLAN", "Nightly", "Success", (Tree("TABLE", "orders", "Success"),))


def made_in(folder: Path) -> Path:
    """A warehouse with one execution, under a name that SQL has to quote."""
    database = folder / "loads of today.v1.duckdb"
    write_base_tables(database, rows(PLAN, 1))
    return database


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    return made_in(tmp_path)


class Beside(NamedTuple):
    """A warehouse, what was built beside a connection, and what that one saw of it."""

    warehouse: Path
    built: ModelsBuilt
    seen: tuple[object, ...] | None


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Beside:
    """One build for the two rules about connections."""
    warehouse = made_in(tmp_path_factory.mktemp("beside"))
    with duckdb.connect(str(warehouse)) as writer:
        built = build_models(warehouse, run_tests=False)
        seen = writer.sql("select count(*) from load_analysis.executions").fetchone()
    return Beside(warehouse, built, seen)


def files_below(directory: Path) -> set[Path]:
    return {path for path in directory.rglob("*") if "__pycache__" not in path.parts}


def test_a_build_leaves_nothing_but_its_relations(
    warehouse: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """No file, output, variable or changed directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("INCORTA_LOADS_DATABASE", "of somebody else")
    monkeypatch.setenv("DBT_TARGET", "of somebody else")
    before = (
        files_below(tmp_path),
        files_below(project_directory()),
        dict(os.environ),
    )
    built = build_models(Path(warehouse.name))
    assert (files_below(tmp_path), files_below(project_directory()), dict(os.environ)) == before
    assert capfd.readouterr() == ("", "")
    assert Path.cwd() == tmp_path
    assert built.models == len(list((project_directory() / "models").rglob("*.sql")))
    assert built.tests > built.models / 2
    assert built.seconds > 0


def test_the_file_can_be_opened_otherwise_afterwards(beside: Beside) -> None:
    """No connection stays open: another one may have other settings."""
    with duckdb.connect(str(beside.warehouse), read_only=True, config={"threads": 1}) as reader:
        assert reader.sql("select count(*) from load_analysis.node_outcomes").fetchone() == (2,)


def test_a_build_works_beside_a_connection_of_this_process(beside: Beside) -> None:
    """The caller may hold the warehouse open for writing, and sees what was built."""
    assert beside.seen == (1,)
    assert beside.built.tests == 0


def test_models_that_changed_are_compiled_again(
    warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after an upgrade; and again where what was kept is damaged."""
    project = Path(shutil.copytree(project_directory(), tmp_path / "sql"))
    for module in (compiled, dbt):
        monkeypatch.setattr(module, "project_directory", lambda: project)
    ledger = project / "models/marts/status_ledger.sql"
    for nodes in (1, 10, 100):
        build_models(warehouse, run_tests=False)
        with duckdb.connect(str(warehouse), read_only=True) as reader:
            found = reader.sql("select distinct nodes from load_analysis.status_ledger").fetchall()
        assert found == [(nodes,)]
        ledger.write_text(ledger.read_text().replace("sum(", "10 * sum("))
        if nodes == 10:
            kept = Path(f"{warehouse}.models")
            kept.write_bytes(kept.read_bytes()[:100_000])


def test_other_variables_are_compiled_once(
    warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Into a file beside the warehouse; the default ones need no dbt at all."""
    kept = Path(f"{warehouse}.models")
    variables = {"probe_gap": 7}
    build_models(warehouse, variables=variables, run_tests=False)
    content = kept.read_bytes()
    monkeypatch.setattr(dbt, "run_dbt", None)
    build_models(warehouse, run_tests=False)
    build_models(warehouse, variables=variables, run_tests=False)
    assert kept.read_bytes() == content


def test_a_test_that_fails_is_named(warehouse: Path) -> None:
    """A node that is there twice breaks the numbers of its execution, and the error says so."""
    with duckdb.connect(str(warehouse)) as writer:
        writer.execute("insert into load_status.nodes from load_status.nodes")
    with pytest.raises(
        ModelsError, match=r"^the SQL test nodes_are_numbered failed: \d+ rows? against its rule$"
    ):
        build_models(warehouse)


def test_a_model_that_fails_is_named(warehouse: Path) -> None:
    """The error has the model and what the database said, in one line."""
    with duckdb.connect(str(warehouse)) as writer:
        writer.execute("alter table load_status.nodes drop column job_status")
    with pytest.raises(ModelsError, match=r"^the SQL model stg_nodes failed: .*job_status") as told:
        build_models(warehouse)
    assert "\n" not in str(told.value)


def test_a_warehouse_that_another_process_holds_is_an_error(warehouse: Path) -> None:
    """Nothing can be built, and the error says why."""
    holding = "import duckdb, sys; db = duckdb.connect(sys.argv[1]); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", holding, str(warehouse)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "\n"
        with pytest.raises(ModelsError, match=r"Could not set lock on file"):
            build_models(warehouse)
        other.communicate("\n")


def leave(signal_number: int, _frame: object) -> None:
    raise SystemExit(128 + signal_number)


@pytest.mark.parametrize(
    ("number", "handler", "raised"),
    [
        (signal.SIGINT, signal.default_int_handler, KeyboardInterrupt),
        (signal.SIGTERM, leave, SystemExit),
    ],
)
def test_a_signal_ends_the_build_as_its_handler_says(
    warehouse: Path,
    caplog: pytest.LogCaptureFixture,
    number: signal.Signals,
    handler: Callable[[int, FrameType | None], None],
    raised: type[BaseException],
) -> None:
    """Ctrl-C is not taken for a model that failed; handlers stay, and the file is free again."""

    def send_at_the_first_table(record: logging.LogRecord) -> bool:
        if record.getMessage() == "building node_outcomes":
            os.kill(os.getpid(), number)
        return True

    caplog.set_level(logging.DEBUG, "incorta_loads.analysis.build")
    watched = logging.getLogger("incorta_loads.analysis.build")
    watched.addFilter(send_at_the_first_table)
    before = signal.signal(number, handler)
    try:
        with pytest.raises(raised):
            build_models(warehouse)
        assert signal.getsignal(number) is handler
    finally:
        watched.removeFilter(send_at_the_first_table)
        signal.signal(number, before)
    with duckdb.connect(str(warehouse), read_only=True, config={"threads": 1}) as reader:
        assert reader.sql("select count(*) from load_status.nodes").fetchone() == (2,)


def test_importing_the_module_does_not_import_dbt() -> None:
    """dbt takes seconds to import, which `incorta-loads --help` must not wait for."""
    asking = (
        "import incorta_loads.analysis.build, sys; "
        "print('dbt' in sys.modules, 'duckdb' in sys.modules)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", asking], capture_output=True, text=True, check=True
    )
    assert answer.stdout == "False False\n"
