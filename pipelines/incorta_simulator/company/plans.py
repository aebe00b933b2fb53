"""Defines the load plans of the default company."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Schema:
    """A schema and its tables, with qualified names as in the endpoint's responses: `HR.jobs`."""

    name: str
    tables: tuple[str, ...]

    @classmethod
    def of(cls, name: str, tables: str) -> Schema:
        """Returns a schema from the names of its tables, separated by blanks."""
        return cls(name, tuple(f"{name}.{table}" for table in tables.split()))


@dataclass(frozen=True)
class Group:
    """A group of schemas that are loaded at the same time."""

    name: str
    schemas: tuple[Schema, ...]


@dataclass(frozen=True)
class Plan:
    """A load plan, whose groups are loaded one after another.

    Attributes:
        frequency: How often it runs, relative to the other plans of the company.
    """

    name: str
    groups: tuple[Group, ...]
    frequency: int = 1


PLANS = (
    Plan(
        "Sales Daily",
        (
            Group(
                "Group 1",
                (
                    Schema.of(
                        "Sales_OLTP",
                        "orders order_lines order_holds customers customer_sites addresses products"
                        " product_models price_lists price_list_lines discounts promotions returns"
                        " return_lines shipments shipment_lines carriers sales_reps territories"
                        " currencies",
                    ),
                    Schema.of(
                        "Sales_CRM",
                        "accounts contacts leads opportunities opportunity_stages campaigns tasks"
                        " events cases case_comments users roles",
                    ),
                ),
            ),
            Group(
                "Group 2",
                (
                    Schema.of(
                        "Sales_Analytics",
                        "bookings billings backlog revenue_by_month revenue_by_region quota"
                        " attainment churn cohorts",
                    ),
                ),
            ),
        ),
        frequency=4,
    ),
    Plan(
        "Finance Close",
        (
            Group(
                "Group 1",
                (
                    Schema.of(
                        "GL",
                        "ledgers periods accounts journals journal_lines balances budgets"
                        " cost_centers exchange_rates",
                    ),
                    Schema.of(
                        "AP", "suppliers supplier_sites invoices invoice_lines payments holds"
                    ),
                    Schema.of("AR", "invoices invoice_lines receipts applications adjustments"),
                ),
            ),
            Group("Group 2", (Schema.of("Fixed_Assets", "assets books depreciation retirements"),)),
            Group("Group 3", (Schema.of("Finance_Reports", "trial_balance ageing cash_flow pnl"),)),
        ),
        frequency=3,
    ),
    Plan(
        "Supply Chain Hourly",
        (
            Group(
                "Group 1",
                (
                    Schema.of(
                        "Inventory",
                        "items organizations subinventories onhand reservations transactions lots"
                        " serials cycle_counts",
                    ),
                    Schema.of("Purchasing", "requisitions orders order_lines receipts agreements"),
                    Schema.of("HR", "people locations"),
                ),
            ),
            Group("Group 2", (Schema.of("Planning", "forecast demand supply exceptions"),)),
        ),
        frequency=6,
    ),
    Plan(
        "HR Weekly",
        (
            Group("Group 1", (Schema.of("HR", "people jobs positions grades locations absences"),)),
            Group("Group 2", (Schema.of("Payroll", "runs payslips elements balances deductions"),)),
        ),
        frequency=1,
    ),
    Plan(
        "Marketing Daily",
        (
            Group(
                "Group 1",
                (
                    Schema.of("Web_Analytics", "sessions page_views visitors referrers goals"),
                    Schema.of(
                        "Ads", "accounts campaigns ad_groups ads keywords placements spend clicks"
                    ),
                    Schema.of("Email", "lists subscribers sends opens bounces"),
                ),
            ),
        ),
        frequency=4,
    ),
)
"""Returns the plans of the default company."""
