"""The message about a cluster whose ids start over."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RestartedIds:
    """A cluster whose ids seem to have started over.

    Attributes:
        cluster, tenant: the cluster and the tenant.
        execution_id: the highest id in the warehouse.
        reason: what the cluster responded for it; None if unknown.
    """

    cluster: str
    tenant: str
    execution_id: int
    reason: str | None = None

    def __str__(self) -> str:
        """Returns what happened and what to do."""
        why = f" ({self.reason.rstrip('.')})" if self.reason else ""
        return (
            f"The cluster {self.cluster}, tenant {self.tenant}, seems to have been restored or "
            f"migrated: execution {self.execution_id}, the highest in the warehouse, is no longer "
            f"there{why}. The same ids may now belong to other executions, so nothing "
            "was loaded, to keep the history. To load the new executions, set "
            f'cluster = "{self.cluster}-2" under [sources.incorta], which keeps them apart; if '
            "only this execution was deleted, load a newer one with --ids."
        )
