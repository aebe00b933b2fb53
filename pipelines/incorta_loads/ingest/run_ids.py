"""Names of runs, which sort by the time at which they began."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime


def new_run_id(now: datetime | None = None) -> str:
    """Such as `20261123T214345.123456Z-1a2b3c4d`: the beginning in UTC and a random end."""
    began = (now or datetime.now(UTC)).astimezone(UTC)
    return f"{began:%Y%m%dT%H%M%S.%f}Z-{secrets.token_hex(4)}"
