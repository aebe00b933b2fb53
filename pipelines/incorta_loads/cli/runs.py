"""Runs the steps of the commands that change the warehouse or send requests."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from incorta_loads.alerts.announce import announce, announce_slower
from incorta_loads.alerts.receivers import Receivers
from incorta_loads.analysis.build import build_models
from incorta_loads.analysis.outcomes import StatusOutcomes
from incorta_loads.analysis.queries import unknown_statuses, unknown_types
from incorta_loads.cli.interrupts import graceful_interrupt, prompt_interrupt
from incorta_loads.cli.publishing import AnyPublished, configured_targets, publish_into
from incorta_loads.cli.summary import RunSummary, raise_worst
from incorta_loads.cli.variables import models_variables
from incorta_loads.config.paths import database_path, resolved
from incorta_loads.config.settings import (
    Settings,
    lock_timeout_seconds,
    notify_urls,
)
from incorta_loads.endpoint.execution_ids import ExecutionIds
from incorta_loads.errors import (
    IncortaLoadsError,
    InterruptedRunError,
    WarehouseError,
    first_line,
)
from incorta_loads.ingest.ingested import Ingested, ended_by
from incorta_loads.ingest.run import ingest_clusters
from incorta_loads.terminal.progress import (
    log_totals,
    log_unknown_statuses,
    log_unknown_types,
    shown_progress,
)
from incorta_loads.warehouse.lakes import open_lakes
from incorta_loads.warehouse.writing import Warehouse, open_for_writing

logger = logging.getLogger(__name__)


def ingest(ids: str | None, clusters: Sequence[Settings]) -> list[Ingested]:
    """Fetches and loads the given ids, or all that are due.

    Raises:
        ConfigurationError, RunFailedError: the requests to a cluster ended early; the others were
            fetched and loaded.
    """
    wanted = None if ids is None else ExecutionIds.parse(ids)
    with _writing(clusters) as warehouse:
        ingested = _fetch(warehouse, clusters, wanted)
    raise_worst(ended_by(ingested))
    return ingested


def analyze(*, backtest: bool = False) -> None:
    """Builds the SQL models, with the backtest of notifications only if it is asked for."""
    variables = models_variables()
    with open_for_writing(database_path(), lock_timeout_seconds(), must_exist=True) as warehouse:
        _analyze(warehouse.connection, warehouse.path, variables, backtest=backtest)


def analyze_lakes(lakes: Sequence[str], into: str | None, *, backtest: bool = False) -> Path:
    """Builds the SQL models over published lakes; returns the file with the analysis.

    Raises:
        ConfigurationError: a directory is no lake, or two have the same cluster and tenant.
        WarehouseError: the file has executions of its own.
    """
    variables = models_variables()
    path = database_path() if into is None else resolved(into, "The file of --into")
    directories = [resolved(each, "The lake") for each in lakes]
    with open_lakes(path, directories, lock_timeout_seconds()) as connection:
        _analyze(connection, path, variables, backtest=backtest)
    return path


def publish(directory: str | None) -> Iterator[AnyPublished]:
    """Brings all publications up to date, and yields each when it is.

    Args:
        directory: directory or object storage to publish into; None for the configured one.
    """
    targets = configured_targets(directory)
    path = database_path()
    with (
        _naming_the_warehouse(path),
        open_for_writing(path, lock_timeout_seconds(), must_exist=True) as warehouse,
    ):
        yield from publish_into(warehouse, targets)


def run(ids: str | None, clusters: Sequence[Settings]) -> RunSummary:
    """Fetches, loads, builds the models, sends notifications and publishes, under one lock.

    A failed step does not undo the others. If fetching ends early, the fetched executions are still
    analyzed and published. If the analysis fails, the last publication stays.

    Raises:
        ConfigurationError: nothing was changed.
        BusyError: nothing was changed.
        InterruptedRunError: the steps that finished are kept.
    """
    wanted = None if ids is None else ExecutionIds.parse(ids)
    variables, receivers = models_variables(), Receivers(notify_urls())
    targets = configured_targets()
    with _writing(clusters) as warehouse:
        summary = RunSummary(warehouse.path)
        with _going_on(summary):
            summary.clusters = _fetch(warehouse, clusters, wanted)
            summary.errors += ended_by(summary.clusters)
        if summary.errors and warehouse.is_empty():  # such as a first run with a wrong token
            return summary
        with _going_on(summary):
            _analyze(warehouse.connection, warehouse.path, variables)
            with prompt_interrupt("unsent notifications are sent by the next run."):
                summary.changes = announce(warehouse.connection, receivers, summary.run_id)
                summary.slower = announce_slower(warehouse.connection, receivers, summary.run_id)
            summary.published += publish_into(warehouse, targets)
    return summary


@contextmanager
def _going_on(summary: RunSummary) -> Iterator[None]:
    """Collects the error of a step, so that the next steps still run."""
    try:
        with _naming_the_warehouse(summary.warehouse):
            yield
    except InterruptedRunError:
        raise
    except IncortaLoadsError as error:
        summary.errors.append(error)


@contextmanager
def _naming_the_warehouse(path: Path) -> Iterator[None]:
    """Turns errors of DuckDB that nothing else has explained into a WarehouseError."""
    try:
        yield
    except duckdb.Error as error:
        raise WarehouseError(
            f"The warehouse {path} could not be used: {first_line(error)}."
        ) from error


@contextmanager
def _writing(clusters: Sequence[Settings]) -> Iterator[Warehouse]:
    with open_for_writing(database_path(), clusters[0].lock_timeout_seconds) as warehouse:
        yield warehouse


def _fetch(
    warehouse: Warehouse, clusters: Sequence[Settings], wanted: ExecutionIds | None
) -> list[Ingested]:
    with graceful_interrupt() as interrupt, shown_progress() as report:
        ingested = ingest_clusters(
            warehouse,
            clusters,
            wanted,
            outcome_of=StatusOutcomes.configured().of,
            stopping=interrupt.stopping,
            report=report,
            at_once=clusters[0].clusters_at_once,
        )
    for each in ingested:
        log_totals(each)
    if not ended_by(ingested):
        interrupt.raise_if_set("what was fetched is committed, and the next run requests the rest.")
    return ingested


def _analyze(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    variables: Mapping[str, object],
    *,
    backtest: bool = False,
) -> None:
    with prompt_interrupt("the analysis before this one is in place."):
        built = build_models(path, variables=variables, on_demand=backtest)
    if built.models:
        logger.info(
            "%d models built and %d tests passed in %.1f s",
            built.models,
            built.tests,
            built.seconds,
        )
    else:
        logger.info("nothing has changed since the last analysis")
    log_unknown_statuses(unknown_statuses(connection))
    log_unknown_types(unknown_types(connection))
