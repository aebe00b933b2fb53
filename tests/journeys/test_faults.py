"""Every fault of the catalogue, through the real command."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from incorta_simulator.company.company import Company
from incorta_simulator.faults.case import ENDS_THE_RUN, Case
from incorta_simulator.faults.catalogue import CATALOGUE
from incorta_simulator.server.simulator import Simulator
from journeys.shell import User, configured
from support.patience import HANG_SECONDS

TOKEN = "t0k/3n+marked%42"  # every character that some escaping changes
CONTROL = "planted-control-string-71c4"

# Outcomes that differ from the catalogue, which has those of a perfect client.
KNOWN_WEAKNESSES = {
    "gzip_cut": ("invalid_payload", 200),  # urllib3 does not see the missing end of the stream
    "early_hints_first": ("unavailable", None),  # http.client takes 103 for the response
    "integer_of_5000_digits": ("invalid_payload", 200),  # more digits than Python reads
}

LASTING = {name: case for name, case in CATALOGUE.items() if case.outcome != ENDS_THE_RUN}
ENDING = {name: case for name, case in CATALOGUE.items() if case.outcome == ENDS_THE_RUN}


@dataclass
class FaultRun:
    """The results of one run over all faults.

    Attributes:
        user: the user who owns the warehouse.
        ids: name of a fault → the affected execution.
        done: the completed commands.
        ledger: execution id → its ledger row.
        nodes: execution id → its number of nodes, if any.
        bodies: execution id → its number of kept invalid payloads, if any.
    """

    user: User
    ids: dict[str, int]
    done: list[subprocess.CompletedProcess[str]]
    ledger: dict[int, dict[str, Any]]
    nodes: dict[int, int]
    bodies: dict[int, int]


@pytest.fixture(scope="module")
def fault_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultRun]:
    """Each fault has its own id, followed by a normal execution.

    Faults that only a timeout ends are requested separately, a few at a time: more consecutive ones
    would look like an unavailable cluster. The others have a long timeout.
    """
    company = Company(executions=600)
    company.finish_all()
    affected = dict(zip(LASTING, company.ids[::2], strict=False))
    with Simulator(company, token=TOKEN) as simulator:
        for name, execution_id in affected.items():
            simulator.faults.plan(execution_id, LASTING[name].make())
        user = configured(tmp_path_factory.mktemp("faults"), simulator)
        user.settings |= {
            "SOURCES__INCORTA__TOKEN": TOKEN,
            "SOURCES__INCORTA__MAX_ATTEMPTS": "1",
            "SOURCES__INCORTA__CONCURRENCY": "4",
        }
        slow = [each for name, each in affected.items() if LASTING[name].is_slow]
        quick = [each for each in range(1, max(affected.values()) + 2) if each not in slow]
        done = []
        for ids, seconds in (
            (quick, HANG_SECONDS),
            *((slow[at : at + 4], 2) for at in range(0, len(slow), 4)),
        ):
            user.settings["SOURCES__INCORTA__TIMEOUT_SECONDS"] = str(seconds)
            named = ",".join(map(str, ids))
            done.append(user.runs("--debug", "ingest", "--ids", named, exit_code=3))
        ledger = user.queries("SELECT * FROM load_status.fetches")
        nodes, bodies = (
            {
                row["execution_id"]: row["rows"]
                for row in user.queries(
                    f"SELECT execution_id, count(*) AS rows FROM load_status.{table} GROUP BY ALL"
                )
            }
            for table in ("nodes", "invalid_payloads")
        )
        by_id = {row["execution_id"]: row for row in ledger}
        yield FaultRun(user, affected, done, by_id, nodes, bodies)


@pytest.mark.parametrize("name", LASTING)
def test_every_fault_has_its_outcome(fault_run: FaultRun, name: str) -> None:
    """There is one ledger row with outcome, status and reason; only valid trees have nodes."""
    case: Case = LASTING[name]
    row = fault_run.ledger[fault_run.ids[name]]
    expected = KNOWN_WEAKNESSES.get(name, (case.outcome, case.http_status))
    assert (row["outcome"], row["http_status"]) == expected, row["message"]
    assert row["message"] or row["outcome"] == "loaded"
    nodes, bodies = (
        rows.get(fault_run.ids[name], 0) for rows in (fault_run.nodes, fault_run.bodies)
    )
    assert nodes == ((case.nodes or 0) if row["outcome"] == "loaded" else 0)
    assert bodies == (row["outcome"] == "invalid_payload")


def test_all_executions_between_the_faults_are_loaded(fault_run: FaultRun) -> None:
    """No fault affects another id: each requested id has one row, and the normal ones are
    loaded."""
    faulty = set(fault_run.ids.values())
    others = {i: row["outcome"] for i, row in fault_run.ledger.items() if i not in faulty}
    assert len(others) >= len(faulty) - 1
    assert set(others.values()) == {"loaded", "not_found"}
    (row,) = fault_run.user.queries("SELECT count(*) AS n FROM load_status.fetches")
    assert row["n"] == len(fault_run.ledger)


@pytest.mark.parametrize("name", ENDING)
def test_a_rejected_token_and_a_wrong_tenant_end_the_run(
    user: User, simulator: Simulator, name: str
) -> None:
    """The exit code is 2, previous executions are kept, and the affected id has no row."""
    simulator.faults.plan(20, ENDING[name].make())
    done = user.runs("ingest", "--ids", "1-60", exit_code=2)
    assert done.stderr.splitlines()[-1].startswith("Error: The cluster ")
    rows = user.queries("SELECT execution_id, outcome FROM load_status.fetches ORDER BY 1")
    assert [row["execution_id"] for row in rows][:16] == list(range(1, 17))
    assert {row["outcome"] for row in rows} == {"loaded"}
    assert 20 not in {row["execution_id"] for row in rows}


def spellings(secret: str) -> list[bytes]:
    """The forms in which a server may echo the secret."""
    percent = "".join(f"%{byte:02X}" for byte in secret.encode())
    partly = "".join(c if c.isalnum() else f"%{ord(c):02X}" for c in secret)
    escaped = "".join(f"\\u{ord(c):04x}" for c in secret)
    return [
        each.encode() for each in (secret, percent, partly, escaped, secret.replace("/", "\\/"))
    ]


def find(secret: str, user: User, *outputs: str) -> list[str]:
    """The places that contain the secret: cells of all tables, other files, and outputs."""
    wanted = [each.lower() for each in spellings(secret)]
    places: dict[str, bytes] = {}
    with duckdb.connect(user.warehouse, read_only=True) as connection:
        tables = connection.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() UNION "
            "SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal"
        ).fetchall()
        for schema, table in tables:
            rows = connection.execute(f'FROM "{schema}"."{table}"').fetchall()
            cells = b" ".join(
                cell if isinstance(cell, bytes) else str(cell).encode(errors="replace")
                for row in rows
                for cell in row
            )
            places[f"{schema}.{table}"] = cells
    for path in user.home.rglob("*"):
        if path.is_file():
            places[path.name] = path.read_bytes()
    places |= {f"output {i}": text.encode() for i, text in enumerate(outputs)}
    lowered = ((place, data.lower()) for place, data in places.items())
    return [place for place, data in lowered if any(each in data for each in wanted)]


def test_the_token_is_never_stored_or_printed(fault_run: FaultRun) -> None:
    """No cell, file or debug log has it, whatever its spelling; the search finds a planted text."""
    outputs = [text for done in fault_run.done for text in (done.stdout, done.stderr)]
    assert find(TOKEN, fault_run.user, *outputs) == []
    with duckdb.connect(fault_run.user.warehouse) as connection:
        connection.execute(
            "UPDATE load_status.fetches SET message = $control WHERE execution_id = 1",
            {"control": f"echo {CONTROL} echo"},
        )
    Path(fault_run.user.home / "control.txt").write_text(CONTROL)
    assert {"load_status.fetches", "control.txt"} <= set(find(CONTROL, fault_run.user))
