"""The peak memory of a run, whatever the server sends."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from incorta_simulator.company.company import Company
from incorta_simulator.company.plans import Group, Plan, Schema
from incorta_simulator.faults.faults import RawBody
from incorta_simulator.server.simulator import Simulator
from journeys.shell import COMMAND, TOKEN, User, configured
from support.peaks import peak_mib
from support.proof import IS_PROOF

MIB = 2**20
NODE = (
    b'{"name":"Schema_of_usual_length.table_of_usual_length","type":"TABLE","status":'
    b'{"stateType":"Terminator State","jobStatus":"Success"},"childStatusDetails":[]}'
)


def peak_of_ingest_mib(user: User, ids: str, exit_code: int) -> float:
    """The largest resident memory of `ingest`, in MiB."""
    process = subprocess.Popen(
        [COMMAND, "ingest", "--ids", ids],
        cwd=user.home,
        env=user.environment,
        stderr=subprocess.DEVNULL,
    )
    peak = peak_mib(process)
    assert process.returncode == exit_code
    return peak


def test_large_executions_take_less_than_400_mib(tmp_path: Path) -> None:
    """Twenty executions of 10,000 tables are two batches; more batches need no more memory."""
    schemas = tuple(
        Schema.of(f"Schema_{i}", " ".join(f"t{j}" for j in range(50))) for i in range(200)
    )
    company = Company((Plan("Large", (Group("Group 1", schemas),)),), executions=20)
    with Simulator(company, token=TOKEN) as simulator:
        user = configured(tmp_path, simulator)
        assert peak_of_ingest_mib(user, "1-20", 0) < 400
    (row,) = user.queries("SELECT count(*) AS nodes FROM load_status.nodes")
    assert row["nodes"] > 180_000


@pytest.mark.parametrize(
    ("item", "exit_code"),
    [(NODE, 0), (b'{"x":[1.5,[],{}]}', 3), (b"{}", 3)][: 3 if IS_PROOF else 2],
    ids=str,
)
def test_extreme_responses_take_less_than_600_mib(
    user: User, simulator: Simulator, item: bytes, exit_code: int
) -> None:
    """Three 32 MiB bodies at once are loaded if possible, or kept as invalid payloads."""
    opening, closing = b'{"name":"Root","childStatusDetails":[', b"]}"
    items = (32 * MIB - len(opening) - len(closing)) // (len(item) + 1)
    body = opening + b",".join([item] * items) + closing
    for execution_id in range(1, 4):
        simulator.faults.plan(execution_id, RawBody(body))
    assert peak_of_ingest_mib(user, "1-5", exit_code) < 600
