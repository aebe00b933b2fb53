"""A small cluster as a process of its own, which prints its URL and lets time pass line by line.

It has a hidden execution, a body that is no tree, and an execution that still runs. At each line
that it reads the running one has finished and two more executions are there; at the end of its
input it stops.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from incorta_simulator import bodies
from incorta_simulator.company import Company
from incorta_simulator.faults import Exchange, RawBody, Refusal
from incorta_simulator.server import Simulator

RUNNING = bodies.with_status(b'{"stateType": "Load State", "jobStatus": "In Progress"}')
FINAL = (
    b'{"name": "shorter", "type": "LOAD_PLAN", '
    b'"status": {"stateType": "Terminator State", "jobStatus": "Success"}}'
)


@dataclass
class Changing:
    """A fault whose body can be replaced while the server runs."""

    body: bytes

    def write(self, exchange: Exchange) -> None:
        RawBody(self.body).write(exchange)


def main() -> None:
    """Serves until the end of standard input."""
    company = Company(executions=6, running=0)
    running = Changing(RUNNING)
    with Simulator(company, token="crash-token") as simulator:
        simulator.faults.plan(2, running)
        simulator.faults.plan(3, Refusal(403))
        simulator.faults.plan(4, RawBody(b"<html>not a tree</html>"))
        sys.stdout.write(f"{simulator.url}\n")
        sys.stdout.flush()
        for _ in sys.stdin:
            running.body = FINAL
            company.release(2)
            sys.stdout.write("done\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
