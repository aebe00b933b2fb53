"""From an empty directory to failure rates, and the next day."""

from __future__ import annotations

import json
import re
from collections import Counter
from subprocess import CompletedProcess
from typing import Any

from incorta_simulator.company.company import Company
from incorta_simulator.server.simulator import Simulator
from journeys.shell import User

GAPS = [32, 45, 98, 99, 114, 126]  # of the simulator's first 136 ids
RUNNING = [134, 135, 136]


def walk(node: dict[str, Any]) -> list[dict[str, Any]]:
    """The node and all its descendants, depth first."""
    return [node] + [each for child in node.get("childStatusDetails", []) for each in walk(child)]


def test_ingest_loads_every_execution_and_accounts_for_every_id(
    first_ingest: tuple[User, CompletedProcess[str]], company: Company
) -> None:
    """Each id has one ledger row, and each execution has the cluster's nodes."""
    user, done = first_ingest
    assert user.queries(
        "SELECT outcome, count(*) AS ids FROM load_status.fetches GROUP BY ALL ORDER BY 1"
    ) == [
        {"outcome": "loaded", "ids": 130},
        {"outcome": "not_found", "ids": len(GAPS) + 20},
    ]
    loaded = user.queries(
        "SELECT execution_id, list({name: name, type: type, job_status: job_status} "
        "ORDER BY node_id) AS nodes FROM load_status.nodes GROUP BY 1 ORDER BY 1"
    )
    assert [row["execution_id"] for row in loaded] == list(company.ids)
    final = [row for row in loaded if row["execution_id"] not in RUNNING]
    for row in final:
        tree = company.tree(row["execution_id"])
        assert row["nodes"] == [
            {"name": n["name"], "type": n["type"], "job_status": n["status"]["jobStatus"]}
            for n in walk(tree)
        ]
    last_line = done.stderr.splitlines()[-1]
    assert re.fullmatch(
        r"156 ids requested in [\d.]+ s, \d+ nodes written: 130 loaded, 26 not_found", last_line
    )


def test_the_next_run_requests_only_ids_that_may_have_changed(
    pulled: User, simulator: Simulator
) -> None:
    """These are executions that were running, the probe gap, and unsettled gaps.

    Every run also requests the highest id, and the latest execution of each plan unless it was a
    success.
    """
    simulator.company.finish_all()
    trees = {id_: simulator.company.tree(id_) for id_ in simulator.company.ids}
    newest = {tree["name"]: id_ for id_, tree in trees.items()}
    in_error = {i for i in newest.values() if trees[i]["status"]["jobStatus"] != "Success"}
    pulled.runs("ingest")
    probed = list(range(137, 157))
    second = [request.execution_id for request in simulator.requests]
    assert Counter(second) == Counter(sorted({*RUNNING} | in_error) + probed + GAPS)
    requests = len(simulator.requests)
    pulled.lets_a_day_pass()
    pulled.runs("ingest")
    third = [request.execution_id for request in simulator.requests[requests:]]
    assert Counter(third) == Counter(sorted({136} | in_error) + probed)


def test_new_executions_are_found(pulled: User, simulator: Simulator) -> None:
    """Executions above the highest id are loaded by the next run."""
    new = simulator.company.release(10)
    pulled.runs("ingest")
    rows = pulled.queries(
        "SELECT DISTINCT execution_id AS id FROM load_status.nodes ORDER BY 1 DESC LIMIT 10"
    )
    assert sorted(row["id"] for row in rows) == sorted(new)


def test_named_ids_are_requested_exactly(user: User, simulator: Simulator) -> None:
    """`--ids` requests exactly these ids, including gaps."""
    user.runs("ingest", "--ids", "30-33,7")
    assert sorted(str(request.execution_id) for request in simulator.requests) == [
        "30", "31", "32", "33", "7",
    ]  # fmt: skip


def test_the_three_commands_of_the_readme(analyzed: User, company: Company) -> None:
    """Ingest, analyze and failures by table give the counts of the trees."""
    rates = {row["table_name"]: row for row in analyzed.reads("failures", "--by", "table")}
    tables = [
        node
        for execution_id in company.ids
        if execution_id not in RUNNING
        for node in walk(company.tree(execution_id))
        if node["type"] == "TABLE"
    ]
    failed = Counter(n["name"] for n in tables if n["status"]["jobStatus"] == "Failed")
    assert {name: row["failures"] for name, row in rates.items() if row["failures"]} == failed
    assert sum(row["counted"] for row in rates.values()) == sum(
        node["status"]["jobStatus"] in ("Success", "Failed", "Finished with Errors")
        for node in tables
    )


def test_coverage_shows_how_complete_the_history_is(analyzed: User) -> None:
    """Each cluster and tenant has a row with ids by outcome and the missing ones."""
    (row,) = analyzed.reads("coverage")
    del row["last_fetched_at"]
    assert row == {
        "cluster": "journey",
        "tenant": "demo",
        "ids_asked": 156,
        "loaded": 130,
        "not_found": 26,
        "forbidden": 0,
        "rejected": 0,
        "unavailable": 0,
        "invalid_payload": 0,
        "lowest_loaded_id": 1,
        "highest_loaded_id": 136,
        "ids_missing": 6,
        "executions_not_final": 3,
        "aged": 0,
        "ids_restarted": False,
        "highest_asked_id": 156,
    }
    text = analyzed.runs("coverage").stdout
    assert "156 ids requested: 130 loaded, 26 not_found." in text
    assert "Executions 1 to 136, with 6 ids missing between them; 3 not final." in text
    assert "Looked for executions up to id 156." in text


def test_show_prints_the_tree_of_the_cluster(analyzed: User, company: Company) -> None:
    """`show --format json` prints the cluster's response; the table has its names and outcomes."""
    shown = json.loads(analyzed.runs("show", "50", "--format", "json").stdout)
    assert shown == company.tree(50)
    lines = analyzed.runs("show", "50").stdout.splitlines()
    assert [line.split("  ")[-2].strip()[2:] for line in lines[1:-1]] == [
        node["name"] for node in walk(company.tree(50))
    ]
