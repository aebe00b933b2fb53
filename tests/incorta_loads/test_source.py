"""Rules for the dlt source in a user's own pipeline."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from dlt.common.pipeline import LoadInfo
from dlt.extract import DltSource
from dlt.pipeline.exceptions import PipelineStepFailed

from incorta_loads.base_tables import FETCHES, TABLES, Batch, descriptions
from incorta_loads.config.settings import Settings
from incorta_loads.errors import InvalidTokenError, MissingSettingError
from incorta_loads.ingest import batches
from incorta_loads.source import incorta_load_status
from incorta_loads.tree.decoding import decode
from incorta_loads.tree.flattening import Execution, flatten
from incorta_loads.warehouse import resources
from incorta_loads.warehouse.resources import loaded_batch
from incorta_simulator.faults.faults import RawBody, Refusal
from incorta_simulator.server.simulator import Simulator

Run = Callable[[DltSource], LoadInfo]
Query = Callable[[str], list[tuple[Any, ...]]]

LARGE = (
    b'{"name":"Nightly","type":"LOAD_PLAN","childStatusDetails":'
    b'[{"name":"a","type":"GROUP"},{"name":"b","type":"GROUP"}]}'
)
SMALL = b'{"name":"Nightly","type":"LOAD_PLAN","childStatusDetails":[{"name":"b"}]}'


@pytest.fixture
def run(tmp_path: Path, warehouse_path: Path) -> Run:
    """Runs a pipeline that keeps its working directory, as pipelines usually do."""

    def run(source: DltSource) -> LoadInfo:
        pipeline = dlt.pipeline(
            "somebody_elses",
            destination=dlt.destinations.duckdb(str(warehouse_path)),
            dataset_name="load_status",
            pipelines_dir=str(tmp_path / "pipelines"),
        )
        info = pipeline.run(source)
        info.raise_on_failed_jobs()
        return info

    return run


@pytest.fixture
def query(warehouse_path: Path) -> Query:
    def query(sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(warehouse_path, read_only=True) as connection:
            return connection.execute(sql).fetchall()

    return query


def status_of(simulator: Simulator, ids: str | list[int], token: str | None = None) -> DltSource:
    return incorta_load_status(
        ids,
        cluster_url=simulator.url,
        tenant=simulator.tenant,
        token=token or simulator.token,
        cluster="test",
        max_attempts=1,
    )


NODES = (
    "SELECT * EXCLUDE (fetched_at) FROM load_status.nodes ORDER BY cluster, execution_id, node_id"
)


# --- Loaded rows ----------------------------------------------------------------------------------


def test_executions_are_loaded_as_their_trees(simulator: Simulator, run: Run, query: Query) -> None:
    """Each node has every column, and each id has one request and one ledger row."""
    run(status_of(simulator, "1-34"))

    executions = [
        Execution(each, pa.scalar(0, pa.timestamp("us", tz="UTC")).as_py(), decode(body))
        for each in simulator.company.ids
        for body in [json.dumps(simulator.company.tree(each)).encode()]
    ]
    expected = flatten(executions, cluster="test", tenant=simulator.tenant)
    rows = expected.drop_columns(["fetched_at"]).to_pylist()
    assert len(executions) == 30
    assert query(NODES) == [tuple(row.values()) for row in rows]
    assert query("SELECT outcome, count(*) FROM load_status.fetches GROUP BY 1 ORDER BY 1") == [
        ("loaded", 30),
        ("not_found", 4),
    ]
    assert sorted(request.execution_id or 0 for request in simulator.requests) == [*range(1, 35)]


def test_loading_again_changes_only_times(simulator: Simulator, run: Run, query: Query) -> None:
    """Only the ledger has more rows."""
    times = "SELECT DISTINCT fetched_at FROM load_status.nodes"
    run(status_of(simulator, "1-9"))
    before, times_before = query(NODES), query(times)
    run(status_of(simulator, [9, 8, 7, 6, 5, 4, 3, 2, 1, 1]))
    assert query(NODES) == before
    assert len(before) > 100
    assert set(query(times)).isdisjoint(times_before)
    assert query("SELECT count(DISTINCT run_id), count(*) FROM load_status.fetches") == [(2, 18)]


def test_a_smaller_tree_leaves_no_old_rows(simulator: Simulator, run: Run, query: Query) -> None:
    """A response replaces its execution completely, and no other execution."""
    nodes = "SELECT execution_id, node_id, path FROM load_status.nodes ORDER BY ALL"
    simulator.faults.plan(1, RawBody(LARGE), times=1)
    simulator.faults.plan(2, RawBody(LARGE), times=1)
    run(status_of(simulator, "1-2"))
    assert query(nodes) == [
        (1, 0, "/Nightly"),
        (1, 1, "/Nightly/a"),
        (1, 2, "/Nightly/b"),
        (2, 0, "/Nightly"),
        (2, 1, "/Nightly/a"),
        (2, 2, "/Nightly/b"),
    ]
    simulator.faults.plan(1, RawBody(SMALL), times=1)
    run(status_of(simulator, "1"))
    assert query(nodes) == [
        (1, 0, "/Nightly"),
        (1, 1, "/Nightly/b"),
        (2, 0, "/Nightly"),
        (2, 1, "/Nightly/a"),
        (2, 2, "/Nightly/b"),
    ]


def test_an_invalid_payload_changes_no_execution(
    simulator: Simulator, run: Run, query: Query
) -> None:
    """Its body is kept, and identical bodies are kept once."""
    bodies = "SELECT execution_id, body, error FROM load_status.invalid_payloads ORDER BY ALL"
    is_first = (
        "SELECT run_id = (SELECT min(run_id) FROM load_status.fetches WHERE outcome = "
        "'invalid_payload') FROM load_status.invalid_payloads WHERE body = '<html>'"
    )
    run(status_of(simulator, "1-3"))
    before = query(NODES)
    empty = "the body is empty"
    no_json = "the body is not JSON (JSON is malformed: invalid character (byte 0))"
    for body in (b"<html>", b"<html>", b""):
        simulator.faults.plan(1, RawBody(body), times=1)
        simulator.faults.plan(2, Refusal(403), times=1)
        run(status_of(simulator, "1-2"))
        assert query(NODES) == before
    assert query(bodies) == [(1, b"", empty), (1, b"<html>", no_json)]
    assert query(is_first) == [(True,)]


# --- Configuration and errors ---------------------------------------------------------------------


def test_settings_are_read_from_dlts_configuration(
    simulator: Simulator, run: Run, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment sets them, as for any dlt source."""
    values = {"CLUSTER_URL": simulator.url, "TENANT": simulator.tenant, "TOKEN": simulator.token}
    for name, value in (values | {"CLUSTER": "from the environment"}).items():
        monkeypatch.setenv(f"SOURCES__INCORTA__{name}", value)
    run(incorta_load_status("1"))
    assert query("SELECT DISTINCT cluster, execution_id FROM load_status.nodes") == [
        ("from the environment", 1)
    ]


