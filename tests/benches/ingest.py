"""How fast and how large `incorta-loads ingest` is: whole processes, over HTTP on loopback.

    PYTHONPATH=tests python tests/benches/ingest.py 1000x1000 10000x25

One line a size (executions x tables in each): seconds, nodes a second, peak memory, file size. The
simulator runs in a process of its own, so that both cores are used as they would be.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

import duckdb

from incorta_simulator.company.company import Company
from incorta_simulator.company.plans import Group, Plan, Schema
from incorta_simulator.server.simulator import Simulator
from support.peaks import peak_mib

COMMAND = Path(sys.executable).with_name("incorta-loads")
TABLES_A_SCHEMA = 50


def serve(executions: int, tables: int, pipe: Connection) -> None:
    """A cluster whose executions have so many tables each, until the other end says so."""
    schemas = tuple(
        Schema.of(f"Schema_{i}", " ".join(f"t{j}" for j in range(min(tables, TABLES_A_SCHEMA))))
        for i in range(max(1, tables // TABLES_A_SCHEMA))
    )
    plan = Plan("Bench", (Group("Group 1", schemas),))
    with Simulator(
        Company((plan,), executions=executions), tenant="demo", token="t0k3n-bench"
    ) as it:
        pipe.send((it.url, it.company.ids[-1]))
        pipe.recv()


def measure(executions: int, tables: int) -> str:
    """One fresh load of all executions, as a line of the table."""
    here, there = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(executions, tables, there))
    server.start()
    url, highest = here.recv()
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {
            "SOURCES__INCORTA__CLUSTER_URL": url,
            "SOURCES__INCORTA__TENANT": "demo",
            "SOURCES__INCORTA__TOKEN": "t0k3n-bench",
        }
        begin = time.monotonic()
        process = subprocess.Popen(
            [COMMAND, "ingest", "--ids", f"1-{highest}"],
            cwd=home,
            env=environment,
            stderr=subprocess.DEVNULL,
        )
        peak = peak_mib(process)
        seconds = time.monotonic() - begin
        database = Path(home) / "incorta_loads.duckdb"
        with duckdb.connect(database, read_only=True) as connection:
            (nodes,) = connection.execute("SELECT count(*) FROM load_status.nodes").fetchone() or (
                0,
            )
        size = database.stat().st_size
    here.send("end")
    server.join()
    assert process.returncode == 0
    return (
        f"{executions:>10,} {nodes:>12,} {seconds:>8.1f} {nodes / seconds:>9,.0f} "
        f"{peak:>8.0f} {size / 2**20:>8.1f}"
    )


def main() -> None:
    """Prints the table."""
    print("executions        nodes  seconds   nodes/s peak MiB file MiB")
    for size in sys.argv[1:] or ["1000x1000"]:
        executions, tables = map(int, size.split("x"))
        print(measure(executions, tables), flush=True)


if __name__ == "__main__":
    main()
