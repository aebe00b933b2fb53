"""A cluster whose ids start over: what that means, and what to do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RestartedIds:
    """A cluster whose ids seem to have started over.

    Attributes:
        cluster, tenant: of the warehouse.
        execution_id: the highest that is here.
        reason: what the cluster says of it; None: not known here.
    """

    cluster: str
    tenant: str
    execution_id: int
    reason: str | None = None

    def __str__(self) -> str:
        """What that means, and what to do."""
        why = f" ({self.reason.rstrip('.')})" if self.reason else ""
        return (
            f"The cluster {self.cluster}, tenant {self.tenant}, seems to have been restored or "
            f"migrated: execution {self.execution_id}, the highest in the warehouse, is no longer "
            f"there{why}. Its ids may name other executions now, so nothing "
            "is loaded over the history. To load the new executions, set "
            f'cluster = "{self.cluster}-2" under [sources.incorta], which keeps them apart; if '
            "only this execution was deleted, load a newer one with --ids."
        )
