"""What the commands do that change the warehouse or ask the cluster."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from incorta_loads.client import Answer, StatusClient
from incorta_loads.errors import IncortaLoadsError, InterruptedRunError, RunFailedError
from incorta_loads.execution_ids import ExecutionIds
from incorta_loads.ingest import ingest_into
from incorta_loads.interrupts import graceful_interrupt, prompt_interrupt
from incorta_loads.models import build_models
from incorta_loads.progress import say_sums, say_unknown_statuses, shown_progress
from incorta_loads.queries import unknown_statuses
from incorta_loads.redaction import Redactor
from incorta_loads.settings import (
    Settings,
    database_path,
    load_settings,
    lock_timeout_seconds,
    probing,
    status_outcomes_path,
)
from incorta_loads.statuses import read_status_outcomes
from incorta_loads.warehouse import Warehouse, open_for_writing

logger = logging.getLogger(__name__)

NOT_ALL_LOADED = 3
"""Exit code: the run finished, and some of the ids it asked for did not load."""


def ingest(ids: str | None) -> int:
    """Fetches and loads the ids, or what is due; returns the exit code."""
    wanted = None if ids is None else ExecutionIds.parse(ids)
    settings = load_settings()
    with _writing(settings) as warehouse:
        return _ingest(warehouse, settings, wanted)


def analyze() -> None:
    """Builds the SQL models."""
    variables = _variables()
    with open_for_writing(database_path(), lock_timeout_seconds(), must_exist=True) as warehouse:
        _analyze(warehouse, variables)


def run(ids: str | None) -> int:
    """Fetches, loads and builds the models, under one lock; returns the exit code.

    When fetching ends early the models are built all the same, from what is there.
    """
    wanted = None if ids is None else ExecutionIds.parse(ids)
    settings = load_settings()
    variables = (
        _variables()
    )  # a bad file of status outcomes ends the run before it changes anything
    with _writing(settings) as warehouse:
        try:
            exit_code = _ingest(warehouse, settings, wanted)
        except InterruptedRunError:
            raise
        except IncortaLoadsError:
            _analyze(warehouse, variables)
            raise
        _analyze(warehouse, variables)
    logger.info("the warehouse is %s", database_path())
    return exit_code


def check(redactor: Redactor) -> tuple[Settings, Answer]:
    """One request, to see whether cluster, tenant and token are right.

    Raises:
        ConfigurationError: what has to be set otherwise.
        RunFailedError: the cluster gave no answer that can be used.
    """
    settings = load_settings()
    client = StatusClient(settings, redactor)
    try:
        answer = client.fetch(settings.first_id)
    finally:
        client.close()
    if answer.outcome not in ("loaded", "not_found", "forbidden"):
        raise RunFailedError(
            f"{settings.cluster_url} gave no usable answer for execution {answer.execution_id} "
            f"({answer.outcome}: {answer.message}); check SOURCES__INCORTA__CLUSTER_URL and the "
            "network."
        )
    return settings, answer


@contextmanager
def _writing(settings: Settings) -> Iterator[Warehouse]:
    with open_for_writing(database_path(), settings.lock_timeout_seconds) as warehouse:
        yield warehouse


def _ingest(warehouse: Warehouse, settings: Settings, wanted: ExecutionIds | None) -> int:
    with graceful_interrupt() as interrupt, shown_progress() as report:
        ingested = ingest_into(
            warehouse, settings, wanted, stopping=interrupt.stopping, report=report
        )
    say_sums(ingested)
    if ingested.ended_by is not None:
        raise ingested.ended_by
    interrupt.raise_if_set("what was fetched is committed, and the next run asks for the rest.")
    all_settled = ingested.outcomes["loaded"] + ingested.outcomes["not_found"] == ingested.ids
    return 0 if all_settled else NOT_ALL_LOADED


def _variables() -> dict[str, object]:
    """What the models have to know of the configuration."""
    path = status_outcomes_path()
    return {**probing(), "user_status_outcomes": read_status_outcomes(path) if path else []}


def _analyze(warehouse: Warehouse, variables: Mapping[str, object]) -> None:
    with prompt_interrupt("the models that were finished are in place."):
        built = build_models(warehouse.path, variables=variables)
    logger.info(
        "%d models built and %d tests passed in %.1f s", built.models, built.tests, built.seconds
    )
    say_unknown_statuses(unknown_statuses(warehouse.connection))
