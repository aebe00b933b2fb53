"""The progress and results of one run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from incorta_loads.base_tables import Batch
from incorta_loads.errors import IncortaLoadsError
from incorta_loads.restarted_ids import RestartedIds


@dataclass
class Ingested:
    """The progress and results of one run. Only committed batches are counted.

    Attributes:
        run_id: name of the run in the ledger.
        outcomes: number of ids by outcome.
        nodes: rows written to `nodes`.
        seconds: wall time.
        planned: minimum number of ids that the run requests; None while it probes for new ones.
        first_problem: outcome → the lowest id with that outcome, and its message.
        found_nothing: whether the warehouse was empty before and after the run.
        in_vain: consecutive ids without nodes after which probing was given up, and the last of
            these ids; None if probing reached ids that do not exist.
        restarted: where the cluster's ids seem to have started over, if anywhere; the run then
            requests nothing else.
        ended_by: the error that ended the run early, if any.
        name: cluster and tenant, if the run has several.
    """

    run_id: str
    outcomes: Counter[str] = field(default_factory=Counter)
    nodes: int = 0
    seconds: float = 0.0
    planned: int | None = None
    first_problem: dict[str, tuple[int, str]] = field(default_factory=dict)
    found_nothing: bool = False
    in_vain: tuple[int, int] | None = None
    restarted: RestartedIds | None = None
    ended_by: IncortaLoadsError | None = None
    name: str = ""

    @property
    def ids(self) -> int:
        """Number of ids with a ledger row."""
        return self.outcomes.total()

    @property
    def is_complete(self) -> bool:
        """Whether each id was loaded or does not exist, and the ids did not start over."""
        is_known = self.outcomes["loaded"] + self.outcomes["not_found"] == self.ids
        return is_known and self.restarted is None

    def count(self, batch: Batch) -> None:
        """Adds a committed batch."""
        self.nodes += batch.nodes.num_rows
        for row in batch.fetches.select(["execution_id", "outcome", "message"]).to_pylist():
            self.outcomes[row["outcome"]] += 1
            problem = row["execution_id"], row["message"] or ""
            self.first_problem[row["outcome"]] = min(
                problem, self.first_problem.get(row["outcome"], problem)
            )


def ended_by(every: Sequence[Ingested]) -> list[IncortaLoadsError]:
    """Returns the errors that ended the requests to clusters early; each names its cluster."""
    return [
        type(each.ended_by)(f"{each.name}: {each.ended_by}") if each.name else each.ended_by
        for each in every
        if each.ended_by is not None
    ]
