"""Rules of watching one execution."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from incorta_loads import watch as watch_module
from incorta_loads.errors import (
    InvalidTokenError,
    RunFailedError,
    UnknownExecutionError,
    WrongTenantError,
)
from incorta_loads.seen_tree import SeenTree, Transition
from incorta_loads.settings import Settings
from incorta_loads.status_outcomes import StatusOutcomes, TypeRoles
from incorta_loads.watch import (
    FINISHED_WITH_ERRORS,
    NOT_A_SUCCESS,
    TIMED_OUT,
    Watched,
    watch_until_final,
)
from incorta_simulator.faults import Exchange, Gap, RawBody, Refusal, WrongTenant
from incorta_simulator.server import Simulator
from incorta_simulator.transport import HangUp

FINAL, RUNNING = "Terminator State", "Load State"

Watch = Callable[..., Watched]


@dataclass
class Notes:
    """A screen that notes what it is told."""

    trees: list[SeenTree] = field(default_factory=list)
    changes: list[Transition] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def saw(self, tree: SeenTree, changes: Sequence[Transition]) -> None:
        self.trees.append(tree)
        self.changes += changes

    def no_answer(self, since: datetime, reason: str) -> None:  # noqa: ARG002
        self.said.append(f"no answer ({reason})")

    def answers_again(self, silent_seconds: float) -> None:  # noqa: ARG002
        self.said.append("answers again")


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def watch(settings: Settings, notes: Notes) -> Watch:
    """Watches execution 7, never pausing longer than a tenth of a second."""

    def watch(
        *,
        every_seconds: float = 0.01,
        timeout_seconds: float = math.inf,
        lines: Sequence[Sequence[str]] = (),
        using: Settings = settings,
    ) -> Watched:
        return watch_until_final(
            using,
            7,
            every_seconds=every_seconds,
            timeout_seconds=timeout_seconds,
            outcomes=StatusOutcomes(lines),
            roles=TypeRoles(),
            screen=notes,
        )

    return watch


def body(job_status: str, *children: str, state: str = FINAL) -> RawBody:
    """A plan with its children, each `name:status`; all of them in one state."""
    status = f'"status": {{"stateType": "{state}", "jobStatus": "%s"}}'
    below = ", ".join(
        '{"type": "TABLE", "name": "%s", %s}' % (name, status % job)  # noqa: UP031
        for name, job in (child.split(":") for child in children)
    )
    text = f'{{"type": "LOAD_PLAN", "name": "P", {status % job_status}'
    return RawBody(f'{text}, "childStatusDetails": [{below}]}}'.encode())


def played(simulator: Simulator, *answers: RawBody | Refusal) -> None:
    """What execution 7 answers, one after another."""
    for answer in answers:
        simulator.faults.plan(7, answer, times=1)


def test_an_execution_is_watched_until_it_is_final(
    simulator: Simulator, watch: Watch, notes: Notes
) -> None:
    """Three answers show it running, the fourth is final and is what is kept."""
    simulator.company.progress.begin([7])
    watched = watch()
    assert watched.is_final
    assert [tree.is_final for tree in notes.trees] == [False, False, False, True]
    assert len(simulator.requests) == 4
    assert watched.tree is notes.trees[-1]
    assert watched.answer is not None
    assert watched.answer.fetched_at == watched.tree.fetched_at


def test_tables_are_counted_by_their_role(simulator: Simulator, watch: Watch) -> None:
    """As in the marts: a leaf below a schema whatever its type, and types in any case."""
    at = '"status": {"stateType": "Terminator State", "jobStatus": "Failed"}'
    leaves = ", ".join(f'{{"type": "{each}", {at}}}' for each in ("VIEW", " table", "group"))
    schema = f'{{"type": "Schema", "name": "s", "childStatusDetails": [{leaves}]}}'
    outside = f'{{"type": "VIEW", {at}}}'
    text = f'{{"type": "load_plan", {at}, "childStatusDetails": [{schema}, {outside}]}}'
    played(simulator, RawBody(text.encode()))
    tree = watch().tree
    assert tree is not None
    assert tree.tables == {"failure": 2}


def test_each_transition_is_told_with_its_time(
    simulator: Simulator, watch: Watch, notes: Notes
) -> None:
    """By path, and by order where paths repeat; also what comes, goes, or changes its state."""
    played(
        simulator,
        body("In Progress", "a:In Queue", "b/c:Running", "a:Running", state=RUNNING),
        body("In Progress", "a:In Queue", "b/c:Running", "a:Success", "d:Queued", state=RUNNING),
        body("In Progress", "a:In Queue", "d:Queued"),
    )
    watch()
    seen = [(each.path, each.number, each.before, each.after) for each in notes.changes]
    assert seen == [
        ("/P/a", 1, (RUNNING, "Running"), (RUNNING, "Success")),
        ("/P/d", 0, None, (RUNNING, "Queued")),
        ("/P", 0, (RUNNING, "In Progress"), (FINAL, "In Progress")),
        ("/P/a", 0, (RUNNING, "In Queue"), (FINAL, "In Queue")),
        ("/P/d", 0, (RUNNING, "Queued"), (FINAL, "Queued")),
        ("/P/b~1c", 0, (RUNNING, "Running"), None),
        ("/P/a", 1, (RUNNING, "Success"), None),
    ]
    times = [tree.fetched_at for tree in notes.trees]
    assert [each.at for each in notes.changes] == [times[1]] * 2 + [times[2]] * 5


@pytest.mark.parametrize(
    ("job_status", "exit_code"),
    [
        ("Success", 0),
        ("Finished With Errors", FINISHED_WITH_ERRORS),
        ("Failed", NOT_A_SUCCESS),
        ("Interrupted", NOT_A_SUCCESS),
        ("Skipped", NOT_A_SUCCESS),
        ("Deferred", NOT_A_SUCCESS),
    ],
)
def test_the_exit_code_is_that_of_the_root(
    simulator: Simulator, watch: Watch, job_status: str, exit_code: int
) -> None:
    """Whatever its tables say; what no rule knows is no success."""
    played(simulator, body(job_status, "a:Success", "b:Failed"))
    assert watch().exit_code == exit_code


def test_the_users_lines_decide_too(simulator: Simulator, watch: Watch) -> None:
    """As they do in the analysis."""
    played(simulator, body("Deferred"))
    assert watch(lines=[["*", "deferred", "success"]]).exit_code == 0


def test_a_final_root_above_a_running_node_is_not_final(
    simulator: Simulator, watch: Watch, notes: Notes
) -> None:
    """States are compared as statuses are."""
    late = '{"status":{"stateType":"terminator state","jobStatus":"Success"}'
    below = ', "childStatusDetails":[{"status":{"stateType":" LOAD STATE ","jobStatus":"Success"}}]'
    played(simulator, RawBody(f"{late}{below}}}".encode()), RawBody(f"{late}}}".encode()))
    assert watch().is_final
    assert [tree.is_final for tree in notes.trees] == [False, True]


def test_it_never_asks_more_often_than_told(simulator: Simulator, watch: Watch) -> None:
    """From one question to the next."""
    simulator.company.progress.begin([7])
    watch(every_seconds=0.1)
    times = [each.seen_at_seconds for each in simulator.requests]
    assert len(times) == 4
    assert min(later - earlier for earlier, later in itertools.pairwise(times)) >= 0.1


def test_a_cluster_that_is_away_for_a_while_does_not_end_it(
    simulator: Simulator, watch: Watch, notes: Notes
) -> None:
    """It is said once, as is that it answers again; an invalid payload is no answer either."""
    played(
        simulator,
        body("In Progress", state=RUNNING),
        Refusal(503, "away"),
        RawBody(b"<html>"),
        Refusal(500),
        Refusal(404),
        body("In Progress", state=RUNNING),
        RawBody(b""),
        body("Success"),
    )
    assert watch().exit_code == 0
    assert [each[: each.find(":")] for each in notes.said[::2]] == [
        "no answer (unavailable",
        "no answer (invalid_payload",
    ]
    assert notes.said[0] == "no answer (unavailable: away)"
    assert notes.said[1::2] == ["answers again", "answers again"]
    assert len(simulator.requests) == 8


@pytest.mark.parametrize("is_known", [False, True])
@pytest.mark.parametrize(
    ("fault", "error", "text"),
    [
        (Gap(), UnknownExecutionError, "The cluster has no execution 7 (INC_05291904"),
        (Refusal(403), RunFailedError, "does not show execution 7 (forbidden: "),
        (Refusal(422), RunFailedError, "does not show execution 7 (rejected: "),
        (Refusal(401), InvalidTokenError, "refused the access token"),
        (WrongTenant(), WrongTenantError, "does not know the tenant"),
    ],
)
def test_what_asking_again_does_not_make_better_ends_it(
    simulator: Simulator,
    watch: Watch,
    fault: Refusal,
    error: type[Exception],
    text: str,
    is_known: bool,
) -> None:
    """At the first question as at a later one."""
    if is_known:
        played(simulator, body("In Progress", state=RUNNING))
        text = text.replace("has no ", "no longer has ")
    simulator.faults.plan(7, fault)
    with pytest.raises(error) as raised:
        watch()
    assert text in str(raised.value)
    assert len(simulator.requests) == 1 + is_known


class Clock:
    """Stands still, but for the pauses that are asked for.

    Attributes:
        pauses: the seconds of each.
    """

    def __init__(self) -> None:
        self.pauses: list[float] = []
        self._now = 1000.0

    def monotonic(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.pass_by(seconds)

    def pass_by(self, seconds: float) -> None:
        """So much later it is."""
        self._now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The watch's own; an exchange has the machine's."""
    clock = Clock()
    monkeypatch.setattr(watch_module, "time", clock)
    return clock


