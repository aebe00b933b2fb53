from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from incorta_simulator.company.company import Company

if TYPE_CHECKING:
    from incorta_simulator.company.plans import Plan


def load(name: str, kind: str, job: str, *children: dict[str, Any]) -> dict[str, Any]:
    below = {"childStatusDetails": list(children)} if children else {}
    return {
        "name": name,
        "type": kind,
        "status": {"stateType": "Load State", "jobStatus": job},
        **below,
    }


def test_a_running_tree_shows_waiting_and_running_nodes(shop: Plan) -> None:
    """No group starts before the previous one is done, and parents are in load state."""
    company = Company((shop,), executions=1, running=1)

    assert company.next_tree(1) == load(
        "Shop",
        "LOAD_PLAN",
        "In Progress",
        load(
            "Group 1",
            "GROUP",
            "In Progress",
            load(
                "Sales",
                "SCHEMA",
                "In Progress",
                load("Sales.orders", "TABLE", "Running"),
                load("Sales.customers", "TABLE", "Running"),
            ),
            load("Stock", "SCHEMA", "In Progress", load("Stock.items", "TABLE", "Running")),
        ),
        load(
            "Group 2",
            "GROUP",
            "In Queue",
            load(
                "Reports",
                "SCHEMA",
                "In Queue",
                load("Reports.daily", "TABLE", "In Queue"),
                load("Reports.monthly", "TABLE", "In Queue"),
            ),
        ),
    )


def test_a_running_execution_advances_with_each_request(shop: Plan) -> None:
    """Three responses show it running, each with more progress; then it stays final."""
    company = Company((shop,), executions=1, running=1)

    answers = [json.dumps(company.next_tree(1)) for _ in range(5)]

    assert [answer.count("Load State") for answer in answers] == [11, 10, 5, 0, 0]
    assert json.loads(answers[3]) == json.loads(answers[4]) == company.tree(1)


def test_the_last_executions_are_running(shop: Plan) -> None:
    """By default the last three executions are not final."""
    company = Company((shop,))

    assert company.running_ids == company.ids[-3:]


def test_reading_the_final_tree_does_not_advance_an_execution(shop: Plan) -> None:
    """Tests may compare with the final tree repeatedly."""
    company = Company((shop,))
    for _ in range(5):
        company.tree(company.ids[-1])

    assert company.ids[-1] in company.running_ids


def test_all_running_executions_can_be_finished_at_once(shop: Plan) -> None:
    """After `finish_all`, the next response for each execution is final."""
    company = Company((shop,), executions=10)
    company.finish_all()

    assert company.running_ids == ()
    assert company.next_tree(company.ids[-1]) == company.tree(company.ids[-1])


def test_a_release_may_be_smaller_than_the_number_of_running_executions(shop: Plan) -> None:
    """If one execution is released, at most one is running."""
    company = Company((shop,), executions=1, running=3)

    assert company.running_ids == company.ids == (1,)
