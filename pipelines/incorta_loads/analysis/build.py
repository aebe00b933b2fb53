"""Builds the analysis: runs the dbt project in `sql/` on the warehouse, in this process.

    build_models(Path("incorta_loads.duckdb"))

The tables in schema `load_status` must exist. The models are built in schema `load_analysis`.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from incorta_loads.analysis.project import project_directory
from incorta_loads.errors import ModelsError, one_line

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult

logger = logging.getLogger(__name__)

_QUIET = (
    *("--log-level", "none", "--log-level-file", "none"),
    *("--no-version-check", "--no-write-json", "--no-use-colors", "--partial-parse"),
)


@dataclass(frozen=True, slots=True)
class ModelsBuilt:
    """Result of a build.

    Attributes:
        models: Number of relations built in schema `load_analysis`.
        tests: Number of data tests that passed.
        seconds: Wall time of the whole build.
    """

    models: int
    tests: int
    seconds: float


def build_models(
    database: Path, *, variables: Mapping[str, object] | None = None, run_tests: bool = True
) -> ModelsBuilt:
    """Builds every model and tests each one immediately after it is built.

    Args:
        database: The DuckDB file. This process may have it open for writing; no other process may.
        variables: Override the `vars` in `sql/dbt_project.yml`.
        run_tests: Whether to run the data tests. Models that depend on a failed test are not built.

    Raises:
        ModelsError: A model or a test failed. Relations built before the failure remain.
        KeyboardInterrupt, SystemExit: A signal handler raised it, and dbt canceled its queries.
            dbt handles only these two, so a handler must raise nothing else during a build.
    """
    from incorta_loads.analysis.build_state import BuildState  # noqa: PLC0415 (DuckDB; not for --help)

    started = time.perf_counter()
    state = BuildState(database, project_directory(), variables or {})
    excluded = ("unit_test",) if run_tests else ("unit_test", "test")
    exclusions = [word for kind in excluded for word in ("--exclude-resource-type", kind)]
    refresh = () if state.is_kept() else ("--full-refresh",)
    done = run_dbt(database, ["build", *refresh, *exclusions], variables or {})
    state.keep([result.node.name for result in done])
    kinds = [str(result.node.resource_type) for result in done]
    return ModelsBuilt(
        models=kinds.count("model"),
        tests=kinds.count("test"),
        seconds=time.perf_counter() - started,
    )


def run_dbt(
    database: Path, command: Sequence[str], variables: Mapping[str, object]
) -> Sequence[Any]:
    """Runs one dbt command and returns its results, all of them successful."""
    # importing dbt takes 2 s, so commands that do not need it must not import it
    from dbt.cli.main import dbtRunner  # noqa: PLC0415
    from dbt.constants import PARTIAL_PARSE_FILE_NAME  # noqa: PLC0415

    project = str(project_directory())
    with (
        tempfile.TemporaryDirectory(prefix="incorta-loads-dbt-") as litter,
        _environment(INCORTA_LOADS_DATABASE=str(database), DO_NOT_TRACK="1"),
        _connections_closed(),
    ):
        places = ("--project-dir", project, "--profiles-dir", project)
        litter_places = ("--target-path", litter, "--log-path", litter)
        parsed = Path(litter, PARTIAL_PARSE_FILE_NAME)
        with suppress(OSError):  # the first build has no kept parse
            shutil.copyfile(_kept_parse(database), parsed)
        answer = dbtRunner(callbacks=[_log]).invoke(
            [*_QUIET, *command, *places, *litter_places, "--vars", json.dumps(dict(variables))]
        )
        _keep_parse(database, parsed)
    return _successes(answer)


def _kept_parse(database: Path) -> Path:
    """Returns the path of the parsed project from the last build.

    dbt loads it in a fraction of the time that parsing takes. dbt itself checks whether it is still
    valid for the current files, variables, location and versions.
    """
    return Path(f"{database}.models")


def _keep_parse(database: Path, parsed: Path) -> None:
    kept = _kept_parse(database)
    new = kept.with_name(f"{kept.name}.new")
    try:
        shutil.copyfile(parsed, new)
        new.replace(kept)
    except OSError as error:  # not fatal: the next build parses the project again
        logger.debug("the parsed models were not kept: %s", error)
        with suppress(OSError):
            new.unlink()


def _successes(answer: dbtRunnerResult) -> Sequence[Any]:
    if isinstance(answer.exception, KeyboardInterrupt | SystemExit):
        raise answer.exception
    if answer.exception is not None:
        raise ModelsError(
            f"the SQL models could not be run: {one_line(answer.exception)}"
        ) from answer.exception
    results: Sequence[Any] = answer.result.results
    for result in results:
        if result.status in ("error", "fail"):
            kind = "test" if result.node.resource_type in ("test", "unit_test") else "model"
            raise ModelsError(
                f"the SQL {kind} {result.node.name} failed: {one_line(result.message)}"
            )
    return results


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    """Sets these environment variables temporarily and hides the user's own `DBT_*` variables."""
    before = dict(os.environ)
    replaced = {name for name in before if name.startswith("DBT_")} | set(values)
    for name in replaced & set(before):
        del os.environ[name]
    os.environ.update(values)
    try:
        yield
    finally:
        for name in values:
            del os.environ[name]
        os.environ.update({name: before[name] for name in replaced & set(before)})


@contextmanager
def _connections_closed() -> Iterator[None]:
    """Closes the connections that the adapter leaves open.

    Otherwise the file could not be opened with any other configuration.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager  # noqa: PLC0415

    try:
        yield
    finally:
        DuckDBConnectionManager.close_all_connections()


def _log(event: Any) -> None:
    """Forwards dbt's events to the log at WARNING or DEBUG; dbt's errors are raised instead."""
    if event.info.level == "warn":
        logger.warning("dbt: %s", event.info.msg)
    elif event.info.level in ("info", "error"):
        logger.debug("dbt: %s", event.info.msg)
