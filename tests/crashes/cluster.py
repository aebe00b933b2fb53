"""A small cluster in a separate process, which prints its URL and advances line by line.

It has a hidden execution, an invalid payload, an unavailable id and a running execution. For each
line on standard input, the running execution finishes with a smaller tree, the unavailable one
becomes available, and two executions are added. It stops when its input ends. Nothing else changes
its responses, so that many runs can use it at the same time.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from incorta_simulator.company.company import Company
from incorta_simulator.faults import bodies
from incorta_simulator.faults.faults import Exchange, Fault, RawBody, Refusal
from incorta_simulator.server.simulator import Simulator

RUNNING = bodies.with_status(b'{"stateType": "Load State", "jobStatus": "In Progress"}')
FINAL = (
    b'{"name": "shorter", "type": "LOAD_PLAN", '
    b'"status": {"stateType": "Terminator State", "jobStatus": "Success"}}'
)


@dataclass
class Changing:
    """A fault that can be replaced while the server is running."""

    fault: Fault

    def write(self, exchange: Exchange) -> None:
        self.fault.write(exchange)


def main() -> None:
    """Serves until standard input ends."""
    company = Company(executions=6, running=0)
    running, unavailable = Changing(RawBody(RUNNING)), Changing(Refusal(503))
    with Simulator(company, token="crash-token") as simulator:
        simulator.faults.plan(2, running)
        simulator.faults.plan(3, Refusal(403))
        simulator.faults.plan(4, RawBody(b"<html>not a tree</html>"))
        simulator.faults.plan(5, unavailable)
        sys.stdout.write(f"{simulator.url}\n")
        sys.stdout.flush()
        for _ in sys.stdin:
            running.fault, unavailable.fault = RawBody(FINAL), RawBody(bodies.EXAMPLE)
            company.release(2)
            sys.stdout.write("done\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
