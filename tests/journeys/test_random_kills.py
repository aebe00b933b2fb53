"""`kill -9` of the real command at random moments, while the cluster has faults and changes."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from crashes.readers import State, broken, broken_changes, state
from incorta_simulator.company.company import Company
from incorta_simulator.faults.bodies import LOGIN_PAGE
from incorta_simulator.faults.faults import RawBody, Refusal
from incorta_simulator.faults.transport import HangUp, Reset, Stall
from incorta_simulator.faults.weather import Weather
from incorta_simulator.server.simulator import Simulator
from journeys.shell import COMMAND, TOKEN, User, configured
from support.patience import HANG_SECONDS

SEED = 11
GATE_KILLS, PROOF_KILLS = 2, 60

FAULTS = (
    Refusal(500),
    Refusal(503, retry_after=0),
    Refusal(429, retry_after=0),
    HangUp("half a body"),
    Reset("half a body in chunks"),
    Reset(),
    Stall("a head"),
    RawBody(LOGIN_PAGE, 404, "text/html"),  # the only one that is not retried immediately
)
BAD_WEATHER = Weather(SEED, 0.06, FAULTS)


@dataclass
class History:
    """A changing cluster, and two users: the runs of one are killed, those of the other are not.

    Attributes:
        simulator: the cluster; a plan is hidden, and two ids always have an invalid payload.
        disturbed: the user whose runs are killed.
        calm: the user whose runs are not killed and see no faults.
        draw: the source of random decisions.
        kills: the number of killed runs.
        kills_at_work: the number of runs killed after their first request.
        seen: errors that a reader saw after a kill.
    """

    simulator: Simulator
    disturbed: User
    calm: User
    draw: random.Random = field(default_factory=lambda: random.Random(SEED))
    kills: int = 0
    kills_at_work: int = 0
    seen: list[str] = field(default_factory=list)

    def run_calmly(self) -> float:
        """Runs `ingest` for the calm user without faults; returns its duration in seconds."""
        self.simulator.faults.weather = None
        began = time.monotonic()
        self.calm.runs("ingest", exit_code=3)
        return time.monotonic() - began

    def change_cluster(self) -> None:
        """Ends executions and begins new ones."""
        if self.draw.random() < 0.5:
            self.simulator.company.finish_all()
        self.simulator.company.release(self.draw.randrange(40))

    def kill_a_run(self, most_seconds: float) -> float:
        """Starts a run while there are faults and kills it, unless it ends before.

        Returns the longest time after which to kill the next run, in seconds.
        """
        again = ("--ids", f"1-{self.draw.randrange(60, 160)}")
        ids = again if self.draw.random() < 0.3 else ()
        self.simulator.faults.weather = BAD_WEATHER
        requests = len(self.simulator.requests)
        began = time.monotonic()
        process = subprocess.Popen(
            [COMMAND, "ingest", *ids],
            cwd=self.disturbed.home,
            # a short timeout, since some faults stall
            env=self.disturbed.environment | {"SOURCES__INCORTA__TIMEOUT_SECONDS": "5"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        with process:
            try:
                process.wait(self.draw.uniform(0.4, 1.0) * most_seconds)
            except subprocess.TimeoutExpired:
                process.kill()
        took_seconds = time.monotonic() - began
        assert process.returncode in (0, 3, -signal.SIGKILL)
        if process.returncode == -signal.SIGKILL:
            self.kills += 1
            self.kills_at_work += len(self.simulator.requests) > requests
        if wrong := broken(self.disturbed.warehouse):
            self.seen.append(f"after {self.kills} kills: {wrong}")
        return most_seconds if process.returncode == -signal.SIGKILL else took_seconds


def made_user(home: Path, simulator: Simulator) -> User:
    """A user with at most two attempts per id."""
    home.mkdir()
    user = configured(home, simulator)
    user.settings |= {
        "SOURCES__INCORTA__MAX_ATTEMPTS": "2",
        "SOURCES__INCORTA__TIMEOUT_SECONDS": str(HANG_SECONDS),
    }
    return user


def differing_rows(one: State, other: State) -> list[object]:
    """Rows that only one of the two has, or has more often."""
    return [
        each
        for name in one
        for each in (Counter(one[name]) - Counter(other[name]))
        + (Counter(other[name]) - Counter(one[name]))
    ]


@pytest.mark.timeout(3_600)
def test_kills_at_any_time_change_nothing(
    tmp_path: Path, request: pytest.FixtureRequest, report_figure: Callable[[str], None]
) -> None:
    """Readers see complete executions, and one undisturbed run compensates for all kills."""
    most = PROOF_KILLS if request.config.getoption("--full") else GATE_KILLS
    company = Company(executions=150, hidden_plan="HR Weekly")
    with Simulator(company, token=TOKEN) as simulator:
        for execution_id in (7, 90):
            simulator.faults.plan(execution_id, RawBody(LOGIN_PAGE))
        disturbed, calm = (made_user(tmp_path / name, simulator) for name in ("disturbed", "calm"))
        history = History(simulator, disturbed, calm)
        seconds = history.run_calmly()
        runs = 0
        while history.kills < most:
            runs += 1
            assert runs <= 20 * most
            seconds = history.kill_a_run(seconds)
            history.change_cluster()
            if runs % 10 == 0:
                history.run_calmly()
        simulator.faults.weather = None
        company.finish_all()
        for user in (disturbed, calm):
            user.lets_a_day_pass()
            user.runs("ingest", exit_code=3)
    assert [broken_changes(user.warehouse) for user in (disturbed, calm)] == ["", ""]
    differences = differing_rows(state(disturbed.warehouse), state(calm.warehouse))
    report_figure(
        f"{history.kills} kills survived ({history.kills_at_work} of them after the first "
        f"request) in {runs} runs over {company.ids[-1]} ids, {len(differences)} differences, "
        f"{len(history.seen)} times a reader saw what it must not"
    )
    assert (differences, history.seen) == ([], [])
