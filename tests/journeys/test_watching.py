"""Watching one execution, for people and schedulers."""

from __future__ import annotations

import itertools
import json
import re
import signal
import subprocess
from threading import Event

import pytest

from incorta_simulator.company.tree import UNFINISHED
from incorta_simulator.faults.faults import Exchange, Gap, RawBody, Refusal
from incorta_simulator.server.simulator import Simulator
from journeys.shell import COMMAND, TOKEN, User, held
from journeys.terminal import ROWS, on_a_terminal
from support.patience import COMMAND_SECONDS, HANG_SECONDS

TIME = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC  ", re.MULTILINE)


def plan(job_status: str, *tables: str) -> RawBody:
    """A response: a plan of one group and one schema with tables, each `name:status`."""

    def node(kind: str, name: str, job: str, *below: dict[str, object]) -> dict[str, object]:
        state = "Load State" if job in UNFINISHED or job.isdigit() else "Terminator State"
        at = {"stateType": state, "jobStatus": job}
        return {"type": kind, "name": name, "status": at, "childStatusDetails": below}

    leaves = [node("TABLE", *each.split(":", 1)) for each in tables]  # type: ignore[arg-type]
    schema = node("SCHEMA", "Sales", job_status, *leaves)
    group = node("GROUP", "Group 1", job_status, schema)
    return RawBody(json.dumps(node("LOAD_PLAN", "Daily", job_status, group)).encode())


def watched(user: User, *options: str, exit_code: int) -> subprocess.CompletedProcess[str]:
    return user.runs("watch", "17", "--every", "0.1", *options, exit_code=exit_code)


# The command with a clock that skips all pauses.
_WITHOUT_PAUSES = """
import time
skipped, now = 0.0, time.monotonic
def skip(seconds):
    global skipped
    skipped += seconds
time.sleep, time.monotonic = skip, lambda: now() + skipped
from incorta_loads.__main__ import main
main()
"""


def watched_without_pauses(
    user: User, *options: str, exit_code: int
) -> subprocess.CompletedProcess[str]:
    """Sends a request every ten minutes by a clock that skips pauses."""
    return user.runs(
        *("watch", "17", "--every", "600", *options),
        exit_code=exit_code,
        program=(COMMAND.with_name("python"), "-c", _WITHOUT_PAUSES),
    )


@pytest.mark.parametrize(
    ("job_status", "exit_code", "ending"),
    [
        ("Success", 0, "succeeded"),
        ("Finished with Errors", 5, "finished with errors"),
        ("Failed", 6, "failed"),
        ("Interrupted", 6, "was interrupted"),
        ("Deferred", 6, "ended with Deferred (Terminator State)"),
    ],
)
def test_the_exit_code_depends_on_the_final_status(
    user: User, simulator: Simulator, job_status: str, exit_code: int, ending: str
) -> None:
    """The last line has the status too, and exactly the last response is loaded."""
    simulator.faults.plan(17, plan("Running", "a:Running", "b:In Queue"), times=1)
    simulator.faults.plan(17, plan(job_status, "a:Failed", "b:Success"), times=1)
    done = watched(user, exit_code=exit_code)
    assert done.stderr == ""
    *changes, last = TIME.sub("TIME  ", done.stdout).splitlines()
    assert changes == [
        "TIME  /Daily  Running (first seen; tables: 1 running, 1 queued)",
        f"TIME  /Daily  Running → {job_status}",
        f"TIME  /Daily/Group 1  Running → {job_status}",
        f"TIME  /Daily/Group 1/Sales  Running → {job_status}",
        "TIME  /Daily/Group 1/Sales/a  Running → Failed",
        "TIME  /Daily/Group 1/Sales/b  In Queue → Success",
    ]
    assert re.sub(r"after [^:]+? of watching", "after N s of watching", last) == (
        f"Execution 17 of plan Daily {ending} after N s of watching: "
        f"1 of 2 tables failed; loaded into {user.warehouse}."
    )
    assert len(simulator.requests) == 2
    rows = user.queries("SELECT job_status FROM load_status.nodes ORDER BY node_id")
    assert [row["job_status"] for row in rows] == [*[job_status] * 3, "Failed", "Success"]
    (fetch,) = user.queries(
        "SELECT execution_id, outcome, run_id <> '' AS named FROM load_status.fetches"
    )
    assert fetch == {"execution_id": 17, "outcome": "loaded", "named": True}


