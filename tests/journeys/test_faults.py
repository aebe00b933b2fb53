"""The server may do anything: every fault of the catalogue, through the real command."""

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

# What the client cannot tell from something else; the catalogue says what a perfect one would.
KNOWN_WEAKNESSES = {
    "gzip_cut": ("invalid_payload", 200),  # urllib3 does not see the missing end of the stream
    "early_hints_first": ("unavailable", None),  # http.client takes 103 for the answer
    "integer_of_5000_digits": ("invalid_payload", 200),  # more digits than Python reads
}

LASTING = {name: case for name, case in CATALOGUE.items() if case.outcome != ENDS_THE_RUN}
ENDING = {name: case for name, case in CATALOGUE.items() if case.outcome == ENDS_THE_RUN}


@dataclass
class Played:
    """What one run over all faults left.

    Attributes:
        user: whose warehouse it is.
        ids: name of a fault → the execution that it befell.
        done: the commands.
        ledger: execution id → its ledger row.
        nodes: execution id → how many it has, where it has any.
        bodies: execution id → how many bodies that are no tree are kept, where there are any.
    """

    user: User
    ids: dict[str, int]
    done: list[subprocess.CompletedProcess[str]]
    ledger: dict[int, dict[str, Any]]
    nodes: dict[int, int]
    bodies: dict[int, int]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """Each fault at an id of its own, with a good execution after each.

    What only the client's patience ends is asked for by itself, a few at a time: more in a row
    would be a cluster that is down. For all else there is time.
    """
    company = Company(executions=600)
    company.finish_all()
    befallen = dict(zip(LASTING, company.ids[::2], strict=False))
    with Simulator(company, token=TOKEN) as simulator:
        for name, execution_id in befallen.items():
            simulator.faults.plan(execution_id, LASTING[name].make())
        user = configured(tmp_path_factory.mktemp("faults"), simulator)
        user.settings |= {
            "SOURCES__INCORTA__TOKEN": TOKEN,
            "SOURCES__INCORTA__MAX_ATTEMPTS": "1",
            "SOURCES__INCORTA__CONCURRENCY": "4",
        }
        slow = [each for name, each in befallen.items() if LASTING[name].is_slow]
        quick = [each for each in range(1, max(befallen.values()) + 2) if each not in slow]
        done = []
        for ids, seconds in (
            (quick, HANG_SECONDS),
            *((slow[at : at + 4], 2) for at in range(0, len(slow), 4)),
        ):
            user.settings["SOURCES__INCORTA__TIMEOUT_SECONDS"] = str(seconds)
            named = ",".join(map(str, ids))
            done.append(user.runs("--debug", "ingest", "--ids", named, exit_code=3))
        ledger = user.asks("SELECT * FROM load_status.fetches")
        nodes, bodies = (
            {
                row["execution_id"]: row["rows"]
                for row in user.asks(
                    f"SELECT execution_id, count(*) AS rows FROM load_status.{table} GROUP BY ALL"
                )
            }
            for table in ("nodes", "invalid_payloads")
        )
        by_id = {row["execution_id"]: row for row in ledger}
        yield Played(user, befallen, done, by_id, nodes, bodies)


@pytest.mark.parametrize("name", LASTING)
def test_every_fault_ends_in_its_outcome(played: Played, name: str) -> None:
    """One ledger row with outcome, status and reason; nodes only for what is a tree."""
    case: Case = LASTING[name]
    row = played.ledger[played.ids[name]]
    expected = KNOWN_WEAKNESSES.get(name, (case.outcome, case.http_status))
    assert (row["outcome"], row["http_status"]) == expected, row["message"]
    assert row["message"] or row["outcome"] == "loaded"
    nodes, bodies = (rows.get(played.ids[name], 0) for rows in (played.nodes, played.bodies))
    assert nodes == ((case.nodes or 0) if row["outcome"] == "loaded" else 0)
    assert bodies == (row["outcome"] == "invalid_payload")


def test_the_executions_between_the_faults_are_all_here(played: Played) -> None:
    """No fault harms another id: each that was asked has one row, and the good ones loaded."""
    faulty = set(played.ids.values())
    others = {i: row["outcome"] for i, row in played.ledger.items() if i not in faulty}
    assert len(others) >= len(faulty) - 1
    assert set(others.values()) == {"loaded", "not_found"}
    (row,) = played.user.asks("SELECT count(*) AS n FROM load_status.fetches")
    assert row["n"] == len(played.ledger)


@pytest.mark.parametrize("name", ENDING)
def test_a_refused_token_and_a_wrong_tenant_end_the_run(
    user: User, simulator: Simulator, name: str
) -> None:
    """Exit code 2, what was fetched before is kept, and the id itself has no row."""
    simulator.faults.plan(20, ENDING[name].make())
    done = user.runs("ingest", "--ids", "1-60", exit_code=2)
    assert done.stderr.splitlines()[-1].startswith("Error: The cluster ")
    rows = user.asks("SELECT execution_id, outcome FROM load_status.fetches ORDER BY 1")
    assert [row["execution_id"] for row in rows][:16] == list(range(1, 17))
    assert {row["outcome"] for row in rows} == {"loaded"}
    assert 20 not in {row["execution_id"] for row in rows}


def spellings(secret: str) -> list[bytes]:
    """The secret as a server may echo it."""
    percent = "".join(f"%{byte:02X}" for byte in secret.encode())
    partly = "".join(c if c.isalnum() else f"%{ord(c):02X}" for c in secret)
    escaped = "".join(f"\\u{ord(c):04x}" for c in secret)
    return [
        each.encode() for each in (secret, percent, partly, escaped, secret.replace("/", "\\/"))
    ]


def find(secret: str, user: User, *outputs: str) -> list[str]:
    """Where the secret stands: every cell of every table, every other file, every output."""
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


def test_the_token_is_nowhere(played: Played) -> None:
    """Not in a cell, a file, a log line at DEBUG, however it was echoed; a control is found."""
    outputs = [text for done in played.done for text in (done.stdout, done.stderr)]
    assert find(TOKEN, played.user, *outputs) == []
    with duckdb.connect(played.user.warehouse) as connection:
        connection.execute(
            "UPDATE load_status.fetches SET message = $control WHERE execution_id = 1",
            {"control": f"echo {CONTROL} echo"},
        )
    Path(played.user.home / "control.txt").write_text(CONTROL)
    assert {"load_status.fetches", "control.txt"} <= set(find(CONTROL, played.user))
