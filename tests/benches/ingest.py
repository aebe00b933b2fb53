"""The cost of `incorta-loads ingest`, and of other ways to load the same executions.

    PYTHONPATH=tests python tests/benches/ingest.py 500x1000 1000x28

A size is executions x tables in each. Every line is a whole process, over HTTP on loopback: the
median of three. The simulator runs in a process of its own and waits 20 ms before each response.
`x base` is the processor time divided by that of `bare-loop` and `floor` together.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

from benches.contenders import CONTENDERS, TOKEN
from incorta_simulator.company.company import Company
from incorta_simulator.company.plans import Group, Plan, Schema
from incorta_simulator.faults.faults import Exchange, Fault
from incorta_simulator.faults.weather import Weather
from incorta_simulator.server.simulator import Simulator
from support.peaks import peak_mib

COMMAND = Path(sys.executable).with_name("incorta-loads")
TABLES_A_SCHEMA = 50
RESPONSE_SECONDS = 0.02
TIMES = 3
SLOW = ("dlt-nested", "dlt-rows")  # a hundred times slower: once is enough


class Cost(NamedTuple):
    """What a process used: wall and processor seconds, and peak memory."""

    seconds: float
    cpu_seconds: float
    peak_mib: float


@dataclass(frozen=True)
class Late(Fault):
    """The usual response after a pause, as of a server that works."""

    def write(self, exchange: Exchange) -> None:
        """Waits, then responds."""
        exchange.wait(RESPONSE_SECONDS)
        exchange.write_last(exchange.normal().encode())


class LateForAll(Weather):
    """Makes every request late."""

    def strike(self, *_: object) -> Fault:
        """Returns the pause."""
        return Late()


def company(executions: int, tables: int) -> Company:
    """Returns a company whose executions have this number of tables each."""
    schemas = tuple(
        Schema.of(f"Schema_{i}", " ".join(f"t{j}" for j in range(min(tables, TABLES_A_SCHEMA))))
        for i in range(max(1, tables // TABLES_A_SCHEMA))
    )
    return Company((Plan("Bench", (Group("Group 1", schemas),)),), executions=executions)


def serve(executions: int, tables: int, pipe: Connection) -> None:
    """Serves the company until the other end sends something."""
    with Simulator(company(executions, tables), tenant="demo", token=TOKEN) as simulator:
        simulator.faults.weather = LateForAll(0, 1.0, ())
        pipe.send(simulator.url)
        pipe.recv()


def cost(command: list[str], home: Path, environment: dict[str, str]) -> Cost:
    """Runs a command in a directory."""
    begin = time.monotonic()
    before = os.times()
    process = subprocess.Popen(
        command, cwd=home, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    peak = peak_mib(process)
    seconds = time.monotonic() - begin
    after = os.times()
    assert process.returncode == 0, command
    cpu = after.children_user + after.children_system
    return Cost(seconds, cpu - before.children_user - before.children_system, peak)


def median(costs: list[Cost]) -> Cost:
    """The median of each figure."""
    return Cost(*(statistics.median(each) for each in zip(*costs, strict=True)))


def measure(executions: int, tables: int) -> None:
    """Prints the lines of one size."""
    here, there = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(executions, tables, there))
    server.start()
    url = here.recv()
    made = company(executions, tables)
    last = made.ids[-1]
    with tempfile.TemporaryDirectory() as folder:
        bodies = Path(folder, "bodies")
        bodies.mkdir()
        nodes = 0
        for execution_id in made.ids:
            body = json.dumps(made.tree(execution_id))
            nodes += body.count('"name"')
            Path(bodies, f"{execution_id}.json").write_text(body)
        environment = os.environ | {
            "SOURCES__INCORTA__CLUSTER_URL": url,
            "SOURCES__INCORTA__TENANT": "demo",
            "SOURCES__INCORTA__TOKEN": TOKEN,
            "RUNTIME__DLTHUB_TELEMETRY": "false",
        }
        others = [sys.executable, str(Path(__file__).with_name("contenders.py"))]
        commands = {name: [*others, name, url, str(bodies), str(last)] for name in CONTENDERS} | {
            "ingest (new)": [str(COMMAND), "ingest", "--ids", f"1-{last}"],
            "ingest (replaced)": [str(COMMAND), "ingest", "--ids", f"1-{last}"],
        }
        order = [name for name in commands if name not in SLOW] + list(SLOW)
        base = 0.0
        for name in order:
            costs = []
            for number in range(1 if name in SLOW else TIMES):
                # the warehouses of `new` are those that are loaded again
                kind = "ingest" if name.startswith("ingest") else name
                home = Path(folder, f"{kind}-{number}")
                home.mkdir(exist_ok=True)
                costs.append(cost(commands[name], home, environment))
            found = median(costs)
            if name in ("bare-loop", "floor"):
                base += found.cpu_seconds
            print(
                f"{executions:>10,} {nodes:>9,}  {name:<17} {found.seconds:>7.1f} "
                f"{found.cpu_seconds:>7.1f} {found.cpu_seconds / base:>7.2f} "
                f"{1e6 * found.cpu_seconds / nodes:>10.1f} {found.peak_mib:>9.0f}",
                flush=True,
            )
    here.send("end")
    server.join()


def main() -> None:
    """Prints the table."""
    print("executions     nodes  way                 wall s   cpu s  x base  µs a node  peak MiB")
    for size in sys.argv[1:] or ["500x1000", "1000x28"]:
        measure(*map(int, size.split("x")))


if __name__ == "__main__":
    main()
