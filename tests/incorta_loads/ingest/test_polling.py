"""Rules of watching one execution."""

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
from incorta_loads.ingest.transitions import SeenTree, Transition
from incorta_simulator.faults.faults import Exchange, Fault, Gap, RawBody, Refusal, WrongTenant
from incorta_simulator.faults.transport import HangUp
from incorta_simulator.server.simulator import Simulator

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

    def not_there_yet(self, patience_seconds: float) -> None:
        self.said.append(f"not there yet ({patience_seconds:g})")


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


def played(simulator: Simulator, *answers: Fault) -> None:
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
    """Whatever its tables say; a status without a rule is not a success."""
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
    monkeypatch.setattr(polling, "time", clock)
    return clock


def test_the_time_may_be_over(
    simulator: Simulator, watch: Watch, notes: Notes, clock: Clock
) -> None:
    """A pause does not outlast it, and one last question shows how the execution is then."""
    played(simulator, body("In Progress", state=RUNNING))
    simulator.faults.plan(7, body("In Progress", "a:Running", state=RUNNING))
    watched = watch(every_seconds=3600, timeout_seconds=900)
    assert clock.pauses == [900]
    assert (watched.exit_code, watched.seconds) == (TIMED_OUT, 900)
    assert watched.tree is notes.trees[1]
    assert [change.path for change in notes.changes] == ["/P/a"]
    assert len(notes.trees) == len(simulator.requests) == 2


@pytest.mark.parametrize(("job_status", "exit_code"), [("Success", 0), ("Failed", NOT_A_SUCCESS)])
def test_what_ended_during_the_last_pause_is_seen(
    simulator: Simulator, watch: Watch, job_status: str, exit_code: int
) -> None:
    """By the last question: the time was enough, the pause was too long."""
    played(simulator, body("In Progress", state=RUNNING), body(job_status))
    assert watch(every_seconds=60, timeout_seconds=0.2).exit_code == exit_code


@pytest.mark.parametrize("answer", [Refusal(503), Refusal(404), RawBody(b"<html>")])
def test_a_last_question_without_a_tree_changes_nothing(
    simulator: Simulator, watch: Watch, notes: Notes, answer: Refusal | RawBody
) -> None:
    """It is not asked again, and what was known before is what is known."""
    played(simulator, body("In Progress", state=RUNNING))
    simulator.faults.plan(7, answer)
    watched = watch(every_seconds=60, timeout_seconds=0.2)
    assert (watched.exit_code, watched.reason, notes.said) == (TIMED_OUT, None, [])
    assert watched.tree is notes.trees[0]
    assert len(simulator.requests) == 2


def test_a_last_question_that_is_refused_says_so(simulator: Simulator, watch: Watch) -> None:
    """As any other: the next watch would be refused too."""
    played(simulator, body("In Progress", state=RUNNING))
    simulator.faults.plan(7, Refusal(401))
    with pytest.raises(InvalidTokenError):
        watch(every_seconds=60, timeout_seconds=0.2)


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
    limit = re.fullmatch(r"unavailable: no whole response within (.+) s", watched.reason or "")
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


def test_a_server_that_hangs_at_the_last_question_cannot_outlast_it_by_much(
    simulator: Simulator, watch: Watch, settings: Settings
) -> None:
    """It has as long as any answer may take, and 10 s at most; there are no retries."""
    played(simulator, body("In Progress", state=RUNNING))
    simulator.faults.plan(7, Silence())
    using = replace(settings, timeout_seconds=0.1, max_attempts=5)
    watched = watch(every_seconds=60, timeout_seconds=0.5, using=using)
    assert (watched.exit_code, watched.reason) == (TIMED_OUT, None)
    assert len(simulator.requests) == 2
    limits = _for_last_question(replace(settings, timeout_seconds=3_600))
    assert (limits.max_attempts, limits.timeout_seconds) == (1, 10)


@pytest.mark.parametrize("missing", [1, 3])
def test_an_execution_may_appear_late(
    simulator: Simulator, watch: Watch, notes: Notes, missing: int
) -> None:
    """The call that starts a load plan returns before its status can be asked for."""
    played(simulator, *[Gap()] * missing, body("Success"))
    assert watch(appear_seconds=60).exit_code == 0
    assert notes.said == ["not there yet (60)"]
    assert len(simulator.requests) == missing + 1