def test_a_missing_setting_is_named_before_anything_runs() -> None:
    """The error lists the searched places."""
    with pytest.raises(MissingSettingError, match="SOURCES__INCORTA__TENANT"):
        incorta_load_status("1", cluster_url="https://c.example", token="t")


def test_a_rejected_token_fails_the_pipeline(simulator: Simulator, run: Run) -> None:
    """The cause of the failure is the error with the remedy."""
    with pytest.raises(PipelineStepFailed) as caught:
        run(status_of(simulator, "1", token="another"))
    error: BaseException | None = caught.value
    while error and not isinstance(error, InvalidTokenError):
        error = error.__cause__ or error.__context__
    assert "create a new one and set SOURCES__INCORTA__TOKEN" in str(error)


def test_dlt_never_writes_the_token(
    simulator: Simulator, run: Run, tmp_path: Path, warehouse_path: Path
) -> None:
    """Neither its working directory nor its own tables contain it."""
    simulator.faults.plan(2, RawBody(f"<p>{simulator.token}</p>".encode()))
    run(status_of(simulator, "1-2"))
    files = [each for each in (tmp_path / "pipelines").rglob("*") if each.is_file()]
    assert any(b"somebody_elses" in each.read_bytes() for each in files), "the search finds texts"
    assert not [each for each in files if simulator.token.encode() in each.read_bytes()]
    with duckdb.connect(warehouse_path, read_only=True) as connection:
        tables = connection.execute(
            "SELECT schema_name || '.' || table_name FROM duckdb_tables()"
        ).fetchall()
        cells = [str(connection.execute(f"FROM {name}").fetchall()) for (name,) in tables]
    assert any("[redacted]" in each for each in cells)
    assert not [each for each in cells if simulator.token in each]


# --- Declarations for dlt -------------------------------------------------------------------------


