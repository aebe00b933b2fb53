"""What one run did so far."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from incorta_loads.base_tables import Batch
from incorta_loads.errors import IncortaLoadsError
from incorta_loads.restarted_ids import RestartedIds


@dataclass
class Ingested:
    """What one run did so far.

    Attributes:
        run_id: its name in the ledger.
        outcomes: ids by outcome.
        nodes: rows written to `nodes`.
        seconds: wall time.
        planned: ids that the run will ask for at least; None while it still looks for the newest.
        first_problem: outcome → the lowest id that ended so, and its message.
        found_nothing: an empty warehouse stayed empty.
        in_vain: ids in a row without nodes after which the looking for new ones was given up, and
            the last of these; None: it came to where nothing exists.
        restarted: where the cluster's ids seem to have started over; nothing else was asked then.
        ended_by: the error that ended the run early, if any; what is counted here was committed.
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

    @property
    def ids(self) -> int:
        """Ids that got a ledger row."""
        return self.outcomes.total()

    @property
    def is_complete(self) -> bool:
        """Whether each id is loaded or known to be a gap."""
        is_known = self.outcomes["loaded"] + self.outcomes["not_found"] == self.ids
        return is_known and self.restarted is None

    def count(self, batch: Batch) -> None:
        """Adds a batch that was committed."""
        self.nodes += batch.nodes.num_rows
        for row in batch.fetches.select(["execution_id", "outcome", "message"]).to_pylist():
            self.outcomes[row["outcome"]] += 1
            problem = row["execution_id"], row["message"] or ""
            self.first_problem[row["outcome"]] = min(
                problem, self.first_problem.get(row["outcome"], problem)
            )
