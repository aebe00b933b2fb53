"""Rules for watching one execution."""

from __future__ import annotations

import itertools
import math
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import pytest

from incorta_loads.analysis.outcomes import StatusOutcomes, TypeRoles
from incorta_loads.config.settings import Settings
from incorta_loads.errors import (
    InvalidTokenError,
    RunFailedError,
    UnknownExecutionError,
    WrongTenantError,
)
from incorta_loads.ingest import polling
from incorta_loads.ingest.polling import (
    FINISHED_WITH_ERRORS,
    NOT_A_SUCCESS,
    TIMED_OUT,
    Watched,
    _for_last_question,
    watch_until_final,
)
from incorta_loads.ingest.seen_tree import SeenTree
from incorta_loads.tree.changes import NodeChange
from incorta_simulator.faults.faults import Exchange, Fault, Gap, RawBody, Refusal, WrongTenant
from incorta_simulator.faults.transport import HangUp
from incorta_simulator.server.simulator import Simulator

FINAL, RUNNING = "Terminator State", "Load State"

Watch = Callable[..., Watched]


@dataclass
class RecordingScreen:
    """A screen that records its calls."""

    trees: list[SeenTree] = field(default_factory=list)
    changes: list[NodeChange] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)

    def saw(self, tree: SeenTree, changes: Sequence[NodeChange]) -> None:
        self.trees.append(tree)
        self.changes += changes

    def no_answer(self, since: datetime, reason: str) -> None:  # noqa: ARG002
        self.shown.append(f"no answer ({reason})")

    def answers_again(self, silent_seconds: float) -> None:  # noqa: ARG002
        self.shown.append("answers again")

    def not_there_yet(self, at: datetime, patience_seconds: float) -> None:  # noqa: ARG002
        text = f"not there yet ({patience_seconds:g})"
        if text not in self.shown:
            self.shown.append(text)


@pytest.fixture
def screen() -> RecordingScreen:
    return RecordingScreen()


@pytest.fixture
def watch(settings: Settings, screen: RecordingScreen) -> Watch:
    """Watches execution 7 with pauses of at most a tenth of a second."""

    def watch(
        *,
        every_seconds: float = 0.01,
        timeout_seconds: float = math.inf,
        appear_seconds: float = 0,
        lines: Sequence[Sequence[str]] = (),
        using: Settings = settings,
    ) -> Watched:
        return watch_until_final(
            using,
            7,
            every_seconds=every_seconds,
            timeout_seconds=timeout_seconds,
            appear_seconds=appear_seconds,
            outcome_of=StatusOutcomes(lines).of,
            role_of=TypeRoles().of,
            screen=screen,
        )

    return watch


def body(job_status: str, *children: str, state: str = FINAL) -> RawBody:
    """A plan with its children, each `name:status`; all have the same state."""
    status = f'"status": {{"stateType": "{state}", "jobStatus": "%s"}}'
    below = ", ".join(
        '{"type": "TABLE", "name": "%s", %s}' % (name, status % job)  # noqa: UP031
        for name, job in (child.split(":") for child in children)
    )
    text = f'{{"type": "LOAD_PLAN", "name": "P", {status % job_status}'
    return RawBody(f'{text}, "childStatusDetails": [{below}]}}'.encode())


def respond(simulator: Simulator, *answers: Fault) -> None:
    """Sets the responses for execution 7, one after another."""
    for answer in answers:
        simulator.faults.plan(7, answer, times=1)


def test_an_execution_is_watched_until_it_is_final(
    simulator: Simulator, watch: Watch, screen: RecordingScreen
) -> None:
    """Three responses show it running; the fourth is final and becomes the result."""
    simulator.company.progress.begin([7])
    watched = watch()
    assert watched.is_final
    assert [tree.is_final for tree in screen.trees] == [False, False, False, True]
    assert len(simulator.requests) == 4
    assert watched.tree is screen.trees[-1]
    assert watched.answer is not None
    assert watched.answer.fetched_at == watched.tree.fetched_at


def test_tables_are_counted_by_their_role(simulator: Simulator, watch: Watch) -> None:
    """As in the marts, a leaf below a schema counts whatever its type, and case is ignored."""
    at = '"status": {"stateType": "Terminator State", "jobStatus": "Failed"}'
    leaves = ", ".join(f'{{"type": "{each}", {at}}}' for each in ("VIEW", " table", "group"))
    schema = f'{{"type": "Schema", "name": "s", "childStatusDetails": [{leaves}]}}'
    outside = f'{{"type": "VIEW", {at}}}'
    text = f'{{"type": "load_plan", {at}, "childStatusDetails": [{schema}, {outside}]}}'
    respond(simulator, RawBody(text.encode()))
    tree = watch().tree
    assert tree is not None
    assert tree.tables == {"failure": 2}