@pytest.mark.parametrize("every_seconds", [0.05, 60])
def test_the_patience_ends_with_one_last_question(
    simulator: Simulator, watch: Watch, notes: Notes, every_seconds: float
) -> None:
    """However long the pauses are; then there is no such execution."""
    simulator.faults.plan(7, Gap())
    began = time.monotonic()
    with pytest.raises(UnknownExecutionError) as raised:
        watch(every_seconds=every_seconds, appear_seconds=0.3)
    assert 0.3 <= time.monotonic() - began < 60
    assert re.search(
        r"has no execution 7 \(INC_.*\) after \d+ s of looking for it; name", str(raised.value)
    )
    assert notes.said == ["not there yet (0.3)"]
    if every_seconds == 60:
        assert len(simulator.requests) == 2


def test_the_last_question_of_the_patience_may_find_it(simulator: Simulator, watch: Watch) -> None:
    """It is asked when the patience is over, not before."""
    played(simulator, Gap(), body("Success"))
    assert watch(every_seconds=60, appear_seconds=0.2).exit_code == 0


def test_a_time_that_ends_before_the_patience_ends_it_too(
    simulator: Simulator, watch: Watch
) -> None:
    """What was never there did not time out."""
    simulator.faults.plan(7, Gap())
    with pytest.raises(UnknownExecutionError, match="of looking for it"):
        watch(every_seconds=60, timeout_seconds=0.2, appear_seconds=60)
    assert len(simulator.requests) == 2


@pytest.mark.parametrize("end", [Refusal(503), Silence()])
def test_what_was_missing_is_missing_whatever_the_last_question_brings(
    simulator: Simulator, watch: Watch, settings: Settings, end: Refusal | Silence
) -> None:
    """No answer says nothing against the one before."""
    played(simulator, Gap())
    simulator.faults.plan(7, end)
    using = replace(settings, timeout_seconds=0.3)
    with pytest.raises(UnknownExecutionError, match="of looking for it"):
        watch(every_seconds=60, timeout_seconds=0.4, appear_seconds=60, using=using)


def test_what_was_seen_once_is_not_waited_for(simulator: Simulator, watch: Watch) -> None:
    """A cluster that no longer has it will not have it again."""
    played(simulator, Gap(), body("In Progress", state=RUNNING))
    simulator.faults.plan(7, Gap())
    with pytest.raises(
        UnknownExecutionError, match=r"no longer has execution 7 \(INC_[^)]*\); name"
    ):
        watch(appear_seconds=60)
    assert len(simulator.requests) == 3


def test_silence_between_two_answers_that_it_is_missing_is_told(
    simulator: Simulator, watch: Watch, notes: Notes
) -> None:
    """That it is missing is not told again; a 404 of someone else's is silence."""
    played(simulator, Gap(), *[Refusal(404)] * 2, Gap(), Refusal(404), body("Success"))
    assert watch(appear_seconds=60).exit_code == 0
    assert [each.partition(" (")[0] for each in notes.said] == [
        *("not there yet", "no answer", "answers again", "no answer", "answers again"),
    ]


def test_a_404_of_someone_else_is_never_the_end(simulator: Simulator, watch: Watch) -> None:
    """The patience is for what the cluster itself says."""
    played(simulator, *[Refusal(404)] * 8, body("Success"))
    assert watch(appear_seconds=0).exit_code == 0


def test_a_cluster_that_falls_silent_before_the_execution_appears_times_out(
    simulator: Simulator, watch: Watch
) -> None:
    """Whether it is there by then is not known."""
    played(simulator, Gap())
    simulator.faults.plan(7, Refusal(404))
    watched = watch(timeout_seconds=1, appear_seconds=60)
    assert (watched.exit_code, watched.tree) == (TIMED_OUT, None)
    assert (watched.reason or "").startswith("unavailable: a 404 that is not the cluster's own")


@pytest.mark.parametrize(
    ("fault", "error"),
    [(Refusal(401), InvalidTokenError), (WrongTenant(), WrongTenantError)],
)
def test_a_refusal_ends_the_patience(
    simulator: Simulator, watch: Watch, fault: Refusal, error: type[Exception]
) -> None:
    """At once."""
    played(simulator, Gap())
    simulator.faults.plan(7, fault)
    with pytest.raises(error):
        watch(appear_seconds=60)
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
