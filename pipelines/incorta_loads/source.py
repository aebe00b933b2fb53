"""The dlt source.

In a dlt project of your own:

    import dlt
    from incorta_loads.source import incorta_load_status

    destination = dlt.destinations.duckdb("incorta.duckdb", supports_transactions=True)
    pipeline = dlt.pipeline("incorta", destination=destination, dataset_name="load_status")
    pipeline.run(incorta_load_status(ids="1-500"))

It is configured like any source of dlt, in `[sources.incorta]` of `.dlt/config.toml` and
`.dlt/secrets.toml` or with `SOURCES__INCORTA__…` in the environment: `cluster_url`, `tenant` and
`token` are required.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import dlt
from dlt.common.configuration.specs import BaseConfiguration
from dlt.extract import DltResource

from incorta_loads.base_tables import Batch
from incorta_loads.config.settings import load_settings
from incorta_loads.endpoint.execution_ids import ExecutionIds
from incorta_loads.ingest.feed import asked_for
from incorta_loads.ingest.fetching import fetch_batches
from incorta_loads.ingest.run_ids import new_run_id
from incorta_loads.redaction import Redactor
from incorta_loads.warehouse.resources import REPLACE_EXECUTIONS, resources


@dlt.source(name="incorta", section="incorta", spec=BaseConfiguration, max_table_nesting=0)
def incorta_load_status(
    ids: str | int | Iterable[int],
    *,
    cluster_url: str | None = None,
    tenant: str | None = None,
    token: str | None = None,
    **settings: Any,
) -> tuple[DltResource, ...]:
    """Status trees of load-plan executions as the tables `nodes`, `invalid_payloads`, `fetches`.

    Loading the same ids again replaces whole executions; an answer that is no tree changes none.
    Within one package each table commits by itself: whole executions are promised (on DuckDB where
    the destination has `supports_transactions`, without which dlt commits each statement of a merge
    by itself), but that the ledger `fetches` follows its nodes is not. The command `incorta-loads`
    promises both.

    Args:
        ids: such as `1-500,720`, or one id, or several.
        cluster_url: scheme, host and base path, when not in the configuration.
        tenant: when not in the configuration.
        token: when not in the configuration; better left there.
        settings: any other of `incorta_loads.config.settings.Settings`.

    Raises:
        ConfigurationError: a wrong or missing setting, ids that cannot be read; while the pipeline
            runs a refused token or an unknown tenant.
        ClusterDownError: while the pipeline runs, too many ids in a row were unavailable.
    """
    named = {"cluster_url": cluster_url, "tenant": tenant, "token": token}
    known = load_settings(named | settings)
    if isinstance(ids, str):
        wanted = ExecutionIds.parse(ids)
    else:
        wanted = ExecutionIds.of([ids] if isinstance(ids, int) else ids)

    def answers() -> Iterator[Batch]:
        redactor = Redactor([known.token])
        yield from fetch_batches(asked_for(wanted), known, run_id=new_run_id(), redactor=redactor)

    tables = resources(answers(), REPLACE_EXECUTIONS)
    for table in tables:  # so that columns of a later version may be added; others stay frozen
        dlt.current.source_schema().update_table(table.compute_table_schema())
    return tables
