"""Maps statuses to outcomes and types to roles outside SQL, with the same rules as the models."""

from __future__ import annotations

from collections.abc import Sequence

from incorta_loads.analysis.project import project_variables
from incorta_loads.analysis.user_rules import configured_status_outcomes, configured_type_roles
from incorta_loads.tree.statuses import compared

_ANY = "*"


class StatusOutcomes:
    """Maps a status to its outcome; the first rule that matches wins.

    Args:
        lines: rules (state_type, job_status, outcome), applied before the built-in ones.
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
        """Returns the mapping with the rules from the user's file, if one is configured.

        Raises:
            InvalidSettingError: the file cannot be read.
        """
        return cls(configured_status_outcomes())

    def of(self, state_type: str | None, job_status: str | None) -> str:
        """Returns the outcome of a status, one of `statuses.STATUS_OUTCOMES`."""
        status = state_type, job_status
        if status not in self._known:  # distinct statuses are few, even with many nodes
            self._known[status] = self._looked_up(compared(state_type), compared(job_status))
        return self._known[status]

    def _looked_up(self, state: str, job: str) -> str:
        return next(
            outcome
            for state_type, job_status, outcome in self._lines
            if state_type in (_ANY, state) and job_status in (_ANY, job)
        )


class TypeRoles:
    """Maps a node's type to its role; the first rule for the type wins.

    Args:
        lines: rules (type, role), applied before the built-in ones.
    """

    def __init__(self, lines: Sequence[Sequence[str]] = ()) -> None:
        built_in: Sequence[Sequence[str]] = project_variables()["type_roles"]
        self._roles = {compared(type_): role for type_, role in reversed([*lines, *built_in])}
        self._known: dict[str | None, str | None] = {}

    @classmethod
    def configured(cls) -> TypeRoles:
        """Returns the mapping with the rules from the user's file, if one is configured.

        Raises:
            InvalidSettingError: the file cannot be read.
        """
        return cls(configured_type_roles())

    def of(self, type_: str | None, *, is_leaf: bool, schema_name: str | None) -> str:
        """Returns the role of a node, one of `statuses.ROLES`.

        If no rule names the type, a leaf below a schema is a table.
        """
        if type_ not in self._known:  # distinct types are few, even with many nodes
            self._known[type_] = self._roles.get(compared(type_))
        by_place = "table" if is_leaf and schema_name is not None else "none"
        return self._known[type_] or by_place
