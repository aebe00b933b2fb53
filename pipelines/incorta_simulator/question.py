"""The parsed target of a request."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

_PATH = re.compile(r"/incorta/api/v2/([^/]+)/load-plan/status/([^/]+)")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_LEVELS = {"1": 1, "2": 2, "3": 3, "4": 4}
_GREATEST_ID = 2**63 - 1
_GREATEST_ID_DIGITS = len(str(_GREATEST_ID))


@dataclass(frozen=True)
class Question:
    """The parsed target of a request.

    `tenant` and `execution_id` are decoded from the path; None for any other path. `level` is None
    if the endpoint does not support it.
    """

    tenant: str | None
    execution_id: str | None
    level: int | None

    @classmethod
    def of(cls, target: str) -> Question:
        """Parses the target of a request line."""
        parts = urlsplit(target)
        level = parse_qs(parts.query, keep_blank_values=True).get("level", ["1"])[-1]
        path = _PATH.fullmatch(parts.path)
        tenant, execution_id = map(unquote, path.groups()) if path else (None, None)
        return cls(tenant, execution_id, _LEVELS.get(level))

    @property
    def is_integer(self) -> bool:
        """Whether the execution id is an integer of any size."""
        return bool(_INTEGER.fullmatch(self.execution_id or ""))

    @property
    def number(self) -> int | None:
        """The execution id as a number, or None if no execution can have it."""
        text = self.execution_id or ""
        if not self.is_integer or len(text) > _GREATEST_ID_DIGITS:
            return None
        number = int(text)
        return number if 0 <= number <= _GREATEST_ID else None
