"""The story of the default company: elements that apply to every execution of their plan.

To add a behavior, add a class to `elements.py` and a line here. Elements are applied in order:
if two set the status of the same table, the later one wins.
"""

from __future__ import annotations

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
from incorta_simulator.company.tree import FINISHED_WITH_ERRORS

_SALES = "Sales Daily"
_FINANCE = "Finance Close"
_SUPPLY = "Supply Chain Hourly"
_HR = "HR Weekly"
_MARKETING = "Marketing Daily"

_SALES_STORY: tuple[Element, ...] = (
    Flaky(load_plan=_SALES, schema_name="Sales_OLTP", rate=0.002),
    Flaky(load_plan=_SALES, schema_name="Sales_CRM", table_name="Sales_CRM.cases", rate=0.15),
    Outage(
        load_plan=_SALES, schema_name="Sales_CRM", first_execution_id=120, last_execution_id=150
    ),
    BrokenSince(
        load_plan=_SALES,
        schema_name="Sales_OLTP",
        table_name="Sales_OLTP.returns",
        first_execution_id=300,
    ),
    AlwaysHealthy(load_plan=_SALES, schema_name="Sales_OLTP", table_name="Sales_OLTP.orders"),
)

_FINANCE_STORY: tuple[Element, ...] = (
    Flaky(load_plan=_FINANCE, schema_name="GL", table_name="GL.journal_lines", rate=0.25),
    Flaky(
        load_plan=_FINANCE,
        schema_name="AP",
        table_name="AP.invoices",
        rate=0.1,
        job_status=FINISHED_WITH_ERRORS,
    ),
    StopsWhenAGroupFails(load_plan=_FINANCE),
)

_SUPPLY_STORY: tuple[Element, ...] = (
    Flaky(load_plan=_SUPPLY, schema_name="Inventory", rate=0.005),
    Worsening(
        load_plan=_SUPPLY,
        schema_name="Purchasing",
        table_name="Purchasing.receipts",
        first_execution_id=250,
        last_execution_id=428,
        last_rate=0.7,
    ),
    FlakySource(load_plan=_SUPPLY, schema_name="Planning", rate=0.08),
    # The weekly plan continues to load it.
    Dropped(load_plan=_SUPPLY, schema_name="HR", table_name="HR.locations", last_execution_id=200),
    Interruptions(load_plan=_SUPPLY, rate=0.05),
)

_HR_STORY: tuple[Element, ...] = (
    BrokenSince(
        load_plan=_HR,
        schema_name="Payroll",
        table_name="Payroll.payslips",
        first_execution_id=250,
    ),
)

_MARKETING_STORY: tuple[Element, ...] = (
    AlwaysFailing(
        load_plan=_MARKETING, schema_name="Web_Analytics", table_name="Web_Analytics.goals"
    ),
    Denial(load_plan=_MARKETING, schema_name="Web_Analytics"),
    Dropped(
        load_plan=_MARKETING,
        schema_name="Web_Analytics",
        table_name="Web_Analytics.referrers",
        last_execution_id=250,
    ),
    Added(
        load_plan=_MARKETING,
        schema_name="Ads",
        table_name="Ads.placements",
        first_execution_id=400,
    ),
    Outage(load_plan=_MARKETING, schema_name="Ads", first_execution_id=360, last_execution_id=390),
    Outage(
        load_plan=_MARKETING,
        schema_name="Email",
        table_name="Email.bounces",
        first_execution_id=370,
        last_execution_id=400,
    ),
    Flaky(
        load_plan=_MARKETING,
        schema_name="Email",
        table_name="Email.opens",
        rate=0.05,
        job_status="Deferred",
    ),
    FalseAlarm(load_plan=_MARKETING, schema_name="Email", rate=0.06),
    Straggler(
        load_plan=_MARKETING,
        schema_name="Email",
        table_name="Email.sends",
        first_execution_id=330,
        last_execution_id=335,
    ),
)

STORY = _SALES_STORY + _FINANCE_STORY + _SUPPLY_STORY + _HR_STORY + _MARKETING_STORY
"""Returns the story of the default company."""
