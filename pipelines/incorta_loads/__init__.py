"""Loads load-plan executions of an Incorta cluster into DuckDB and analyzes them in SQL.

How data flows, folder by folder:

    config → endpoint → tree → warehouse     from an execution id to its rows
                  ingest                     chooses the ids and loads batches
                 analysis                    builds the SQL models and reads their results
         alerts, publication, terminal       show the results to people and programs
                    cli                      the commands

`incorta_load_status` is the dlt source, for your own pipelines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from incorta_loads.source import incorta_load_status

__version__ = "0.1.0"
__all__ = ["__version__", "incorta_load_status"]


def __getattr__(name: str) -> object:
    """Imports `incorta_load_status` on first use, because importing dlt takes half a second."""
    if name == "incorta_load_status":
        from incorta_loads.source import incorta_load_status  # noqa: PLC0415

        return incorta_load_status
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
