"""What statuses and types mean outside of SQL, by the same lines as the models."""

from __future__ import annotations

from collections.abc import Sequence

from incorta_loads.analysis.project import project_variables
from incorta_loads.analysis.user_rules import configured_status_outcomes, configured_type_roles
from incorta_loads.tree.statuses import compared

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
        """One of `statuses.STATUS_OUTCOMES`."""
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


class TypeRoles:
    """Tells the role of a node; the first line of its type wins.

    Args:
        lines: (type, role) each, looked at before the built-in ones.
    """

    def __init__(self, lines: Sequence[Sequence[str]] = ()) -> None:
        built_in: Sequence[Sequence[str]] = project_variables()["type_roles"]
        self._roles = {compared(type_): role for type_, role in reversed([*lines, *built_in])}
        self._known: dict[str | None, str | None] = {}

    @classmethod
    def configured(cls) -> TypeRoles:
        """With the lines of the user's file, if there is one.

        Raises:
            InvalidSettingError: the file cannot be read.
        """
        return cls(configured_type_roles())

    def of(self, type_: str | None, *, is_leaf: bool, schema_name: str | None) -> str:
        """One of `statuses.ROLES`; of a type without a line, a leaf below a schema is a table."""
        if type_ not in self._known:  # few, however many nodes there are
            self._known[type_] = self._roles.get(compared(type_))
        by_place = "table" if is_leaf and schema_name is not None else "none"
        return self._known[type_] or by_place
