"""Prints what a command did."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from incorta_loads.alerts.events import KINDS, Change
from incorta_loads.alerts.sentences import sentences
from incorta_loads.alerts.slower import PlanPace, pace_sentences
from incorta_loads.config.settings import Settings
from incorta_loads.endpoint.client import Answer
from incorta_loads.errors import IncortaLoadsError
from incorta_loads.ingest.ingested import Ingested
from incorta_loads.ingest.run_ids import new_run_id
from incorta_loads.restarted_ids import RestartedIds
from incorta_loads.terminal.printing import print_line
from incorta_loads.terminal.progress import outcomes_in_words
from incorta_loads.text import counted

if TYPE_CHECKING:
    from incorta_loads.cli.checking import Checked
    from incorta_loads.cli.publishing import AnyPublished

logger = logging.getLogger(__name__)

_MOST_LINES = 5
_HEADINGS = {"broken": "Broke", "regressed": "Got worse", "well": "Recovered"}


@dataclass
class RunSummary:
    """Results of the steps of a run; None for a step that did not finish.

    Attributes:
        warehouse: the DuckDB file.
        clusters: the totals of fetching and loading, for each cluster and tenant.
        changes: what changed since the last run.
        slower: load plans that became slower.
        published: the publications, in the order in which they were made.
        errors: errors of failed steps, in order.
    """

    warehouse: Path
    clusters: Sequence[Ingested] = ()
    changes: Sequence[Change] | None = None
    slower: Sequence[PlanPace] = ()
    published: list[AnyPublished] = field(default_factory=list)
    errors: list[IncortaLoadsError] = field(default_factory=list)

    @property
    def run_id(self) -> str:
        """The run id of the ledger rows; a new one if there are none."""
        return self.clusters[0].run_id if self.clusters else new_run_id()

    @property
    def worst_error(self) -> IncortaLoadsError | None:
        """The error that determines the exit code: the first one of the most severe kind."""
        return worst_of(self.errors) if self.errors else None

    def lines(self) -> Iterator[str]:
        """Yields the lines of the summary."""
        for each in self.clusters:
            ended = "; ended early" if each.ended_by and each.name else ""
            ids = f"{counted(each.ids, 'id')} ({outcomes_in_words(each)})"
            yield f"{each.name or 'Requested'}: {ids}{ended}"
            if each.restarted is not None:
                yield str(each.restarted)
        if self.changes is None:
            yield "Since the last run: unknown, because there is no new analysis"
        elif not self.changes:
            yield "Since the last run: no table broke, got worse or recovered"
        else:
            yield from _changes(self.changes)
        if self.slower:
            yield f"Slower since the last run: {len(self.slower)}"
            yield from (f"  {line}" for line in pace_sentences(self.slower))
        if not self.published:
            yield "Published: nothing; the previous publication is unchanged"
        yield from (f"Published: {each}" for each in self.published)
        yield f"Warehouse: {self.warehouse}"


def worst_of(errors: Sequence[IncortaLoadsError]) -> IncortaLoadsError:
    """Returns the error that determines the exit code: the first one of the most severe kind."""
    by_severity = (2, 1, 8)
    return min(errors, key=lambda each: by_severity.index(each.exit_code))


def raise_worst(errors: Sequence[IncortaLoadsError]) -> None:
    """Logs the errors and raises the one that determines the exit code, if there is any."""
    if not errors:
        return
    worst = worst_of(errors)
    for error in errors:
        if error is not worst:
            logger.error("%s", error)
    raise worst


def _changes(changes: Sequence[Change]) -> Iterator[str]:
    for kind in KINDS:
        of_kind = [each for each in changes if each.kind == kind and not each.never_worked]
        if of_kind:
            yield f"{_HEADINGS[kind]} since the last run: {len(of_kind)}"
            yield from (f"  {line}" for line in sentences(of_kind, _MOST_LINES))
    yield from sentences([each for each in changes if each.never_worked], _MOST_LINES)


def show_published(published: Iterable[AnyPublished]) -> None:
    """Prints each publication as soon as it is made: where it is, and how much of it is new."""
    for each in published:
        print_line(f"Published: {each}")


def show_run(summary: RunSummary) -> None:
    """Prints the summary; errors that do not determine the exit code go to stderr."""
    for error in summary.errors:
        if error is not summary.worst_error:
            logger.error("%s", error)
    for line in summary.lines():
        print_line(line)


def show_checks(found: Sequence[Checked]) -> None:
    """Prints whether the configuration of each cluster works.

    Raises:
        ConfigurationError, RunFailedError: one does not work; all were printed.
    """
    errors = []
    for each in found:
        if each.error is not None:
            place = f"{each.settings.cluster}, tenant {each.settings.tenant}: "
            error = each.error if len(found) == 1 else type(each.error)(f"{place}{each.error}")
            errors.append(error)
        elif each.answer is not None:
            show_check(each.settings, each.answer, each.restarted)
    raise_worst(errors)


def show_check(settings: Settings, answer: Answer, restarted: RestartedIds | None = None) -> None:
    """Prints that the configuration works, and whether the cluster's ids seem to start over."""
    print_line(
        f"{settings.cluster_url} responds and accepts the tenant '{settings.tenant}' and the token "
        f"(execution {answer.execution_id}: {answer.outcome})."
    )
    print_line(f"Rows are stored under the cluster name '{settings.cluster}'.")
    if restarted is not None:
        print_line(str(restarted))
