"""Runs the steps of the commands that change the warehouse or send requests."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb
import pyarrow as pa

from incorta_loads.alerts.announce import announce, announce_slower
from incorta_loads.alerts.receivers import Receivers
from incorta_loads.analysis.build import build_models
from incorta_loads.analysis.outcomes import StatusOutcomes
from incorta_loads.analysis.queries import unknown_statuses, unknown_types
from incorta_loads.analysis.user_rules import configured_status_outcomes, configured_type_roles
from incorta_loads.cli.interrupts import graceful_interrupt, prompt_interrupt
from incorta_loads.cli.summary import AnyPublished, RunSummary, raise_worst
from incorta_loads.config.paths import database_path, publication_target, resolved
from incorta_loads.config.settings import (
    Settings,
    alert_levels,
    lock_timeout_seconds,
    notify_urls,
    postgres_url,
    probing,
    time_zone,
)
from incorta_loads.endpoint.client import Answer, StatusClient
from incorta_loads.endpoint.execution_ids import ExecutionIds
from incorta_loads.errors import (
    BusyError,
    IncortaLoadsError,
    InterruptedRunError,
    RunFailedError,
    WarehouseError,
    first_line,
)
from incorta_loads.ingest.batches import batch_of
from incorta_loads.ingest.continuity import why_another
from incorta_loads.ingest.ingested import Ingested, ended_by
from incorta_loads.ingest.run import ingest_clusters
from incorta_loads.publication.object_store import publish_objects
from incorta_loads.publication.postgres import publish_to_postgres
from incorta_loads.publication.publish import Published
from incorta_loads.publication.publish import publish as publish_files
from incorta_loads.redaction import Redactor
from incorta_loads.restarted_ids import RestartedIds
from incorta_loads.terminal.progress import (
    log_totals,
    log_unknown_statuses,
    log_unknown_types,
    shown_progress,
)
from incorta_loads.warehouse.executions import highest_execution
from incorta_loads.warehouse.lakes import open_lakes
from incorta_loads.warehouse.opening import open_for_reading
from incorta_loads.warehouse.writing import Warehouse, open_for_writing

logger = logging.getLogger(__name__)

_PUBLISHING_BYTES = 256 * 2**20
"""Memory limit of DuckDB while it writes the published files, which it reads once."""


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
    variables = _variables()
    with open_for_writing(database_path(), lock_timeout_seconds(), must_exist=True) as warehouse:
        _analyze(warehouse.connection, warehouse.path, variables, backtest=backtest)


def analyze_lakes(lakes: Sequence[str], into: str | None, *, backtest: bool = False) -> Path:
    """Builds the SQL models over published lakes; returns the file with the analysis.

    Raises:
        ConfigurationError: a directory is no lake, or two have the same cluster and tenant.
        WarehouseError: the file has executions of its own.
    """
    variables = _variables()
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
    targets = Targets(*publication_target(directory), postgres_url())
    path = database_path()
    with (
        _naming_the_warehouse(path),
        open_for_writing(path, lock_timeout_seconds(), must_exist=True) as warehouse,
    ):
        yield from _publish(warehouse, targets)


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
    variables, receivers = _variables(), Receivers(notify_urls())
    targets = Targets(*publication_target(), postgres_url())
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
            summary.published += _publish(warehouse, targets)
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


@dataclass(frozen=True)
class Checked:
    """What one request to a cluster showed.

    Attributes:
        settings: the cluster.
        answer: the answer; None if it was not usable.
        restarted: where the cluster's ids seem to have started over, if anywhere.
        error: why the answer was not usable.
    """

    settings: Settings
    answer: Answer | None = None
    restarted: RestartedIds | None = None
    error: IncortaLoadsError | None = None


def check(clusters: Sequence[Settings], redactor: Redactor) -> list[Checked]:
    """Tests each cluster, tenant and token with one request, and whether the ids were restarted.

    Raises:
        ConfigurationError: a setting that is common to all is wrong; the message names it.
    """
    _variables()
    Receivers(notify_urls())
    before = [_highest_execution(each) for each in clusters]
    with ThreadPoolExecutor(clusters[0].clusters_at_once) as pool:
        return list(pool.map(partial(_checked, redactor), clusters, before))


def _checked(
    redactor: Redactor, settings: Settings, before: tuple[int, pa.Table] | None
) -> Checked:
    client = StatusClient(settings, redactor)
    try:
        answer = client.fetch(settings.first_id if before is None else before[0])
        if answer.outcome not in ("loaded", "not_found", "forbidden"):
            raise RunFailedError(
                f"{settings.cluster_url} gave no usable response for execution "
                f"{answer.execution_id} ({answer.outcome}: {answer.message}); check "
                f"{settings.variable('cluster_url')} and the network."
            )
    except IncortaLoadsError as error:
        return Checked(settings, error=error)
    finally:
        client.close()
    return Checked(settings, answer, _restarted(settings, before, answer, redactor))


def _highest_execution(settings: Settings) -> tuple[int, pa.Table] | None:
    """Returns the highest execution in the warehouse and its nodes, or None if it has none."""
    path = database_path()
    try:
        with open_for_reading(path, 0) as connection:
            return highest_execution(connection, settings.cluster, settings.tenant)
    except (BusyError, WarehouseError, duckdb.CatalogException):
        return None


def _restarted(
    settings: Settings, before: tuple[int, pa.Table] | None, answer: Answer, redactor: Redactor
) -> RestartedIds | None:
    if before is None:
        return None
    batch = batch_of(answer, settings, run_id="", redactor=redactor)
    highest, nodes = before
    reason = why_another(nodes, batch, was_gone=False)
    if reason is None:
        return None
    return RestartedIds(settings.cluster, settings.tenant, highest, reason)


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


@dataclass(frozen=True)
class Targets:
    """Where to publish.

    Attributes:
        directory: directory for the files.
        object_store: address of the object storage that gets them from there, if any.
        postgres: address of the PostgreSQL database that gets the marts, if any.
    """

    directory: Path
    object_store: str | None
    postgres: str | None


def _publish(warehouse: Warehouse, targets: Targets) -> Iterator[AnyPublished]:
    """Publishes into each target in turn; what was published before an error stays."""
    with prompt_interrupt("the previous publication is unchanged."):
        files = _publish_files(warehouse, targets.directory)
        if targets.object_store is None:
            yield files
        else:
            yield publish_objects(targets.directory, targets.object_store)
        if targets.postgres is not None:
            yield publish_to_postgres(warehouse.connection, targets.postgres)


def _publish_files(warehouse: Warehouse, directory: Path) -> Published:
    what = warehouse.connection, warehouse.path, directory
    try:
        with warehouse.memory.at_most(_PUBLISHING_BYTES):
            return publish_files(*what)
    except duckdb.OutOfMemoryException:
        logger.warning("publishing needs more memory than usual, and begins again with more")
        return publish_files(*what)


def _variables() -> dict[str, object]:
    """Returns the variables of the models that the configuration sets."""
    return {
        **probing(),
        **alert_levels(),
        **time_zone(),
        "user_status_outcomes": configured_status_outcomes(),
        "user_type_roles": configured_type_roles(),
    }


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
