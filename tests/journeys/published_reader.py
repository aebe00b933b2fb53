"""Reads a published directory in a separate process until its standard input ends.

    python published_reader.py duckdb|parquet|sqlalchemy DIRECTORY

Prints a line after the first read. When standard input ends, it prints the number of reads. A read
with an error or inconsistent data ends the process with a traceback.
"""

from __future__ import annotations

import sys
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow.dataset as ds
import sqlalchemy

PAUSE_SECONDS = 0.02

HALF = (
    "SELECT execution_id FROM load_status.nodes GROUP BY cluster, tenant, execution_id "
    "HAVING count(*) <> max(last_descendant_id) + 1"
)
UNEVEN = (
    "SELECT (SELECT count(*) FROM load_status.nodes), "
    "(SELECT sum(nodes) FROM load_analysis.status_ledger)"
)


def read_with_duckdb(directory: Path) -> None:
    """Reads the snapshot: executions are complete, and the marts belong to them."""
    with duckdb.connect(directory / "incorta_loads.duckdb", read_only=True) as connection:
        assert connection.execute(HALF).fetchall() == []
        [(nodes, counted)] = connection.execute(UNEVEN).fetchall()
    assert nodes == counted != 0


def read_with_sqlalchemy(directory: Path) -> None:
    """Reads the snapshot as BI tools do."""
    engine = sqlalchemy.create_engine(
        f"duckdb:///{directory / 'incorta_loads.duckdb'}", connect_args={"read_only": True}
    )
    with engine.connect() as connection:
        assert connection.execute(sqlalchemy.text(HALF)).fetchall() == []
        [(nodes, counted)] = connection.execute(sqlalchemy.text(UNEVEN)).fetchall()
    engine.dispose()
    assert nodes == counted != 0


def read_parquet(directory: Path) -> None:
    """Reads each file with pandas and pyarrow; executions in the lake are complete."""
    for file in (directory / "parquet").iterdir():
        assert file.suffix == ".parquet"
        pd.read_parquet(file)
    nodes = ds.dataset(directory / "lake" / "nodes", partitioning="hive").to_table(
        columns=["execution_id", "last_descendant_id"]
    )
    sizes = nodes.to_pandas().groupby("execution_id")["last_descendant_id"].agg(["size", "max"])
    assert (sizes["size"] - sizes["max"]).eq(1).all()


READERS: dict[str, Callable[[Path], None]] = {
    "duckdb": read_with_duckdb,
    "parquet": read_parquet,
    "sqlalchemy": read_with_sqlalchemy,
}


def main() -> None:
    """Reads until standard input ends."""
    warnings.simplefilter("ignore")
    read, directory = READERS[sys.argv[1]], Path(sys.argv[2])
    told_to_end = threading.Event()

    def wait() -> None:
        sys.stdin.read()
        told_to_end.set()

    threading.Thread(target=wait, daemon=True).start()
    times = 0
    while not told_to_end.is_set():
        read(directory)
        times += 1
        if times == 1:
            sys.stdout.write("reads\n")
            sys.stdout.flush()
        time.sleep(PAUSE_SECONDS)
    sys.stdout.write(f"{times}\n")


if __name__ == "__main__":
    main()
