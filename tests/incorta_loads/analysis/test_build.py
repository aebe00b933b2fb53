"""Builds of the analysis in this process, which leave nothing behind but its tables."""

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
    """A warehouse with one execution, in a file whose name SQL must quote."""
    database = folder / "loads of today.v1.duckdb"
    write_base_tables(database, rows(PLAN, 1))
    return database


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    return made_in(tmp_path)


class Concurrent(NamedTuple):
    """A warehouse, the result of a build next to an open connection, and a row read by the
    latter."""

    warehouse: Path
    built: ModelsBuilt
    seen: tuple[object, ...] | None


@pytest.fixture(scope="module")
def concurrent(tmp_path_factory: pytest.TempPathFactory) -> Concurrent:
    """One build, shared by the two tests about connections."""
    warehouse = made_in(tmp_path_factory.mktemp("beside"))
    with duckdb.connect(str(warehouse)) as writer:
        built = build_models(warehouse, run_tests=False)
        seen = writer.sql("select count(*) from load_analysis.executions").fetchone()
    return Concurrent(warehouse, built, seen)


def files_below(directory: Path) -> set[Path]:
    return {path for path in directory.rglob("*") if "__pycache__" not in path.parts}


def test_a_build_leaves_nothing_but_its_relations(
    warehouse: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """A build leaves no file, output, variable or changed directory."""
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


def test_the_file_can_be_opened_with_other_settings_afterwards(concurrent: Concurrent) -> None:
    """A build closes its connection, so that the next one may have other settings."""
    with duckdb.connect(str(concurrent.warehouse), read_only=True, config={"threads": 1}) as reader:
        assert reader.sql("select count(*) from load_analysis.node_outcomes").fetchone() == (2,)


def test_a_build_works_next_to_a_connection_of_this_process(concurrent: Concurrent) -> None:
    """The caller may hold the warehouse open for writing and sees the built tables."""
    assert concurrent.seen == (1,)
    assert concurrent.built.tests == 0


def test_changed_models_are_compiled_again(
    warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Models are compiled again after an upgrade, and if the cached file is damaged."""
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
    """Statements for other variables are cached beside the warehouse; the defaults need no dbt."""
    kept = Path(f"{warehouse}.models")
    variables = {"probe_gap": 7}
    build_models(warehouse, variables=variables, run_tests=False)
    content = kept.read_bytes()
    monkeypatch.setattr(dbt, "run_dbt", None)
    build_models(warehouse, run_tests=False)
    build_models(warehouse, variables=variables, run_tests=False)
    assert kept.read_bytes() == content


def test_a_failed_test_is_named_in_the_error(warehouse: Path) -> None:
    """A duplicate node fails the test of its execution's node numbers."""
    with duckdb.connect(str(warehouse)) as writer:
        writer.execute("insert into load_status.nodes from load_status.nodes")
    with pytest.raises(
        ModelsError, match=r"^the SQL test nodes_are_numbered failed: \d+ rows? against its rule$"
    ):
        build_models(warehouse)


def test_a_failed_model_is_named_in_the_error(warehouse: Path) -> None:
    """The error contains the model and the database's message, on one line."""
    with duckdb.connect(str(warehouse)) as writer:
        writer.execute("alter table load_status.nodes drop column job_status")
    with pytest.raises(
        ModelsError, match=r"^the SQL model stg_nodes failed: .*job_status"
    ) as caught:
        build_models(warehouse)
    assert "\n" not in str(caught.value)


def test_a_warehouse_locked_by_another_process_is_an_error(warehouse: Path) -> None:
    """Nothing is built, and the error gives the reason."""
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
def test_a_signal_ends_the_build_through_its_handler(
    warehouse: Path,
    caplog: pytest.LogCaptureFixture,
    number: signal.Signals,
    handler: Callable[[int, FrameType | None], None],
    raised: type[BaseException],
) -> None:
    """Ctrl-C is not reported as a failed model; handlers stay, and the file is released."""

    def send_at_the_first_table(record: logging.LogRecord) -> bool:
        if record.getMessage() == "building int_node_outcomes":
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
    """dbt takes seconds to import, and `incorta-loads --help` must not wait for it."""
    asking = (
        "import incorta_loads.analysis.build, sys; "
        "print('dbt' in sys.modules, 'duckdb' in sys.modules)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", asking], capture_output=True, text=True, check=True
    )
    assert answer.stdout == "False False\n"
