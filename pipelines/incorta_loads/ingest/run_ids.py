"""Creates run ids, which sort by the start time of the run."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime


def new_run_id(now: datetime | None = None) -> str:
    """Returns an id such as `20261123T214345.123456Z-1a2b3c4d`: UTC start time, random suffix."""
    began = (now or datetime.now(UTC)).astimezone(UTC)
    return f"{began:%Y%m%dT%H%M%S.%f}Z-{secrets.token_hex(4)}"
