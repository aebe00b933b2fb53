from __future__ import annotations

import os
import subprocess
import sys
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from incorta_simulator.company.company import Company
from incorta_simulator.company.elements import BrokenSince, Denial
from incorta_simulator.company.plans import PLANS, Group, Plan, Schema

if TYPE_CHECKING:
    from incorta_simulator.company.tree import Tree

FINGERPRINT = """
import hashlib, json
from incorta_simulator.company.company import Company
company = Company()
trees = json.dumps([company.tree(id_) for id_ in company.ids])
print(hashlib.sha256(trees.encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def company() -> Company:
    return Company()


def fingerprint(hash_seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    command = [sys.executable, "-c", FINGERPRINT]
    return subprocess.check_output(command, env=environment, text=True)


def table_names(tree: Tree) -> list[str]:
    if tree["type"] == "TABLE":
        return [tree["name"]]
    return [name for child in tree["childStatusDetails"] for name in table_names(child)]


def done(name: str, kind: str, *children: dict[str, Any]) -> dict[str, Any]:
    below = {"childStatusDetails": list(children)} if children else {}
    status = {"stateType": "Terminator State", "jobStatus": "Success"}
    return {"name": name, "type": kind, "status": status, **below}


def test_a_company_has_the_requested_number_of_executions(company: Company) -> None:
    """By default 400 executions exist, starting with id 1."""
    assert len(company.ids) == 400
    assert company.ids[0] == 1


def test_ids_have_gaps(company: Company) -> None:
    """Some ids never exist, but never ten consecutive ones."""
    steps = [after - before for before, after in pairwise(company.ids)]

    assert 1 < max(steps) <= 10
    assert [id_ for id_ in range(1, company.ids[-1] + 1) if company.exists(id_)] == [*company.ids]


@pytest.mark.parametrize("execution_id", [-1, 0, 10_000])
def test_an_id_outside_of_the_range_does_not_exist(company: Company, execution_id: int) -> None:
    """No id below the first or above the last one exists."""
    assert not company.exists(execution_id)


def test_the_same_seed_gives_the_same_trees() -> None:
    """Two processes create the same company, whatever their hash seed."""
    assert fingerprint("1") == fingerprint("2")


def test_another_seed_gives_another_company(company: Company) -> None:
    """The seed determines gaps, plans and failures."""
    other = Company(seed=2)

    assert other.ids != company.ids
    assert [other.tree(id_) for id_ in other.ids] != [company.tree(id_) for id_ in company.ids]


def test_a_larger_company_starts_with_the_same_executions(company: Company) -> None:
    """The number of executions changes none of them."""
    longer = Company(executions=100_000)

    assert longer.ids[:400] == company.ids
    assert [longer.tree(id_) for id_ in company.ids] == [company.tree(id_) for id_ in company.ids]


def test_the_default_plans_have_their_size() -> None:
    """There are five plans of 10 to 60 tables."""
    sizes = {
        plan.name: sum(len(schema.tables) for group in plan.groups for schema in group.schemas)
        for plan in PLANS
    }

    assert sizes == {
        "Sales Daily": 41,
        "Finance Close": 28,
        "Supply Chain Hourly": 20,
        "HR Weekly": 11,
        "Marketing Daily": 18,
    }


def test_a_plan_has_its_share_of_the_executions(shop: Plan) -> None:
    """Three of four executions: of 1,000, 750 ± 4 standard deviations."""
    often = Plan("Often", shop.groups, frequency=3)
    company = Company((shop, often), executions=1_000)
    names = [company.tree(id_)["name"] for id_ in company.ids]

    assert 695 < names.count("Often") < 805
    assert names.count("Shop") == 1_000 - names.count("Often")


def test_a_final_tree_has_the_documented_shape(shop: Plan) -> None:
    """Plan, groups, schemas and tables have the vendor's names and types."""
    assert Company((shop,)).tree(1) == done(
        "Shop",
        "LOAD_PLAN",
        done(
            "Group 1",
            "GROUP",
            done(
                "Sales",
                "SCHEMA",
                done("Sales.orders", "TABLE"),
                done("Sales.customers", "TABLE"),
            ),
            done("Stock", "SCHEMA", done("Stock.items", "TABLE")),
        ),
        done(
            "Group 2",
            "GROUP",
            done(
                "Reports",
                "SCHEMA",
                done("Reports.daily", "TABLE"),
                done("Reports.monthly", "TABLE"),
            ),
        ),
    )


def test_more_executions_can_be_released(shop: Plan) -> None:
    """New ids follow the last one, and the last of them are running."""
    company = Company((shop,), executions=10, running=2)
    before = company.ids

    released = company.release(5)

    assert len(released) == 5
    assert company.ids == before + released
    assert company.running_ids == before[-2:] + released[-2:]
    assert all(map(company.exists, released))


def test_an_empty_company_starts_with_id_1(shop: Plan) -> None:
    """Without executions there are no ids; the first released one is 1."""
    company = Company((shop,), executions=0)

    assert company.ids == ()
    assert company.release(1) == (1,)


def test_a_restart_repeats_a_part_of_the_failed_execution_before_it(company: Company) -> None:
    """It has the same plan, and not all of its tables."""
    restarts = {id_: company.restart_of(id_) for id_ in company.ids if company.restart_of(id_)}

    assert len(restarts) > 5
    for id_, origin_id in restarts.items():
        assert origin_id == max(other for other in company.ids if other < id_)
        restart, origin = company.tree(id_), company.tree(origin_id)
        assert restart["name"] == origin["name"]
        assert origin["status"]["jobStatus"] != "Success"
        assert set(table_names(restart)) < set(table_names(origin))


def test_a_restart_repeats_failed_tables_or_the_last_group() -> None:
    """The vendor documents these two kinds of restart."""
    plan = Plan("P", (Group("A", (Schema.of("S", "a b"),)), Group("B", (Schema.of("T", "c d"),))))
    broken = BrokenSince(load_plan="P", schema_name="S", table_name="S.a", first_execution_id=1)
    company = Company((plan,), (broken,))

    parts = {
        tuple(table_names(company.tree(id_))) for id_ in company.ids if company.restart_of(id_)
    }

    assert parts == {("S.a",), ("T.c", "T.d")}


def test_a_plan_with_the_status_success_is_not_restarted(shop: Plan) -> None:
    """Only the plan's status counts, whatever the statuses of its tables."""
    story = (
        BrokenSince(load_plan="Shop", schema_name="Sales", first_execution_id=1),
        Denial(load_plan="Shop", schema_name="Sales"),
    )
    company = Company((shop,), story)

    assert [id_ for id_ in company.ids if company.restart_of(id_)] == []


def test_a_company_without_failures_has_no_restart(shop: Plan) -> None:
    """Successful executions are not restarted."""
    company = Company((shop,))

    assert [id_ for id_ in company.ids if company.restart_of(id_)] == []