def test_the_source_has_three_resources(settings: Settings) -> None:
    """There is no other resource that `with_resources` could select."""
    source = incorta_load_status(
        "1", cluster_url=settings.cluster_url, tenant=settings.tenant, token=settings.token
    )
    assert (source.name, source.section) == ("incorta", "incorta")
    assert list(source.resources) == ["nodes", "invalid_payloads", "fetches"]
    assert list(source.selected_resources) == ["nodes", "invalid_payloads", "fetches"]


@pytest.mark.parametrize(
    ("resource", "key", "disposition"),
    [
        ("nodes", ["cluster", "tenant", "execution_id", "node_id"], "merge"),
        ("invalid_payloads", ["cluster", "tenant", "execution_id", "body_sha256"], "merge"),
        ("fetches", ["cluster", "tenant", "execution_id", "run_id"], "append"),
    ],
)
def test_each_resource_declares_its_table(
    simulator: Simulator, resource: str, key: list[str], disposition: str
) -> None:
    """Primary key, types, nullability and descriptions are known before the first row."""
    table = status_of(simulator, "1").resources[resource].compute_table_schema()
    kinds = {
        pa.string(): "text",
        pa.int64(): "bigint",
        pa.bool_(): "bool",
        pa.binary(): "binary",
        pa.timestamp("us", tz="UTC"): "timestamp",
    }
    columns = table["columns"]
    assert [name for name, column in columns.items() if column.get("primary_key")] == key
    assert table["write_disposition"] == disposition
    assert table["schema_contract"] == {
        "tables": "evolve",
        "columns": "freeze",
        "data_type": "freeze",
    }
    schema = TABLES[resource]
    assert {name: column["description"] for name, column in columns.items()} == descriptions(schema)
    assert [
        (name, column["data_type"], column["nullable"]) for name, column in columns.items()
    ] == [(column.name, kinds[column.type], column.nullable) for column in schema]


def text_for_a_number(table: pa.Table) -> pa.Table:
    texts = pc.cast(table["depth"], pa.string())
    return table.set_column(table.schema.get_field_index("depth"), "depth", texts)


def another_column(table: pa.Table) -> pa.Table:
    return table.append_column("surprise", pa.array([1] * table.num_rows))


def no_path(table: pa.Table) -> pa.Table:
    return table.drop_columns(["path"])


@pytest.mark.parametrize("spoil", [text_for_a_number, another_column, no_path])
@pytest.mark.parametrize("replace", [True, False])
def test_rows_of_another_schema_fail_before_anything_is_loaded(
    run: Run, warehouse_path: Path, spoil: Callable[[pa.Table], pa.Table], replace: bool
) -> None:
    """This includes text that looks like a number, which the destination would accept."""
    now = pa.scalar(0, pa.timestamp("us", tz="UTC")).as_py()
    good = flatten([Execution(1, now, decode(LARGE))], cluster="c", tenant="t")
    with pytest.raises(PipelineStepFailed) as caught:
        run(loaded_batch(Batch(nodes=spoil(good)), replace=replace))
    assert caught.value.step == "extract"
    assert "the rows for nodes have other columns or types than the table" in str(caught.value)
    with duckdb.connect(warehouse_path) as connection:
        tables = connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
    assert ("nodes",) not in tables


def test_a_pipeline_of_an_older_version_gets_a_new_column(
    simulator: Simulator, run: Run, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The frozen columns of its table stay as they are; older rows have NULL."""
    older = FETCHES.remove(FETCHES.get_field_index("is_final"))
    made = resources._table
    with monkeypatch.context() as older_version:
        older_version.setattr(batches, "FETCHES", older)
        older_version.setattr(
            resources,
            "_table",
            lambda name, schema, *more: made(name, older if schema is FETCHES else schema, *more),
        )
        run(status_of(simulator, "1"))
    run(status_of(simulator, "2"))
    assert query("SELECT execution_id, is_final FROM load_status.fetches ORDER BY ALL") == [
        (1, None),
        (2, True),
    ]


def test_a_column_added_by_a_map_is_refused(simulator: Simulator, run: Run) -> None:
    """If the table exists, dlt's own schema contract applies to rows changed on the way."""
    run(status_of(simulator, "1"))
    source = status_of(simulator, "1")
    source.resources["nodes"].add_map(another_column)
    with pytest.raises(PipelineStepFailed, match="Can't add table column `surprise`") as caught:
        run(source)
    assert caught.value.step == "extract"
