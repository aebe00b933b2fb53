"""The exit code and the last lines of each command."""

from __future__ import annotations

import signal
import subprocess

import duckdb
import pytest

from incorta_simulator.faults.faults import RawBody, Refusal
from incorta_simulator.server.simulator import Simulator
from journeys.shell import COMMAND, User, held
from support.patience import COMMAND_SECONDS


def test_ids_that_did_not_load_give_3_and_are_named(user: User, simulator: Simulator) -> None:
    """The run finished, and the last lines name the ids and the remedy."""
    simulator.faults.plan(5, Refusal(403))
    simulator.faults.plan(6, RawBody(b"<html>login</html>"))
    done = user.runs("ingest", "--ids", "1-10", exit_code=3)
    lines = done.stderr.splitlines()
    assert lines[-3].endswith("8 loaded, 1 forbidden, 1 invalid_payload")
    assert lines[-2].startswith("1 forbidden, the first id 5: ")
    assert lines[-1].startswith("1 invalid_payload, the first id 6: the body is not JSON")


def test_an_expired_token_gives_2_and_keeps_loaded_executions(
    user: User, simulator: Simulator
) -> None:
    """A 401 ends the run; the executions before it are in the warehouse."""
    simulator.faults.plan(50, Refusal(401))
    done = user.runs("ingest", "--ids", "1-100", exit_code=2)
    assert "Error: The cluster refused the access token" in done.stderr
    (row,) = user.queries(
        "SELECT count(DISTINCT execution_id) AS n FROM load_status.nodes WHERE execution_id < 45"
    )
    assert row == {"n": 43}  # all except gap 32


def test_a_wrong_tenant_gives_2(user: User) -> None:
    """The tenant is case-sensitive, and the message states that."""
    user.settings["SOURCES__INCORTA__TENANT"] = "DEMO"
    done = user.runs("ingest", exit_code=2)
    assert "does not know the tenant 'DEMO'" in done.stderr
    assert "case-sensitive" in done.stderr


def test_an_unavailable_cluster_gives_1(user: User, simulator: Simulator) -> None:
    """If nothing listens, the run ends after a few ids with one sentence."""
    simulator.stop()
    user.settings["SOURCES__INCORTA__MAX_ATTEMPTS"] = "1"
    done = user.runs("ingest", exit_code=1)
    assert "Error: The cluster is down: 8 consecutive ids were unavailable" in done.stderr


def test_an_empty_cluster_has_advice(user: User, simulator: Simulator) -> None:
    """If nothing is found from `first_id` on, the advice is to request ids near a known one."""
    user.settings["SOURCES__INCORTA__FIRST_ID"] = "5000"
    done = user.runs("ingest")
    assert "pass --ids with a range around a known id" in done.stderr.splitlines()[-1]


def test_a_foreign_file_is_not_analyzed(user: User) -> None:
    """The error is one sentence with the remedy, and nothing is created in the file."""
    with duckdb.connect(str(user.warehouse)) as other:
        other.execute("CREATE TABLE mine AS SELECT 1 AS one")
    before = user.warehouse.read_bytes()
    done = user.runs("analyze", exit_code=1)
    assert done.stderr.startswith(f"Error: {user.warehouse} contains no executions")
    assert "run incorta-loads ingest first" in done.stderr
    assert user.warehouse.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ingest", "--ids", "5-1"], "'5-1' ends before it begins"),
        (["ingest", "--ids", "abc"], "'abc' is not an execution id"),
        (["ingest", "--ids", "-3"], "'-3' is not an execution id"),
        (["ingest", "--ids", "1-9223372036854775808"], "larger than the largest possible id"),
        (["ingest", "--ids", "1-1000000000"], "at most 10,000,000 can be requested at once"),
        (["explode"], "No such command 'explode'"),
        (["failures", "--by", "colour"], "'colour' is not one of"),
        (["incidents", "x"], "'x' is not an execution id"),
    ],
)
def test_wrong_usage_gives_2_and_one_sentence(
    user: User, arguments: list[str], message: str
) -> None:
    """There is no traceback and no request, and nothing is written."""
    done = user.runs(*arguments, exit_code=2)
    assert message in done.stderr
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1
    assert not user.warehouse.exists()


def test_a_missing_execution_gives_1_and_the_remedy(analyzed: User) -> None:
    """A malformed id is wrong usage; an id that is not in the warehouse is not."""
    done = analyzed.runs("show", "9999", exit_code=1)
    assert done.stderr == (
        "Error: Execution 9999 is not in the warehouse: it was never requested; "
        "run incorta-loads ingest --ids 9999.\n"
    )


