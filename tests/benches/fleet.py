"""The cost of `incorta-loads ingest --all`: 20 clusters in one run, and the largest alone.

    PYTHONPATH=tests python tests/benches/fleet.py

Each line is a whole process, over HTTP on loopback. The clusters are simulated in a process of
their own, which waits before each response, so that the servers are the slow part.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from contextlib import ExitStack
from multiprocessing.connection import Connection
from pathlib import Path

import duckdb

from benches.contenders import TOKEN
from benches.ingest import COMMAND, LateForAll, company, cost
from incorta_simulator.server.simulator import Simulator

CLUSTERS, LARGEST, OTHERS, TABLES = 20, 400, 60, 28


def serve(pipe: Connection) -> None:
    """Serves all clusters until the other end sends something."""
    with ExitStack() as stack:
        simulators = [
            stack.enter_context(
                Simulator(company(LARGEST if number == 0 else OTHERS, TABLES), token=TOKEN)
            )
            for number in range(CLUSTERS)
        ]
        for simulator in simulators:
            simulator.faults.weather = LateForAll(0, 1.0, ())
        pipe.send([simulator.url for simulator in simulators])
        pipe.recv()
        pipe.send(sum(len(simulator.requests) for simulator in simulators))


def main() -> None:
    """Prints a line for the largest alone, and one for all."""
    here, there = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(there,))
    server.start()
    config = "".join(
        f'[sources.incorta.clusters.c{number:02}]\ncluster_url = "{url}"\n'
        for number, url in enumerate(here.recv())
    )
    environment = os.environ | {
        "SOURCES__INCORTA__TENANT": "demo",
        "SOURCES__INCORTA__TOKEN": TOKEN,
        "RUNTIME__DLTHUB_TELEMETRY": "false",
    }
    print("clusters             wall s   cpu s  peak MiB  executions")
    with tempfile.TemporaryDirectory() as folder:
        for name, options in (("the largest alone", ["--cluster", "c00"]), ("all", ["--all"])):
            home = Path(folder, name)
            (home / ".dlt").mkdir(parents=True)
            (home / ".dlt/config.toml").write_text(config)
            found = cost([str(COMMAND), "ingest", *options], home, environment)
            with duckdb.connect(home / "incorta_loads.duckdb", read_only=True) as warehouse:
                (executions,) = warehouse.execute(
                    "SELECT count(*) FROM load_status.nodes WHERE node_id = 0"
                ).fetchone() or (0,)
            print(
                f"{name:<20} {found.seconds:>6.1f} {found.cpu_seconds:>7.1f} "
                f"{found.peak_mib:>9.0f} {executions:>11,}",
                flush=True,
            )
    here.send("end")
    print(f"{here.recv():,} requests in both")
    server.join()


if __name__ == "__main__":
    main()
