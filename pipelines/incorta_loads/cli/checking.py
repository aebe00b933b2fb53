"""Tests the configuration of clusters with one request to each."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import duckdb
import pyarrow as pa

from incorta_loads.alerts.receivers import Receivers
from incorta_loads.cli.variables import models_variables
from incorta_loads.config.paths import database_path
from incorta_loads.config.settings import Settings, notify_urls
from incorta_loads.endpoint.client import Answer, StatusClient
from incorta_loads.errors import BusyError, IncortaLoadsError, RunFailedError, WarehouseError
from incorta_loads.ingest.batches import batch_of
from incorta_loads.ingest.continuity import why_another
from incorta_loads.redaction import Redactor
from incorta_loads.restarted_ids import RestartedIds
from incorta_loads.warehouse.executions import highest_execution
from incorta_loads.warehouse.opening import open_for_reading


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
    models_variables()
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
