"""Runs dbt commands on the project in `sql/`, in this process, leaving no files behind."""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from incorta_loads.analysis.project import project_directory
from incorta_loads.errors import ModelsError, one_line

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult

logger = logging.getLogger(__name__)

_QUIET = (
    *("--log-level", "none", "--log-level-file", "none"),
    *("--no-version-check", "--no-write-json", "--no-use-colors", "--quiet"),
)


def run_dbt(
    command: Sequence[str],
    variables: Mapping[str, object],
    *,
    database: str = ":memory:",
    manifest: Any = None,
) -> Any:
    """Runs one dbt command and returns its result.

    Args:
        command: The words after `dbt`.
        variables: Override the `vars` in `sql/dbt_project.yml`.
        database: The DuckDB file.
        manifest: The result of `parse` with the same variables; without it dbt parses the project,
            which takes seconds.

    Raises:
        ModelsError: dbt could not run the command, or one of its nodes failed.
    """
    # importing dbt takes 2 s, so commands that do not need it must not import it
    from dbt.cli.main import dbtRunner  # noqa: PLC0415

    project = str(project_directory())
    with (
        tempfile.TemporaryDirectory(prefix="incorta-loads-dbt-") as litter,
        _environment(INCORTA_LOADS_DATABASE=database, DO_NOT_TRACK="1"),
        _connections_closed(),
    ):
        places = ("--project-dir", project, "--profiles-dir", project)
        litter_places = ("--target-path", litter, "--log-path", litter)
        answer = dbtRunner(manifest=manifest, callbacks=[_log]).invoke(
            [*_QUIET, *command, *places, *litter_places, "--vars", json.dumps(dict(variables))]
        )
    return _result(answer)


def _result(answer: dbtRunnerResult) -> Any:
    if isinstance(answer.exception, KeyboardInterrupt | SystemExit):
        raise answer.exception
    if answer.exception is not None:
        raise ModelsError(
            f"the SQL models could not be read: {one_line(answer.exception)}"
        ) from answer.exception
    for result in getattr(answer.result, "results", ()):
        if result.status in ("error", "fail"):
            kind = "test" if result.node.resource_type in ("test", "unit_test") else "model"
            raise ModelsError(
                f"the SQL {kind} {result.node.name} failed: {one_line(result.message)}"
            )
    return answer.result


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