@pytest.mark.parametrize("name", ["CLUSTER_URL", "TENANT", "TOKEN"])
def test_a_missing_setting_names_the_searched_places(user: User, name: str) -> None:
    """The error names the environment variable, the file and the key."""
    del user.settings[f"SOURCES__INCORTA__{name}"]
    done = user.runs("ingest", exit_code=2)
    assert f"SOURCES__INCORTA__{name}" in done.stderr
    assert "[sources.incorta]" in done.stderr
    assert not user.warehouse.exists()


@pytest.mark.parametrize("command", ["analyze", "failures", "coverage"])
def test_without_a_warehouse_the_first_step_is_named(user: User, command: str) -> None:
    """Reading a missing warehouse names the command to run first and creates nothing."""
    done = user.runs(command, exit_code=1)
    assert "run incorta-loads ingest first" in done.stderr
    assert not user.warehouse.exists()


def test_check_reports_success(user: User, simulator: Simulator) -> None:
    """It sends one request and writes nothing."""
    done = user.runs("check")
    assert "responds and accepts the tenant 'demo' and the token" in done.stdout
    assert len(simulator.requests) == 1
    assert not user.warehouse.exists()


@pytest.mark.parametrize(
    ("name", "value", "exit_code"),
    [("TOKEN", "expired", 2), ("TENANT", "nobody", 2), ("CLUSTER_URL", "http://127.0.0.1:9/x", 1)],
)
def test_check_reports_errors(user: User, name: str, value: str, exit_code: int) -> None:
    """A wrong token or tenant is a configuration error; a missing response is a failure."""
    user.settings[f"SOURCES__INCORTA__{name}"] = value
    user.settings["SOURCES__INCORTA__MAX_ATTEMPTS"] = "1"
    done = user.runs("check", exit_code=exit_code)
    assert done.stderr.startswith(("requesting", "Error: "))


class HoldUntilSignalled:
    """A fault that signals the command while its request is in flight."""

    def __init__(self, number: signal.Signals) -> None:
        self.number = number
        self.process: subprocess.Popen[str] | None = None

    def write(self, exchange: object) -> None:
        assert self.process is not None
        self.process.send_signal(self.number)
        RawBody(b'{"name":"late"}').write(exchange)  # type: ignore[arg-type]


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_run_after_the_batch_in_flight(
    user: User, simulator: Simulator, number: signal.Signals, exit_code: int
) -> None:
    """The responses are committed with their ledger rows, and the exit code is the signal's."""
    fault = HoldUntilSignalled(number)
    simulator.faults.plan(40, fault)
    process = subprocess.Popen(
        [COMMAND, "ingest", "--ids", "1-5000"],
        cwd=user.home,
        env=user.environment | {"PYTHONUNBUFFERED": "1"},
        stderr=subprocess.PIPE,
        text=True,
    )
    fault.process = process
    _, errors = process.communicate(timeout=COMMAND_SECONDS)
    assert process.returncode == exit_code, errors
    assert "what was fetched is committed" in errors.splitlines()[-1]
    (row,) = user.queries(
        "SELECT count(*) FILTER (WHERE outcome = 'loaded') AS loaded, "
        "(SELECT count(DISTINCT execution_id) FROM load_status.nodes) AS executions, "
        "count(*) < 5000 AS ended_early FROM load_status.fetches"
    )
    assert row["loaded"] == row["executions"] >= 38
    assert row["ended_early"]


def test_a_second_run_waits_then_names_the_holder(pulled: User) -> None:
    """The exit code is 8, with one sentence about the process, and nothing changes."""
    before = pulled.warehouse.read_bytes()
    pulled.settings["SOURCES__INCORTA__LOCK_TIMEOUT_SECONDS"] = "0.2"
    with held(pulled.warehouse) as holder:
        done = pulled.runs("ingest", exit_code=8)
    assert f"process {holder.pid}" in done.stderr
    assert holder.returncode == 0
    assert pulled.warehouse.read_bytes() == before


def test_a_closed_pipe_gives_141_without_a_message(analyzed: User) -> None:
    """This is the convention of Unix commands."""
    process = subprocess.Popen(
        [COMMAND, "sql", "SELECT range FROM range(200000)", "--format", "csv"],
        cwd=analyzed.home,
        env=analyzed.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"range\n"
    process.stdout.close()
    assert process.stderr is not None
    assert (process.wait(timeout=COMMAND_SECONDS), process.stderr.read()) == (141, b"")
    process.stderr.close()


def test_a_closed_pipe_also_ends_tables_quietly(analyzed: User) -> None:
    """Tables behave like CSV."""
    line = f"{COMMAND} failures | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=analyzed.home,
        env=analyzed.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=COMMAND_SECONDS,
    )
    assert (done.returncode, done.stderr) == (141, "")
