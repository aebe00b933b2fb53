from __future__ import annotations

import pytest

from incorta_simulator.company.company import Company
from incorta_simulator.company.elements import Element
from incorta_simulator.company.plans import PLANS, Plan
from incorta_simulator.company.story import STORY


@pytest.mark.parametrize("element", STORY, ids=str)
def test_the_default_story_uses_existing_tables(element: Element) -> None:
    """A misspelled name would never fail, and the truth would be wrong."""
    tables = {
        (plan.name, schema.name, table)
        for plan in PLANS
        for group in plan.groups
        for schema in group.schemas
        for table in schema.tables
    }

    assert any(
        plan == element.load_plan
        and element.schema_name in {None, schema}
        and element.table_name in {None, table}
        for plan, schema, table in tables
    )


def test_the_default_story_has_every_kind_of_element() -> None:
    """An analysis must find every kind."""
    kinds = {kind for kind in Element.__subclasses__() if kind.__module__ == Element.__module__}

    assert {type(element) for element in STORY} == kinds


def test_custom_plans_never_fail_without_a_story(shop: Plan) -> None:
    """The default story applies to the default plans only."""
    assert Company((shop,)).truth() == []
    assert Company().truth() == [element.truth() for element in STORY]
