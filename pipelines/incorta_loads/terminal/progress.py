"""Shows the progress of a run on stderr: a bar on a terminal, otherwise log lines; then totals."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from incorta_loads.analysis.rows import Rows
from incorta_loads.endpoint.fetch_outcomes import FETCH_OUTCOMES
from incorta_loads.ingest.ingested import Ingested
from incorta_loads.terminal.logs import may_draw
from incorta_loads.text import counted, listed

logger = logging.getLogger(__name__)

_WHAT_TO_DO = {
    "forbidden": "grant the token's user View on a schema of the plan; the next run retries",
    "rejected": "the cluster or a proxy refused the request; the next run retries",
    "unavailable": "the next run retries",
    "invalid_payload": "the bodies are in load_status.invalid_payloads; the next run retries",
}


class Report(Protocol):
    """A callback that receives the totals after each batch."""

    def __call__(self, ingested: Ingested) -> None: ...


@contextmanager
def shown_progress() -> Iterator[Report]:
    """Yields a report for the duration of a run."""
    if not may_draw():
        yield _log_progress
        return
    with Progress(
        TextColumn("fetching"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[outcomes]}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task("", total=None, outcomes="")
        by_cluster: dict[str, Ingested] = {}

        def report(ingested: Ingested) -> None:
            by_cluster[ingested.name] = ingested
            every = [*by_cluster.values()]
            planned = [each.planned for each in every if each.planned is not None]
            outcomes = sum((each.outcomes for each in every), Counter[str]())
            bar.update(
                task,
                completed=outcomes.total(),
                total=sum(planned) if len(planned) == len(every) else None,
                outcomes=listed(outcomes, FETCH_OUTCOMES),
            )

        yield report


def log_totals(ingested: Ingested) -> None:
    """Logs the totals of a run, with advice for ids that did not load."""
    begin = _begin(ingested)
    logger.info(
        "%s%s requested in %.1f s, %s written: %s",
        begin,
        counted(ingested.ids, "id"),
        ingested.seconds,
        counted(ingested.nodes, "node"),
        outcomes_in_words(ingested),
        extra={"run_id": ingested.run_id},
    )
    for outcome, advice in _WHAT_TO_DO.items():
        if count := ingested.outcomes[outcome]:
            execution_id, message = ingested.first_problem[outcome]
            logger.warning(
                "%s%d %s, the first id %d: %s (%s)",
                begin,
                count,
                outcome,
                execution_id,
                message,
                advice,
                extra={"run_id": ingested.run_id, "execution_id": execution_id},
            )
    if ingested.restarted is not None:
        logger.warning("%s", ingested.restarted)
    if ingested.in_vain is not None:
        ids_in_a_row, last = ingested.in_vain
        logger.warning(
            "%sprobing for new executions stopped at id %d: none of %d consecutive ids could be "
            "loaded, though some of them exist; to look further, use a token that may see them, "
            "name ids with --ids, or raise probe_gap",
            begin,
            last,
            ids_in_a_row,
        )
    if ingested.found_nothing:
        logger.warning(
            "%sno execution was found: pass --ids with a range around a known id, such as one that "
            "Incorta returned when a load plan was started",
            begin,
        )


def log_unknown_statuses(found: Rows) -> None:
    """Logs statuses that no rule matches; no rate includes them until the user adds a rule."""
    if not found.rows:
        return
    first = found.rows[0]
    nodes = sum(row["nodes"] for row in found.rows)
    have, are, most = ("has", "is", "") if nodes == 1 else ("have", "are", "mostly ")
    logger.warning(
        "%s %s a status without a rule (%s%r in state %r) and %s in no rate: incorta-loads "
        "coverage lists all; map each to an outcome in a CSV file, and set status_outcomes under "
        "[sources.incorta.models] to its path",
        counted(nodes, "node"),
        have,
        most,
        first["job_status"],
        first["state_type"],
        are,
    )


def log_unknown_types(found: Rows) -> None:
    """Logs types without a rule, and how many of their nodes are counted as tables."""
    if not found.rows:
        return
    first = found.rows[0]
    nodes = sum(row["nodes"] for row in found.rows)
    tables = sum(row["nodes"] for row in found.rows if row["role_taken"] == "table")
    have, most = ("has", "") if nodes == 1 else ("have", "mostly ")
    logger.warning(
        "%s %s a type without a rule (%s%r); %d of them count as tables, because they are leaves "
        "below a schema: incorta-loads coverage lists all; map each to a role in a CSV file, "
        "and set type_roles under [sources.incorta.models] to its path",
        counted(nodes, "node"),
        have,
        most,
        first["type"],
        tables,
    )


def _log_progress(ingested: Ingested) -> None:
    if ingested.ids:
        total = counted(ingested.planned or ingested.ids, "id")
        asked = total if ingested.planned is None else f"{ingested.ids} of {total}"
        extra = {"run_id": ingested.run_id}
        begin = _begin(ingested)
        logger.info("%s%s: %s", begin, asked, outcomes_in_words(ingested), extra=extra)


def _begin(ingested: Ingested) -> str:
    """Returns cluster and tenant before a line, if the run has several."""
    return f"{ingested.name}: " if ingested.name else ""


def outcomes_in_words(ingested: Ingested) -> str:
    """Returns text such as `400 loaded, 48 not_found`, or the reason why there are no outcomes."""
    words = listed(ingested.outcomes, FETCH_OUTCOMES)
    return words or ("no responses" if ingested.ended_by else "nothing was due")