def test_each_change_is_reported_with_its_time(
    simulator: Simulator, watch: Watch, screen: RecordingScreen
) -> None:
    """Nodes are matched by type and path, and by order if these repeat; new, missing and changed
    nodes count."""
    respond(
        simulator,
        body("In Progress", "a:In Queue", "b/c:Running", "a:Running", state=RUNNING),
        body("In Progress", "a:In Queue", "b/c:Running", "a:Success", "d:Queued", state=RUNNING),
        body("In Progress", "a:In Queue", "d:Queued"),
    )
    watched = watch()
    seen = [(*each.place[1:], each.before, each.after) for each in screen.changes]
    assert seen == [
        ("/P/a", 1, (RUNNING, "Running"), (RUNNING, "Success")),
        ("/P/d", 0, None, (RUNNING, "Queued")),
        ("/P", 0, (RUNNING, "In Progress"), (FINAL, "In Progress")),
        ("/P/a", 0, (RUNNING, "In Queue"), (FINAL, "In Queue")),
        ("/P/d", 0, (RUNNING, "Queued"), (FINAL, "Queued")),
        ("/P/b~1c", 0, (RUNNING, "Running"), None),
        ("/P/a", 1, (RUNNING, "Success"), None),
    ]
    times = [tree.fetched_at for tree in screen.trees]
    assert [(look.at, len(look.changes)) for look in watched.looks] == [
        *((times[0], 0), (times[1], 2), (times[2], 5))
    ]


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
    """The statuses of tables do not matter; a status without a rule is not a success."""
    respond(simulator, body(job_status, "a:Success", "b:Failed"))
    assert watch().exit_code == exit_code


def test_user_rules_apply(simulator: Simulator, watch: Watch) -> None:
    """They apply as in the analysis."""
    respond(simulator, body("Deferred"))
    assert watch(lines=[["*", "deferred", "success"]]).exit_code == 0


def test_a_final_root_above_a_running_node_is_not_final(
    simulator: Simulator, watch: Watch, screen: RecordingScreen
) -> None:
    """States are compared as statuses are."""
    late = '{"status":{"stateType":"terminator state","jobStatus":"Success"}'
    below = ', "childStatusDetails":[{"status":{"stateType":" LOAD STATE ","jobStatus":"Success"}}]'
    respond(simulator, RawBody(f"{late}{below}}}".encode()), RawBody(f"{late}}}".encode()))
    assert watch().is_final
    assert [tree.is_final for tree in screen.trees] == [False, True]


def test_requests_are_never_more_frequent_than_configured(
    simulator: Simulator, watch: Watch
) -> None:
    """The interval begins with the response and ends with the next request."""
    simulator.company.progress.begin([7])
    watch(every_seconds=0.1)
    times = [each.seen_at_seconds for each in simulator.requests]
    assert len(times) == 4
    assert min(later - earlier for earlier, later in itertools.pairwise(times)) >= 0.1