def test_requests_are_no_more_frequent_than_configured(user: User, simulator: Simulator) -> None:
    """Four requests are sent until the execution is final, at least half a second apart."""
    simulator.company.progress.begin([17])
    done = user.runs("watch", "17", "--every", "0.5", exit_code=0)
    times = [each.seen_at_seconds for each in simulator.requests]
    assert len(times) == 4
    assert min(later - earlier for earlier, later in itertools.pairwise(times)) >= 0.5
    shown = json.loads(user.runs("show", "17", "--format", "json").stdout)
    assert shown == simulator.company.tree(17)
    assert len(done.stdout.splitlines()) > 10


def test_changes_are_loaded_with_the_looks_of_watching(user: User, simulator: Simulator) -> None:
    """Another run saw the execution before; each look follows the one before it."""
    for table in ("In Queue", "Running", "Success"):
        root = "Success" if table == "Success" else "Running"
        simulator.faults.plan(17, plan(root, f"a:{table}", "b:Success"), times=1)
    user.runs("ingest", "--ids", "17")
    watched(user, exit_code=0)
    changes = user.queries(
        "SELECT job_status, seen_after, seen_by FROM load_status.status_changes "
        "WHERE path = '/Daily/Group 1/Sales/a' ORDER BY seen_after"
    )
    assert [row["job_status"] for row in changes] == ["Running", "Success"]
    assert changes[0]["seen_by"] == changes[1]["seen_after"]
    [loaded, last] = user.queries("SELECT fetched_at FROM load_status.fetches ORDER BY fetched_at")
    assert (changes[0]["seen_after"], changes[1]["seen_by"]) == (
        *(loaded["fetched_at"], last["fetched_at"]),
    )


def test_watching_says_how_long_it_has_been_running(user: User, simulator: Simulator) -> None:
    """A run found that it was not there; that was the last look before its start."""
    user.runs("ingest")
    (played,) = simulator.company.play(1, every=0)
    done = user.runs("watch", str(played), "--every", "0.5")
    _, running, *_ = TIME.sub("TIME  ", done.stdout).splitlines()
    assert re.fullmatch(r"TIME  /[^/]+  running for (< \d+|\d+–\d+) s", running)


def test_watching_says_that_the_warehouse_is_in_use(user: User, simulator: Simulator) -> None:
    """It does not wait for it to say how long such executions take."""
    simulator.faults.plan(17, plan("Running", "a:Running"))
    user.settings["SOURCES__INCORTA__LOCK_TIMEOUT_SECONDS"] = "0.1"
    user.runs("ingest", "--ids", "1")
    with held(user.warehouse):
        done = watched_without_pauses(user, "--timeout", "600", exit_code=7)
    assert "the warehouse is in use, so it is not known how long such" in done.stderr


def test_a_timeout_gives_7(user: User, simulator: Simulator) -> None:
    """The message has the progress, and nothing is loaded."""
    simulator.faults.plan(17, plan("In Progress", "a:Failed", "b:Running"))
    done = watched_without_pauses(user, "--timeout", "3600", exit_code=7)
    assert re.sub(
        r"after [^:]+? of watching", "after N s of watching", done.stdout.splitlines()[-1]
    ) == (
        "Execution 17 of plan Daily is not final (In Progress) after N s of watching: "
        "1 of 2 tables failed, 1 still running; not loaded."
    )
    assert not user.warehouse.exists()


