from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from incorta_simulator.company.company import Company
from incorta_simulator.company.elements import (
    Added,
    AlwaysFailing,
    AlwaysHealthy,
    BrokenSince,
    Denial,
    Dropped,
    Element,
    FalseAlarm,
    Flaky,
    FlakySource,
    Interruptions,
    Outage,
    StopsWhenAGroupFails,
    Straggler,
    Worsening,
)
from incorta_simulator.company.plans import Plan

if TYPE_CHECKING:
    from incorta_simulator.company.execution import Execution
    from incorta_simulator.company.tree import Tree


def statuses(tree: Tree) -> dict[str, str]:
    """The job status of each node, by name."""
    found = {tree["name"]: tree["status"]["jobStatus"]}
    for child in tree.get("childStatusDetails", []):
        found |= statuses(child)
    return found


def job_statuses(company: Company, name: str) -> dict[int, str]:
    """The job status of a node in each execution that has it."""
    by_id = {id_: statuses(company.tree(id_)) for id_ in company.ids}
    return {id_: found[name] for id_, found in by_id.items() if name in found}


def test_a_broken_table_fails_from_its_execution_on(shop: Plan) -> None:
    """It succeeds before this execution and fails in it and all later ones."""
    broken = BrokenSince(
        load_plan="Shop", schema_name="Sales", table_name="Sales.orders", first_execution_id=101
    )
    seen = job_statuses(Company((shop,), (broken,)), "Sales.orders")

    assert {job for id_, job in seen.items() if id_ <= 100} == {"Success"}
    assert {job for id_, job in seen.items() if id_ >= 101} == {"Failed"}


def test_an_outage_hits_all_tables_of_its_schema_within_its_bounds(shop: Plan) -> None:
    """Both bounds are included, and no other schema is affected."""
    outage = Outage(
        load_plan="Shop", schema_name="Sales", first_execution_id=101, last_execution_id=111
    )
    company = Company((shop,), (outage,))

    for table in ("Sales.orders", "Sales.customers"):
        seen = job_statuses(company, table)
        assert {job for id_, job in seen.items() if 101 <= id_ <= 111} == {"Failed"}
        assert {job for id_, job in seen.items() if not 101 <= id_ <= 111} == {"Success"}
    assert set(job_statuses(company, "Stock.items").values()) == {"Success"}


def test_a_flaky_table_fails_at_its_rate(shop: Plan) -> None:
    """Of 2,000 executions a fifth fails: 400 ± 4 standard deviations."""
    flaky = Flaky(load_plan="Shop", schema_name="Stock", table_name="Stock.items", rate=0.2)
    company = Company((shop,), (flaky,), executions=2000)

    runs = [id_ for id_ in company.ids if company.restart_of(id_) is None]
    seen = job_statuses(company, "Stock.items")
    failure_rate = sum(seen[id_] == "Failed" for id_ in runs) / len(runs)

    assert 0.16 < failure_rate < 0.24


def test_flaky_tables_of_a_schema_fail_independently(shop: Plan) -> None:
    """The rate of a schema applies to each of its tables."""
    flaky = Flaky(load_plan="Shop", schema_name="Sales", rate=0.5)
    company = Company((shop,), (flaky,))

    assert job_statuses(company, "Sales.orders") != job_statuses(company, "Sales.customers")


def test_a_flaky_table_may_finish_with_errors(shop: Plan) -> None:
    """The status of a failure can be chosen."""
    flaky = Flaky(load_plan="Shop", schema_name="Stock", rate=1, job_status="Finished with Errors")

    assert statuses(Company((shop,), (flaky,)).tree(1))["Stock.items"] == "Finished with Errors"


def test_a_table_that_is_always_healthy_never_fails(shop: Plan) -> None:
    """This element is applied last and overrides failures of the schema."""
    story = (
        Flaky(load_plan="Shop", schema_name="Sales", rate=1),
        AlwaysHealthy(load_plan="Shop", schema_name="Sales", table_name="Sales.orders"),
    )
    company = Company((shop,), story)

    assert set(job_statuses(company, "Sales.orders").values()) == {"Success"}
    assert set(job_statuses(company, "Sales.customers").values()) == {"Failed"}