def test_a_temporary_outage_does_not_end_watching(
    simulator: Simulator, watch: Watch, screen: RecordingScreen
) -> None:
    """Its start and end are reported once; an invalid payload counts as no response."""
    respond(
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
    assert [each[: each.find(":")] for each in screen.shown[::2]] == [
        "no answer (unavailable",
        "no answer (invalid_payload",
    ]
    assert screen.shown[0] == "no answer (unavailable: away)"
    assert screen.shown[1::2] == ["answers again", "answers again"]
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
def test_a_permanent_error_ends_watching(
    simulator: Simulator,
    watch: Watch,
    fault: Refusal,
    error: type[Exception],
    text: str,
    is_known: bool,
) -> None:
    """This holds for the first request and for later ones."""
    if is_known:
        respond(simulator, body("In Progress", state=RUNNING))
        text = text.replace("has no ", "no longer has ")
    simulator.faults.plan(7, fault)
    with pytest.raises(error) as raised:
        watch()
    assert text in str(raised.value)
    assert len(simulator.requests) == 1 + is_known


class Clock:
    """A clock that advances by pauses only.

    Attributes:
        pauses: the length of each pause, in seconds.
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
        """Advances the clock."""
        self._now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of the watch; exchanges use the machine's."""
    clock = Clock()
    monkeypatch.setattr(polling, "time", clock)
    return clock


def test_watching_ends_at_its_timeout(
    simulator: Simulator, watch: Watch, screen: RecordingScreen, clock: Clock
) -> None:
    """Pauses end at the timeout, and a final request gets the current state."""
    respond(simulator, body("In Progress", state=RUNNING))
    simulator.faults.plan(7, body("In Progress", "a:Running", state=RUNNING))
    watched = watch(every_seconds=3600, timeout_seconds=900)
    assert clock.pauses == [900]
    assert (watched.exit_code, watched.seconds) == (TIMED_OUT, 900)
    assert watched.tree is screen.trees[1]
    assert [change.place.path for change in screen.changes] == ["/P/a"]
    assert len(screen.trees) == len(simulator.requests) == 2


@pytest.mark.parametrize(("job_status", "exit_code"), [("Success", 0), ("Failed", NOT_A_SUCCESS)])
def test_an_execution_that_ended_during_the_last_pause_is_final(
    simulator: Simulator, watch: Watch, job_status: str, exit_code: int
) -> None:
    """The final request sees it, so that watching does not time out."""
    respond(simulator, body("In Progress", state=RUNNING), body(job_status))
    assert watch(every_seconds=60, timeout_seconds=0.2).exit_code == exit_code


@pytest.mark.parametrize("answer", [Refusal(503), Refusal(404), RawBody(b"<html>")])
def test_a_final_request_without_a_tree_changes_nothing(
    simulator: Simulator, watch: Watch, screen: RecordingScreen, answer: Refusal | RawBody
) -> None:
    """It is not retried, and the previous tree is the result."""
    respond(simulator, body("In Progress", state=RUNNING))
    simulator.faults.plan(7, answer)
    watched = watch(every_seconds=60, timeout_seconds=0.2)
    assert (watched.exit_code, watched.reason, screen.shown) == (TIMED_OUT, None, [])
    assert watched.tree is screen.trees[0]
    assert len(simulator.requests) == 2


def test_a_refused_final_request_is_an_error(simulator: Simulator, watch: Watch) -> None:
    """The next watch would be refused too."""
    respond(simulator, body("In Progress", state=RUNNING))
    simulator.faults.plan(7, Refusal(401))
    with pytest.raises(InvalidTokenError):
        watch(every_seconds=60, timeout_seconds=0.2)


class Silence:
    """A server that never responds."""

    def write(self, exchange: Exchange) -> None:
        exchange.wait()


def test_a_server_that_does_not_respond_cannot_extend_the_timeout(
    simulator: Simulator, watch: Watch, screen: RecordingScreen
) -> None:
    """Neither can retries; a request cut short by the timeout is not reported as an outage."""
    simulator.faults.plan(7, Silence())
    watched = watch(timeout_seconds=0.2)
    assert (watched.exit_code, watched.tree, screen.shown) == (TIMED_OUT, None, [])
    limit = re.fullmatch(r"unavailable: no whole response within (.+) s", watched.reason or "")
    assert limit
    assert float(limit[1]) <= 0.2


def test_a_request_cut_short_by_the_timeout_is_not_an_outage(
    simulator: Simulator, watch: Watch, screen: RecordingScreen, clock: Clock
) -> None:
    """The response before it is the result."""

    class Late(HangUp):
        """The timeout expires while the server does not respond."""

        def write(self, exchange: Exchange) -> None:
            clock.pass_by(900)
            super().write(exchange)

    respond(simulator, body("In Progress", state=RUNNING))
    simulator.faults.plan(7, Late())
    watched = watch(timeout_seconds=900)
    assert (watched.exit_code, watched.reason, screen.shown) == (TIMED_OUT, None, [])
    assert watched.tree is not None
    assert len(simulator.requests) == 2


def test_a_final_request_has_a_limit_of_its_own(
    simulator: Simulator, watch: Watch, settings: Settings
) -> None:
    """It has the timeout of any request, but at most 10 s, and no retries."""
    respond(simulator, body("In Progress", state=RUNNING))
    simulator.faults.plan(7, Silence())
    using = replace(settings, timeout_seconds=0.1, max_attempts=5)
    watched = watch(every_seconds=60, timeout_seconds=0.5, using=using)
    assert (watched.exit_code, watched.reason) == (TIMED_OUT, None)
    assert len(simulator.requests) == 2
    limits = _for_last_question(replace(settings, timeout_seconds=3_600))
    assert (limits.max_attempts, limits.timeout_seconds) == (1, 10)


@pytest.mark.parametrize("missing", [1, 3])
def test_an_execution_may_appear_late(
    simulator: Simulator, watch: Watch, screen: RecordingScreen, missing: int
) -> None:
    """The call that starts a load plan returns before its status is available."""
    respond(simulator, *[Gap()] * missing, body("Success"))
    assert watch(appear_seconds=60).exit_code == 0
    assert screen.shown == ["not there yet (60)"]
    assert len(simulator.requests) == missing + 1


@pytest.mark.parametrize("every_seconds", [0.05, 60])
def test_waiting_for_an_execution_ends_with_one_final_request(
    simulator: Simulator, watch: Watch, screen: RecordingScreen, every_seconds: float
) -> None:
    """Whatever the interval, the execution is unknown after that."""
    simulator.faults.plan(7, Gap())
    began = time.monotonic()
    with pytest.raises(UnknownExecutionError) as raised:
        watch(every_seconds=every_seconds, appear_seconds=0.3)
    assert 0.3 <= time.monotonic() - began < 60
    assert re.search(
        r"has no execution 7 \(INC_.*\) after \d+ s of waiting for it; use", str(raised.value)
    )
    assert screen.shown == ["not there yet (0.3)"]
    if every_seconds == 60:
        assert len(simulator.requests) == 2


def test_the_final_request_may_find_the_execution(simulator: Simulator, watch: Watch) -> None:
    """It is sent when the wait is over, not before."""
    respond(simulator, Gap(), body("Success"))
    assert watch(every_seconds=60, appear_seconds=0.2).exit_code == 0


def test_a_timeout_during_the_wait_for_an_execution_ends_it(
    simulator: Simulator, watch: Watch
) -> None:
    """An execution that never appeared is unknown, not timed out."""
    simulator.faults.plan(7, Gap())
    with pytest.raises(UnknownExecutionError, match="of waiting for it"):
        watch(every_seconds=60, timeout_seconds=0.2, appear_seconds=60)
    assert len(simulator.requests) == 2


@pytest.mark.parametrize("end", [Refusal(503), Silence()])
def test_a_missing_execution_stays_missing_if_the_final_request_fails(
    simulator: Simulator, watch: Watch, settings: Settings, end: Refusal | Silence
) -> None:
    """A failed request does not contradict the previous response."""
    respond(simulator, Gap())
    simulator.faults.plan(7, end)
    using = replace(settings, timeout_seconds=0.3)
    with pytest.raises(UnknownExecutionError, match="of waiting for it"):
        watch(every_seconds=60, timeout_seconds=0.4, appear_seconds=60, using=using)


def test_an_execution_that_disappears_is_not_waited_for(simulator: Simulator, watch: Watch) -> None:
    """A cluster that no longer has an execution will not have it again."""
    respond(simulator, Gap(), body("In Progress", state=RUNNING))
    simulator.faults.plan(7, Gap())
    with pytest.raises(
        UnknownExecutionError, match=r"no longer has execution 7 \(INC_[^)]*\); use"
    ):
        watch(appear_seconds=60)
    assert len(simulator.requests) == 3


def test_an_outage_while_an_execution_is_missing_is_reported(
    simulator: Simulator, watch: Watch, screen: RecordingScreen
) -> None:
    """That it is missing is reported once; a proxy's 404 is an outage."""
    respond(simulator, Gap(), *[Refusal(404)] * 2, Gap(), Refusal(404), body("Success"))
    assert watch(appear_seconds=60).exit_code == 0
    assert [each.partition(" (")[0] for each in screen.shown] == [
        *("not there yet", "no answer", "answers again", "no answer", "answers again"),
    ]


def test_a_404_of_a_proxy_never_ends_watching(simulator: Simulator, watch: Watch) -> None:
    """Only the cluster's own 404 counts as a missing execution."""
    respond(simulator, *[Refusal(404)] * 8, body("Success"))
    assert watch(appear_seconds=0).exit_code == 0


def test_an_outage_before_the_execution_appears_times_out(
    simulator: Simulator, watch: Watch
) -> None:
    """Whether the execution exists is then unknown."""
    respond(simulator, Gap())
    simulator.faults.plan(7, Refusal(404))
    watched = watch(timeout_seconds=1, appear_seconds=60)
    assert (watched.exit_code, watched.tree) == (TIMED_OUT, None)
    assert (watched.reason or "").startswith("unavailable: a 404 that did not come from Incorta")


@pytest.mark.parametrize(
    ("fault", "error"),
    [(Refusal(401), InvalidTokenError), (WrongTenant(), WrongTenantError)],
)
def test_a_refusal_ends_the_wait_for_an_execution(
    simulator: Simulator, watch: Watch, fault: Refusal, error: type[Exception]
) -> None:
    """It ends immediately."""
    respond(simulator, Gap())
    simulator.faults.plan(7, fault)
    with pytest.raises(error):
        watch(appear_seconds=60)
    assert len(simulator.requests) == 2


def test_a_tree_with_the_token_counts_as_no_response(
    simulator: Simulator, watch: Watch, screen: RecordingScreen, settings: Settings
) -> None:
    """The token must be neither shown nor stored."""
    respond(simulator, body("Success", f"{settings.token}:Success"))
    assert watch().is_final
    assert screen.shown == [
        "no answer (invalid_payload: it contains the access token, which must not be stored)",
        "answers again",
    ]