def test_a_cluster_that_never_responds_times_out(user: User, simulator: Simulator) -> None:
    """The missing response is reported once, with the reason."""
    user.settings["SOURCES__INCORTA__MAX_ATTEMPTS"] = "1"
    simulator.faults.plan(17, Refusal(503, "back soon"))
    done = watched_without_pauses(user, "--timeout", "3600", exit_code=7)
    assert re.sub(r"(at|after) [\d-]+ ?[\d:]*", "SOME", done.stderr + done.stdout) == (
        "no response SOME UTC (unavailable: back soon); still trying\n"
        "Execution 17 gave no response in 1 h 0 min of watching (unavailable: back soon); "
        "not loaded.\n"
    )
    assert len(simulator.requests) > 1


def test_a_missing_execution_gives_1(user: User) -> None:
    """It ends immediately, with one sentence."""
    done = user.runs("watch", "9999", "--appear", "0", exit_code=1)
    assert done.stdout == ""
    assert done.stderr.startswith("Error: The cluster has no execution 9999 (INC_05291904")
    assert done.stderr.count("\n") == 1


def test_an_execution_that_just_started_may_be_missing(user: User, simulator: Simulator) -> None:
    """One line on stderr reports it, and then it is watched."""
    for _ in range(3):
        simulator.faults.plan(17, Gap(), times=1)
    simulator.faults.plan(17, plan("Success", "a:Success"))
    done = watched(user, exit_code=0)
    assert done.stderr == "not there yet; it may take 1 min 0 s to appear (--appear)\n"
    assert len(simulator.requests) == 4


def test_an_execution_that_never_appears_gives_1(user: User) -> None:
    """It ends after the time to wait, which the message names."""
    done = user.runs("watch", "9999", "--appear", "2", exit_code=1)
    notice, error = done.stderr.splitlines()
    assert notice == "not there yet; it may take 2 s to appear (--appear)"
    assert re.fullmatch(
        r"Error: The cluster has no execution 9999 \(INC_.*\) after \d+ s of waiting for it; .*",
        error,
    )


def test_a_final_request_is_sent_at_the_timeout(user: User, simulator: Simulator) -> None:
    """An execution that ended during the last pause has its own exit code and is loaded."""
    simulator.faults.plan(17, plan("Running", "a:Running"), times=1)
    simulator.faults.plan(17, plan("Success", "a:Success"))
    done = user.runs("watch", "17", "--every", "60", "--timeout", "2")
    assert "Running → Success" in done.stdout
    assert f"loaded into {user.warehouse}." in done.stdout


