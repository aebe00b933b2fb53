"""What a status means, outside of SQL: by the same lines as the model `status_outcomes`."""

from __future__ import annotations

from collections.abc import Sequence

from incorta_loads.models import project_variables
from incorta_loads.statuses import compared, configured_status_outcomes

_ANY = "*"


class StatusOutcomes:
    """Tells the outcome of a status; the first line that holds wins.

    Args:
        lines: (state_type, job_status, outcome) each, looked at before the built-in ones.
    """

    def __init__(self, lines: Sequence[Sequence[str]] = ()) -> None:
        built_in: Sequence[Sequence[str]] = project_variables()["built_in_status_outcomes"]
        self._lines = [
            (compared(state_type), compared(job_status), outcome)
            for state_type, job_status, outcome in [*lines, *built_in]
        ]
        self._known: dict[tuple[str | None, str | None], str] = {}

    @classmethod
    def configured(cls) -> StatusOutcomes:
        """With the lines of the user's file, if there is one.

        Raises:
            InvalidSettingError: the file cannot be read.
        """
        return cls(configured_status_outcomes())

    def of(self, state_type: str | None, job_status: str | None) -> str:
        """One of `statuses.OUTCOMES`."""
        status = state_type, job_status
        if status not in self._known:  # few, however many nodes there are
            self._known[status] = self._looked_up(compared(state_type), compared(job_status))
        return self._known[status]

    def _looked_up(self, state: str, job: str) -> str:
        return next(
            outcome
            for state_type, job_status, outcome in self._lines
            if state_type in (_ANY, state) and job_status in (_ANY, job)
        )