def test_an_interruption_stops_all_later_tables(shop: Plan) -> None:
    """Tables loaded before are a success, and the plan is interrupted."""
    company = Company((shop,), (Interruptions(load_plan="Shop", rate=1),))
    tables = ["Sales.orders", "Sales.customers", "Stock.items", "Reports.daily", "Reports.monthly"]

    loaded = set()
    for id_ in company.ids:
        if company.restart_of(id_) is None:
            found = statuses(company.tree(id_))
            jobs = [found[table] for table in tables]
            loaded.add(jobs.count("Success"))
            assert jobs == sorted(jobs, reverse=True)
            assert found["Shop"] == "Interrupted"

    assert loaded == {0, 1, 2, 3, 4}


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("Sales.orders", {"Sales": "Finished with Errors", "Stock": "Success"}),
        ("Stock.items", {"Sales": "Success", "Stock": "Failed"}),
    ],
)
def test_parents_roll_up_their_children(shop: Plan, table: str, expected: dict[str, str]) -> None:
    """If some children failed, the parent finished with errors; if all did, it failed."""
    schema = table.partition(".")[0]
    flaky = Flaky(load_plan="Shop", schema_name=schema, table_name=table, rate=1)

    found = statuses(Company((shop,), (flaky,)).tree(1))

    assert {name: found[name] for name in expected} == expected
    assert found["Group 1"] == found["Shop"] == "Finished with Errors"
    assert found["Group 2"] == "Success"


def test_an_element_may_let_a_parent_contradict_its_children(shop: Plan) -> None:
    """An element may set the status of a parent's path, which overrides the roll-up."""

    @dataclass(frozen=True, kw_only=True)
    class Rumour(Element):
        def tell(self, execution: Execution) -> None:
            execution.statuses["Group 1", "Stock"] = "Success"

    story = (Flaky(load_plan="Shop", schema_name="Stock", rate=1), Rumour(load_plan="Shop"))
    found = statuses(Company((shop,), story).tree(1))

    assert found["Stock.items"] == "Failed"
    assert found["Stock"] == "Success"


def test_a_table_may_always_fail(shop: Plan) -> None:
    """It fails in every execution."""
    failing = AlwaysFailing(load_plan="Shop", schema_name="Stock", table_name="Stock.items")
    seen = job_statuses(Company((shop,), (failing,)), "Stock.items")

    assert set(seen.values()) == {"Failed"}
    assert 1 in seen


def test_tables_of_a_flaky_source_fail_together(shop: Plan) -> None:
    """Of 1,000 executions, 200 ± 4 standard deviations fail."""
    flaky = FlakySource(load_plan="Shop", schema_name="Sales", rate=0.2)
    company = Company((shop,), (flaky,), executions=1_000)
    full = [id_ for id_ in company.ids if company.restart_of(id_) is None]
    orders, customers = (job_statuses(company, f"Sales.{t}") for t in ("orders", "customers"))

    assert [orders[id_] for id_ in full] == [customers[id_] for id_ in full]
    assert 0.15 < sum(orders[id_] == "Failed" for id_ in full) / len(full) < 0.25
    assert set(job_statuses(company, "Stock.items").values()) == {"Success"}


def test_a_worsening_table_fails_increasingly_often(shop: Plan) -> None:
    """The rate rises from zero at the first execution to the final rate at the last one."""
    worsening = Worsening(
        load_plan="Shop",
        schema_name="Stock",
        first_execution_id=1_000,
        last_execution_id=3_000,
        last_rate=0.8,
    )
    company = Company((shop,), (worsening,), executions=4_000)
    seen = job_statuses(company, "Stock.items")

    def failure_rate(first_id: int, last_id: int) -> float:
        found = [job for id_, job in seen.items() if first_id <= id_ <= last_id]
        return found.count("Failed") / len(found)

    assert failure_rate(1, 1_000) == 0
    assert 0.3 < failure_rate(1_800, 2_200) < 0.5
    assert 0.7 < failure_rate(3_000, 4_000) < 0.9