class SignalledWhileMissing:
    """A missing execution; the second response also sends a signal."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[str] | None = None
        self.answers = 0

    def write(self, exchange: Exchange) -> None:
        self.answers += 1
        Gap().write(exchange)
        if self.answers == 2:
            assert self.process is not None
            self.process.send_signal(signal.SIGTERM)


def test_a_signal_ends_the_wait_for_an_execution(user: User, simulator: Simulator) -> None:
    """It ends immediately, with one sentence after the line about waiting."""
    fault = SignalledWhileMissing()
    simulator.faults.plan(17, fault)
    fault.process = subprocess.Popen(
        [COMMAND, "watch", "17", "--every", "0.2"],
        cwd=user.home,
        env=user.environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    _, errors = fault.process.communicate(timeout=60)
    assert fault.process.returncode == 143
    assert errors.splitlines()[1:] == ["Error: Interrupted by SIGTERM; execution 17 is not loaded."]


@pytest.mark.parametrize(
    ("status", "exit_code", "text"),
    [
        (403, 1, "Error: The cluster does not show execution 17 (forbidden: "),
        (400, 1, "Error: The cluster does not show execution 17 (rejected: "),
        (401, 2, "Error: The cluster refused the access token"),
    ],
)
def test_a_permanent_error_ends_watching(
    user: User, simulator: Simulator, status: int, exit_code: int, text: str
) -> None:
    """It may occur at any time; the transitions so far are on stdout."""
    simulator.faults.plan(17, plan("Running", "a:Running"), times=1)
    simulator.faults.plan(17, Refusal(status))
    done = watched(user, exit_code=exit_code)
    assert "first seen" in done.stdout
    assert done.stderr.startswith(text)
    assert not user.warehouse.exists()


def test_a_wrong_tenant_gives_2(user: User) -> None:
    """The exit code is that of the other commands."""
    user.settings["SOURCES__INCORTA__TENANT"] = "DEMO"
    assert "does not know the tenant 'DEMO'" in watched(user, exit_code=2).stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["x"],
        ["1-2"],
        ["17", "--every", "0"],
        ["17", "--every", "nan"],
        ["17", "--timeout", "-1"],
        *(["17", "--appear", each] for each in ("-1", "nan", "86401")),
    ],
)
def test_wrong_usage_gives_2(user: User, simulator: Simulator, arguments: list[str]) -> None:
    """There is no request."""
    done = user.runs("watch", *arguments, exit_code=2)
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1
    assert simulator.requests == ()


class Signalled:
    """A running plan; after its second response the command gets a signal."""

    def __init__(self, number: signal.Signals) -> None:
        self.number = number
        self.process: subprocess.Popen[str] | None = None
        self.answers = 0

    def write(self, exchange: Exchange) -> None:
        self.answers += 1
        plan("Running", f"a:{self.answers}").write(exchange)
        if self.answers == 3:
            assert self.process is not None
            self.process.send_signal(self.number)


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_watching_immediately(
    user: User, simulator: Simulator, number: signal.Signals, exit_code: int
) -> None:
    """The transitions are on stdout, one sentence is on stderr, and nothing is loaded."""
    fault = Signalled(number)
    simulator.faults.plan(17, fault)
    fault.process = subprocess.Popen(
        [COMMAND, "watch", "17", "--every", "0.2"],
        cwd=user.home,
        env=user.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    output, errors = fault.process.communicate(timeout=COMMAND_SECONDS)
    assert fault.process.returncode == exit_code, errors
    assert "1 → 2" in output
    assert errors == f"Error: Interrupted by {number.name}; execution 17 is not loaded.\n"
    assert not user.warehouse.exists()


def test_watching_does_not_lock_the_warehouse_until_the_end(
    user: User, simulator: Simulator
) -> None:
    """If it is busy then, the exit code is 8, and the message also has the execution's status."""
    simulator.company.progress.begin([17])
    user.settings["SOURCES__INCORTA__LOCK_TIMEOUT_SECONDS"] = "0.1"
    with held(user.warehouse):
        done = watched(user, exit_code=8)
    assert len(simulator.requests) == 4
    assert re.match(
        r"Error: Execution 17 of plan .* succeeded after [^:]+ of watching: .* tables succeeded\. "
        r"It was not loaded; incorta-loads ingest --ids 17 loads it\. The warehouse .* is in use",
        done.stderr,
    )


def test_a_later_response_is_kept(user: User, simulator: Simulator) -> None:
    """A response that a run loaded after the final request is not overwritten."""
    simulator.faults.plan(17, plan("Success", "a:Success"), times=1)
    simulator.faults.plan(17, plan("Success", "a:Success", "b:Success"))
    user.settings["SOURCES__INCORTA__LOCK_TIMEOUT_SECONDS"] = str(COMMAND_SECONDS)
    with (
        held(user.warehouse) as holder,
        subprocess.Popen(
            [COMMAND, "watch", "17"],
            cwd=user.home,
            env=user.environment,
            stdout=subprocess.PIPE,
            text=True,
        ) as watching,
    ):
        assert watching.stdout is not None
        assert "first seen" in watching.stdout.readline()
        user.settings["DESTINATION__DUCKDB__CREDENTIALS"] = "elsewhere.duckdb"
        user.runs("ingest", "--ids", "17")
        del user.settings["DESTINATION__DUCKDB__CREDENTIALS"]
        (user.home / "elsewhere.duckdb").rename(user.warehouse)
        holder.communicate(timeout=HANG_SECONDS)
        output = watching.stdout.read()
        assert watching.wait(timeout=HANG_SECONDS) == 0
    assert output.endswith(f"a later response is in {user.warehouse} already.\n")
    (row,) = user.queries("SELECT count(*) AS nodes FROM load_status.nodes")
    assert row == {"nodes": 5}


