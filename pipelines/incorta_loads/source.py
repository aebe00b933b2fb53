"""The dlt source.

In your own dlt project:

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
    """Returns status trees of executions as tables `nodes`, `invalid_payloads` and `fetches`.

    Loading the same ids again replaces whole executions. A response that is not a
    status tree changes no stored execution.

    An execution is stored completely or not at all; on DuckDB only if the destination has
    `supports_transactions`, because otherwise dlt commits each statement of a merge separately.
    Each table is committed separately, so a ledger row in `fetches` may precede its nodes. Only the
    command `incorta-loads` commits them in order. It also writes `status_changes`, which a source
    cannot: it would have to read what the destination has of each execution.

    Args:
        ids: ids to request, such as `1-500,720`, one id, or several.
        cluster_url: scheme, host and base path, if not in the configuration.
        tenant: name of the tenant, if not in the configuration.
        token: access token, if not in the configuration, where it is safer.
        settings: any other field of `incorta_loads.config.settings.Settings`.

    Raises:
        ConfigurationError: a setting is wrong or missing, or the ids cannot be parsed. While the
            pipeline runs: the token was refused, or the tenant is unknown.
        ClusterDownError: while the pipeline runs, too many consecutive ids were unavailable.
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
    for table in tables:  # declares the columns, so that dlt adds those of a later version
        dlt.current.source_schema().update_table(table.compute_table_schema())
    return tables