def test_the_time_may_be_over(
    simulator: Simulator, watch: Watch, notes: Notes, clock: Clock
) -> None:
    """Whatever the execution does then; a pause does not outlast it."""
    simulator.faults.plan(7, body("In Progress", state=RUNNING))
    watched = watch(every_seconds=3600, timeout_seconds=900)
    assert clock.pauses == [900]
    assert (watched.exit_code, watched.seconds) == (TIMED_OUT, 900)
    assert len(notes.trees) == len(simulator.requests) == 1


class Silence:
    """A server that never answers."""

    def write(self, exchange: Exchange) -> None:
        exchange.wait()


def test_a_server_that_does_not_answer_cannot_outlast_it_either(
    simulator: Simulator, watch: Watch, notes: Notes
) -> None:
    """Nor its own retries; that it was cut short there is no silence of the cluster."""
    simulator.faults.plan(7, Silence())
    watched = watch(timeout_seconds=0.2)
    assert (watched.exit_code, watched.tree, notes.said) == (TIMED_OUT, None, [])
    limit = re.fullmatch(r"unavailable: no whole answer within (.+) s", watched.reason or "")
    assert limit
    assert float(limit[1]) <= 0.2


def test_an_asking_that_the_end_cuts_short_says_nothing_of_the_cluster(
    simulator: Simulator, watch: Watch, notes: Notes, clock: Clock
) -> None:
    """What it answered before that is what is known."""

    class Late(HangUp):
        """The time is over while the server does not answer."""

        def write(self, exchange: Exchange) -> None:
            clock.pass_by(900)
            super().write(exchange)

    played(simulator, body("In Progress", state=RUNNING))
    simulator.faults.plan(7, Late())
    watched = watch(timeout_seconds=900)
    assert (watched.exit_code, watched.reason, notes.said) == (TIMED_OUT, None, [])
    assert watched.tree is not None
    assert len(simulator.requests) == 2


def test_a_tree_with_the_token_is_no_answer(
    simulator: Simulator, watch: Watch, notes: Notes, settings: Settings
) -> None:
    """It must not be shown any more than stored."""
    played(simulator, body("Success", f"{settings.token}:Success"))
    assert watch().is_final
    assert notes.said == [
        "no answer (invalid_payload: it contains the access token, which must not be stored)",
        "answers again",
    ]