def test_on_a_terminal_the_tree_is_live_and_the_changes_follow(
    user: User, simulator: Simulator
) -> None:
    """The tree fits the terminal; running and failed nodes come first, the rest are counts."""
    tables = [f"t{number:03}:Success" for number in range(300)]
    now = [*tables[:200], "late:Failed", "busy:Running"]
    simulator.faults.plan(17, plan("In Progress", *now), times=1)
    end, is_drawn = plan("Failed", *tables[:200], "late:Failed", "busy:Failed"), Event()

    class OnceDrawn:
        """Responds when the previous response is on the screen."""

        def write(self, exchange: Exchange) -> None:
            assert is_drawn.wait(HANG_SECONDS)
            end.write(exchange)

    def look(_process: subprocess.Popen[bytes], shown: bytes) -> None:
        if "▸ 1 running".encode() in shown:
            is_drawn.set()

    simulator.faults.plan(17, OnceDrawn())
    exit_code, shown = on_a_terminal(user, "watch", "17", "--every", "0.1", meanwhile=look)
    assert exit_code == 6
    frames, _, after = shown.rpartition("\x1b[?25h")
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", frames)
    first = plain[plain.index("Execution 17 of journey, tenant demo, as of") :]
    lines = first.splitlines()[: ROWS - 1]
    assert "tables: ✓ 200 success  ✗ 1 failure  ▸ 1 running" in lines[2]
    assert lines[5].startswith("    ▸ Sales  In Progress  (and ")
    assert {"      ✗ late  Failed", "      ▸ busy  Running"} <= {line.rstrip() for line in lines}
    hidden = int(re.findall(r"and (\d+) success", lines[5])[0])
    visible = sum("✓ t" in line for line in lines)
    assert hidden + visible == 200
    assert TIME.sub("", after.split("\n")[-3]) == "/Daily/Group 1/Sales/busy  Running → Failed"
    assert "3 of" not in after
    assert after.split("\n")[-2].startswith("Execution 17 of plan Daily failed after ")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_restores_the_terminal(
    user: User, simulator: Simulator, number: signal.Signals
) -> None:
    """The cursor is visible again, and the transitions follow below."""
    simulator.faults.plan(17, plan("Running", "a:Running"))
    sent: list[bool] = []

    def interrupt(process: subprocess.Popen[bytes], shown: bytes) -> None:
        if b"a  Running" in shown and not sent:
            sent.append(True)
            process.send_signal(number)

    exit_code, shown = on_a_terminal(user, "watch", "17", meanwhile=interrupt)
    assert exit_code == 128 + number
    *_, after = shown.rpartition("\x1b[?25h")
    assert "/Daily  Running (first seen; tables: 1 running)" in after
    assert f"Error: Interrupted by {number.name}" in after


def test_without_a_terminal_or_with_quiet_the_output_is_plain_lines(
    user: User, simulator: Simulator
) -> None:
    """With --quiet, this also holds on a terminal; there are never escape codes."""
    simulator.faults.plan(17, plan("Success", "a\x1b[31m:Success"))
    exit_code, shown = on_a_terminal(user, "watch", "17", "--quiet")
    assert exit_code == 0
    assert "\x1b" not in shown
    assert TOKEN not in shown
    assert len(shown.splitlines()) == 2
