"""Load-plan executions of an Incorta cluster, loaded into DuckDB and answered in SQL.

The way of the data, folder by folder:

    config → endpoint → tree → warehouse     one execution id, up to its rows
                  ingest                     which ids, batch by batch
                 analysis                    the SQL models and what they find
         alerts, publication, terminal       notifications, files, screens
                    cli                      the commands

`incorta_load_status` is the dlt source, for pipelines of your own.
"""

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
