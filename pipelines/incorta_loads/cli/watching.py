"""Runs `watch`: polls an execution, shows it, loads the last tree and prints how it ended."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import duckdb

from incorta_loads.analysis.outcomes import StatusOutcomes, TypeRoles
from incorta_loads.analysis.pace import Pace, pace_of
from incorta_loads.cli.interrupts import graceful_interrupt, prompt_interrupt
from incorta_loads.config.paths import database_path
from incorta_loads.config.settings import Settings
from incorta_loads.errors import BusyError, RunFailedError, WarehouseError
from incorta_loads.ingest.polling import Watched, watch_until_final
from incorta_loads.ingest.run import load_answer
from incorta_loads.terminal.printing import print_line
from incorta_loads.terminal.tree_view import node_status
from incorta_loads.terminal.watch_view import watch_shown
from incorta_loads.text import duration, shortened
from incorta_loads.warehouse.opening import open_for_reading
from incorta_loads.warehouse.writing import open_for_writing

logger = logging.getLogger(__name__)

_ENDS = {
    "success": "succeeded",
    "partial": "finished with errors",
    "failure": "failed",
    "interrupted": "was interrupted",
    "skipped": "was skipped",
}
_TABLES_ENDS = {
    "failure": "failed",
    "partial": "finished with errors",
    "interrupted": "interrupted",
    "skipped": "skipped",
    "unknown": "with an unknown status",
    "running": "still running",
    "queued": "still queued",
}


def watch(
    settings: Settings,
    execution_id: int,
    *,
    every_seconds: float,
    timeout_seconds: float,
    appear_seconds: float,
) -> int:
    """Watches an execution until it is final, and loads it; returns the exit code.

    The warehouse is locked only while it is written, so that runs can continue meanwhile.

    Raises:
        ConfigurationError: the token, the tenant or a setting is wrong.
        RunFailedError: the execution does not exist, or could not be loaded.
        BusyError: it could not be loaded because another process kept the warehouse locked.
        InterruptedRunError: a signal was received.
    """
    path = database_path()
    outcomes, roles = StatusOutcomes.configured(), TypeRoles.configured()
    with ExitStack() as stack:
        with prompt_interrupt(f"execution {execution_id} is not loaded."):
            with watch_shown(settings, execution_id, _pace(path, settings, execution_id)) as screen:
                watched = watch_until_final(
                    settings,
                    execution_id,
                    every_seconds=every_seconds,
                    timeout_seconds=timeout_seconds,
                    appear_seconds=appear_seconds,
                    outcome_of=outcomes.of,
                    role_of=roles.of,
                    screen=screen,
                )
            if watched.answer is None or not watched.is_final:
                print_line(f"{ending(watched)}; not loaded.")
                return watched.exit_code
            with _with_ending(watched):
                warehouse = stack.enter_context(
                    open_for_writing(path, settings.lock_timeout_seconds)
                )
        with graceful_interrupt() as interrupt, _with_ending(watched):
            is_loaded = load_answer(warehouse, settings, watched.answer, watched.looks)
    print_line(f"{ending(watched)}; {_where(path, is_loaded=is_loaded)}.")
    interrupt.raise_if_set(f"execution {execution_id} is loaded.")
    return watched.exit_code


def _pace(path: Path, settings: Settings, execution_id: int) -> Pace:
    """Returns what the warehouse knows at the moment; nothing if it is missing or in use."""
    try:
        with open_for_reading(path, 0) as connection:
            return pace_of(connection, settings.cluster, settings.tenant, execution_id)
    except BusyError:
        logger.info("the warehouse is in use, so it is not known how long such executions take")
    except (WarehouseError, duckdb.CatalogException):
        pass  # there is none yet
    return Pace()


def ending(watched: Watched) -> str:
    """Returns how the execution ended, as a sentence without its period."""
    begin, after = f"Execution {watched.execution_id}", duration(watched.seconds)
    if watched.tree is None:
        return f"{begin} gave no response in {after} of watching ({watched.reason})"
    root = watched.tree.root
    if root["role"] == "load_plan" and root["name"]:
        begin += f" of plan {shortened(root['name'])}"
    if not watched.is_final:
        how = f"is not final ({node_status(root)})"
    else:
        how = _ENDS.get(root["outcome"], f"ended with {node_status(root)}")
    silent = f"; the last request failed: {watched.reason}" if watched.reason else ""
    return f"{begin} {how} after {after} of watching{silent}: {_of_tables(watched)}"


def _of_tables(watched: Watched) -> str:
    counts = watched.tree.tables if watched.tree else {}
    total = sum(counts.values())
    if not total:
        return "it has no tables"
    parts = [f"{counts[each]} {words}" for each, words in _TABLES_ENDS.items() if counts.get(each)]
    if not parts:
        return f"{total} of {total} tables succeeded"
    count, _, words = parts[0].partition(" ")
    return ", ".join([f"{count} of {total} tables {words}", *parts[1:]])


def _where(path: Path, *, is_loaded: bool) -> str:
    return f"loaded into {path}" if is_loaded else f"a later response is in {path} already"


@contextmanager
def _with_ending(watched: Watched) -> Iterator[None]:
    """Adds how the execution ended to an error that occurred while loading it."""
    try:
        yield
    except (BusyError, RunFailedError) as error:
        again = f"incorta-loads ingest --ids {watched.execution_id} loads it"
        raise type(error)(f"{ending(watched)}. It was not loaded; {again}. {error}") from error
