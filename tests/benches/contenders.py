"""Other ways to get status trees into DuckDB, each a whole process, to compare `ingest` with.

    python tests/benches/contenders.py NAME URL DIRECTORY LAST_ID

`bare-loop` only requests the ids, and `floor` only decodes bodies from files and inserts the rows.
The others do all of it in the current directory.
"""

from __future__ import annotations

import json
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import requests

CONCURRENCY = 4  # as `ingest` by default
TOKEN = "t0k3n-bench"
COLUMNS = (
    *("execution_id", "node_id", "parent_id", "last_descendant_id", "depth", "position"),
    *("type", "name", "state_type", "job_status", "path"),
    *("load_plan", "group_name", "schema_name", "table_name"),
)
PLACES = {"LOAD_PLAN": 0, "GROUP": 1, "SCHEMA": 2, "TABLE": 3}

Row = tuple[Any, ...]


class Status(msgspec.Struct, gc=False):
    stateType: str  # noqa: N815
    jobStatus: str  # noqa: N815


class Node(msgspec.Struct, gc=False):
    name: str
    type: str
    status: Status
    childStatusDetails: list[Node] | None = None  # noqa: N815


def bodies(url: str, last_id: int) -> Iterator[tuple[int, bytes]]:
    """Requests all ids, some at a time, and yields the bodies of those that exist."""
    threads = threading.local()

    def get(execution_id: int) -> tuple[int, requests.Response]:
        if not hasattr(threads, "session"):
            threads.session = requests.Session()
            threads.session.trust_env = False
            threads.session.headers["Authorization"] = f"Bearer {TOKEN}"
        place = f"{url}/api/v2/demo/load-plan/status/{execution_id}?level=4"
        return execution_id, threads.session.get(place, timeout=60)

    with ThreadPoolExecutor(CONCURRENCY) as pool:
        for execution_id, response in pool.map(get, range(1, last_id + 1)):
            if response.status_code == 200:
                yield execution_id, response.content


def rows_of(execution_id: int, tree: dict[str, Any]) -> list[Row]:
    """Flattens a tree by recursion."""
    rows: list[Row] = []

    def add(
        node: dict[str, Any], parent: int | None, depth: int, position: int, path: str, names: Row
    ) -> None:
        node_id = len(rows)
        rows.append(())
        path += "/" + node["name"].replace("~", "~0").replace("/", "~1")
        place = PLACES[node["type"]]
        names = (*names[:place], node["name"], *names[place + 1 :])
        for number, child in enumerate(node.get("childStatusDetails") or ()):
            add(child, node_id, depth + 1, number, path, names)
        status = node["status"]
        rows[node_id] = (
            *(execution_id, node_id, parent, len(rows) - 1, depth, position, node["type"]),
            *(node["name"], status["stateType"], status["jobStatus"], path, *names),
        )

    add(tree, None, 0, 0, "", (None,) * 4)
    return rows


def bare_loop(url: str, _: Path, last_id: int) -> None:
    """Requests every id and drops the bodies."""
    deque(bodies(url, last_id), maxlen=0)


def floor(_: str, directory: Path, __: int) -> None:
    """Decodes every body into typed nodes and inserts the columns with one statement."""
    import duckdb
    import pyarrow as pa

    decode = msgspec.json.Decoder(Node).decode
    columns: list[list[Any]] = [[] for _ in COLUMNS]

    def add(node: Node, parent: int | None, depth: int, position: int, above: Row) -> None:
        begin, node_id = above[0], len(columns[0]) - above[0]
        path = f"{above[2]}/{node.name}"
        place = PLACES[node.type]
        names = (*above[3][:place], node.name, *above[3][place + 1 :])
        values: Row = (above[1], node_id, parent, 0, depth, position, node.type, node.name)
        values += (node.status.stateType, node.status.jobStatus, path, *names)
        for column, value in zip(columns, values, strict=True):
            column.append(value)
        for number, child in enumerate(node.childStatusDetails or ()):
            add(child, node_id, depth + 1, number, (begin, above[1], path, names))
        columns[3][begin + node_id] = len(columns[0]) - begin - 1

    for file in sorted(directory.iterdir(), key=lambda each: int(each.stem)):
        tree = decode(file.read_bytes())
        add(tree, None, 0, 0, (len(columns[0]), int(file.stem), "", (None,) * 4))
    table = pa.table(dict(zip(COLUMNS, columns, strict=True)))
    with duckdb.connect("floor.duckdb") as connection:
        connection.register("rows", table)
        connection.execute("CREATE TABLE nodes AS FROM rows")


def pandas_script(url: str, _: Path, last_id: int) -> None:
    """The script that one would write: requests, recursion, a data frame, one insert."""
    import duckdb
    import pandas as pd

    rows = [
        row
        for execution_id, body in bodies(url, last_id)
        for row in rows_of(execution_id, json.loads(body))
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    with duckdb.connect("pandas.duckdb") as connection:
        connection.register("rows", frame)
        connection.execute("CREATE TABLE nodes AS FROM rows")


def dlt_nested(url: str, _: Path, last_id: int) -> None:
    """Nested trees, which dlt normalizes into one table per level."""
    import dlt

    @dlt.resource(name="executions")
    def trees() -> Iterator[dict[str, Any]]:
        for execution_id, body in bodies(url, last_id):
            yield json.loads(body) | {"execution_id": execution_id}

    _run_dlt(trees())


def dlt_rows(url: str, _: Path, last_id: int) -> None:
    """Flat rows as dicts, loaded by dlt."""
    import dlt

    @dlt.resource(name="nodes")
    def rows() -> Iterator[list[dict[str, Any]]]:
        for execution_id, body in bodies(url, last_id):
            flat = rows_of(execution_id, json.loads(body))
            yield [dict(zip(COLUMNS, row, strict=True)) for row in flat]

    _run_dlt(rows())


def _run_dlt(resource: Any) -> None:
    import dlt

    pipeline = dlt.pipeline(
        "bench", destination=dlt.destinations.duckdb("dlt.duckdb"), pipelines_dir="pipelines"
    )
    pipeline.run(resource).raise_on_failed_jobs()


CONTENDERS: dict[str, Callable[[str, Path, int], None]] = {
    "bare-loop": bare_loop,
    "floor": floor,
    "pandas-script": pandas_script,
    "dlt-nested": dlt_nested,
    "dlt-rows": dlt_rows,
}

if __name__ == "__main__":
    _, name, url, directory, last_id = sys.argv
    CONTENDERS[name](url, Path(directory), int(last_id))
