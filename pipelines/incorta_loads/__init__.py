"""Load-plan executions of an Incorta cluster, pulled into DuckDB and answered in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from incorta_loads.source import incorta_load_status

__version__ = "0.1.0"
__all__ = ["__version__", "incorta_load_status"]


def __getattr__(name: str) -> object:
    """Imports `incorta_load_status` on first use: dlt takes half a second."""
    if name == "incorta_load_status":
        from incorta_loads.source import incorta_load_status  # noqa: PLC0415

        return incorta_load_status
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