def test_a_table_may_be_added_and_dropped(shop: Plan) -> None:
    """The bounds are included, and outside of them the tree does not have the table."""
    story = (
        Added(load_plan="Shop", table_name="Sales.orders", first_execution_id=101),
        Dropped(load_plan="Shop", schema_name="Stock", last_execution_id=101),
    )
    company = Company((shop,), story)

    assert [*job_statuses(company, "Sales.orders")] == [i for i in company.ids if i >= 101]
    assert [*job_statuses(company, "Stock")] == [i for i in company.ids if i <= 101]


def test_groups_after_a_failed_one_do_not_start(shop: Plan) -> None:
    """They fail with skipped tables; the tables of the failed group are not skipped."""
    story = (
        Flaky(load_plan="Shop", schema_name="Sales", table_name="Sales.orders", rate=1),
        StopsWhenAGroupFails(load_plan="Shop"),
    )
    found = statuses(Company((shop,), story).tree(1))

    assert {name: found[name] for name in ("Sales.customers", "Stock.items")} == {
        "Sales.customers": "Success",
        "Stock.items": "Success",
    }
    assert {name: found[name] for name in ("Group 2", "Reports", "Reports.daily")} == {
        "Group 2": "Failed",
        "Reports": "Failed",
        "Reports.daily": "Skipped",
    }


def test_a_plan_whose_groups_do_not_fail_continues(shop: Plan) -> None:
    """A group that finished with errors does not stop the plan."""
    story = (
        Flaky(load_plan="Shop", schema_name="Sales", rate=1, job_status="Finished with Errors"),
        StopsWhenAGroupFails(load_plan="Shop"),
    )

    assert statuses(Company((shop,), story).tree(1))["Reports.daily"] == "Success"


def test_a_schema_may_hide_failures_or_report_false_ones(shop: Plan) -> None:
    """Its parents use the status of the schema."""
    story = (
        AlwaysFailing(load_plan="Shop", schema_name="Sales"),
        Denial(load_plan="Shop", schema_name="Sales"),
        FalseAlarm(load_plan="Shop", schema_name="Reports", rate=1),
    )
    found = statuses(Company((shop,), story).tree(1))

    assert (found["Sales.orders"], found["Sales"], found["Group 1"]) == (
        *("Failed", "Success", "Success"),
    )
    assert (found["Reports.daily"], found["Reports"], found["Group 2"]) == (
        *("Success", "Failed", "Failed"),
    )


def test_a_straggler_runs_after_its_ancestors_have_ended(shop: Plan) -> None:
    """Within its bounds, only this table is in load state."""
    story = (
        Straggler(
            load_plan="Shop", schema_name="Stock", first_execution_id=101, last_execution_id=111
        ),
    )
    company = Company((shop,), story)
    found = statuses(company.tree(101))

    assert {name for name, job in found.items() if job == "Running"} == {"Stock.items"}
    assert found["Shop"] == found["Group 1"] == found["Stock"] == "Success"
    running = [i for i, job in job_statuses(company, "Stock.items").items() if job == "Running"]
    assert running == [i for i in company.ids if 101 <= i <= 111]


def test_parents_ignore_unknown_statuses(shop: Plan) -> None:
    """Skipped children are ignored too; the others decide."""
    deferred = Flaky(load_plan="Shop", schema_name="Stock", rate=1, job_status="Deferred")
    found = statuses(Company((shop,), (deferred,)).tree(1))

    assert (found["Stock.items"], found["Stock"], found["Shop"]) == (
        *("Deferred", "Success", "Success"),
    )


def test_the_truth_is_plain_data(shop: Plan) -> None:
    """It has the kind and the fields of each element and is valid JSON."""
    story = (
        BrokenSince(
            load_plan="Shop", schema_name="Sales", table_name="Sales.orders", first_execution_id=7
        ),
        Flaky(load_plan="Shop", rate=0.1),
    )
    truth = Company((shop,), story).truth()

    assert json.loads(json.dumps(truth)) == [
        {
            "kind": "BrokenSince",
            "load_plan": "Shop",
            "schema_name": "Sales",
            "table_name": "Sales.orders",
            "first_execution_id": 7,
        },
        {
            "kind": "Flaky",
            "load_plan": "Shop",
            "schema_name": None,
            "table_name": None,
            "rate": 0.1,
            "job_status": "Failed",
        },
    ]
