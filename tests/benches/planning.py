"""The cost of a scheduled `ingest` of 10 new executions, after a history of any length.

    PYTHONPATH=tests python tests/benches/planning.py 1000x1000 10000x1000 50000x1000

A size is executions x tables in the warehouse. Each line is a whole process over HTTP on loopback,
the median of three, with processor seconds, wall seconds and peak memory. The run plans its
requests, requests the highest execution again, loads the new ones and probes for more.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sys
import tempfile
from multiprocessing.connection import Connection
from pathlib import Path

import duckdb

from benches.analysis import load
from benches.contenders import TOKEN
from benches.ingest import COMMAND, TIMES, cost, median
from incorta_loads.tree.flattening import encode
from incorta_loads.warehouse.executions import nodes_of
from incorta_simulator.company.company import Company
from incorta_simulator.faults.faults import RawBody
from incorta_simulator.server.simulator import Simulator

NEW_EXECUTIONS = 10


def serve(bodies: dict[int, bytes], pipe: Connection) -> None:
    """Serves these bodies, and 404 for any other id, until the other end sends something."""
    with Simulator(Company(executions=0), tenant="demo", token=TOKEN) as simulator:
        for execution_id, body in bodies.items():
            simulator.faults.plan(execution_id, RawBody(body))
        pipe.send(simulator.url)
        pipe.recv()


def measure(executions: int, tables: int) -> str:
    """Measures one history; returns a line of the table."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, "made.duckdb")
        load(made, 1, executions, tables)
        with duckdb.connect(made) as warehouse:
            warehouse.execute("SET TimeZone = 'UTC'")
            highest = encode(nodes_of(warehouse, "bench", "demo", executions).to_pylist())
            (nodes,) = warehouse.execute("SELECT count(*) FROM load_status.nodes").fetchone() or (
                0,
            )
        here, there = multiprocessing.Pipe()
        ids = range(executions, executions + NEW_EXECUTIONS + 1)
        server = multiprocessing.Process(target=serve, args=(dict.fromkeys(ids, highest), there))
        server.start()
        environment = os.environ | {
            "SOURCES__INCORTA__CLUSTER_URL": here.recv(),
            "SOURCES__INCORTA__TENANT": "demo",
            "SOURCES__INCORTA__TOKEN": TOKEN,
            "SOURCES__INCORTA__CLUSTER": "bench",
        }
        costs = []
        for number in range(TIMES):
            home = Path(folder, str(number))
            home.mkdir()
            shutil.copyfile(made, home / "incorta_loads.duckdb")
            costs.append(cost([str(COMMAND), "ingest"], home, environment))
            with duckdb.connect(home / "incorta_loads.duckdb", read_only=True) as warehouse:
                loaded = warehouse.execute("SELECT max(execution_id) FROM load_status.nodes")
                assert loaded.fetchone() == (executions + NEW_EXECUTIONS,)
            shutil.rmtree(home)
        here.send("end")
        server.join()
    found = median(costs)
    return (
        f"{executions:>10,} {nodes:>12,} {found.cpu_seconds:>8.2f} {found.seconds:>8.2f} "
        f"{found.peak_mib:>9.0f}"
    )


def main() -> None:
    """Prints the table."""
    print("executions        nodes    cpu s   wall s  peak MiB")
    for size in sys.argv[1:] or ["1000x1000"]:
        print(measure(*map(int, size.split("x"))), flush=True)


if __name__ == "__main__":
    main()
