"""Defines the commands that read the warehouse.

Slow imports are inside the commands, so that `--help` responds at once.
"""

from __future__ import annotations

import logging
from typing import Annotated

import typer

from incorta_loads.choices import By, Format, Sort
from incorta_loads.cli.options import App, Output, start

logger = logging.getLogger(__name__)

FOUND = 4
"""Exit code if --fail-on-any was given and its condition holds."""

app = App()

OfPlan = Annotated[str | None, typer.Option("--plan", help="Show only rows of this load plan.")]
Limit = Annotated[int | None, typer.Option(min=1, help="Maximum number of rows.")]
FailOnAny = Annotated[
    bool,
    typer.Option("--fail-on-any", help="Exit with 4 if the condition holds now."),
]


@app.command()
def failures(
    *,
    by: Annotated[By, typer.Option(help="Unit to count by.")] = By.TABLE,
    plan: OfPlan = None,
    recent: Annotated[bool, typer.Option("--recent", help="Count only recent executions.")] = False,
    sort: Annotated[
        Sort,
        typer.Option(
            help="rate: by the lower end of the error rate's interval. rank: tables only, by "
            "worst_rank as in `health`. errors: by number of errors."
        ),
    ] = Sort.RATE,
    limit: Limit = None,
    output: Output = Format.TABLE,
) -> None:
    """Show failure rates with counts and 95 % intervals, worst first."""
    from incorta_loads.analysis import queries
    from incorta_loads.terminal import views
    from incorta_loads.warehouse import opening

    start()
    with opening.reading() as connection:
        queries.require_plan(connection, plan)
        found, names = queries.failure_rates(
            connection, by, plan=plan, recent=recent, sort=sort, limit=limit
        )
    views.show_failure_rates(found, names, output, by=by, recent=recent)


def _finding_command(name: str, text: str) -> None:
    """Adds a command that prints the finding of its name, in the format of `views`."""

    def command(
        *,
        plan: OfPlan = None,
        limit: Limit = None,
        fail_on_any: FailOnAny = False,
        output: Output = Format.TABLE,
    ) -> None:
        from incorta_loads.analysis import findings, queries
        from incorta_loads.terminal import views
        from incorta_loads.warehouse import opening

        start()
        with opening.reading() as connection:
            queries.require_plan(connection, plan)
            found = getattr(findings, name)(connection, plan=plan, limit=limit)
        getattr(views, f"show_{name}")(found.found, output)
        if fail_on_any and found.now:  # rows beyond the limit count too
            logger.warning(
                "Currently %s: %d; exit code 4 because of --fail-on-any.", found.what, found.now
            )
            raise typer.Exit(FOUND)

    app.command(name.replace("_", "-"), help=text)(command)


_finding_command(
    "health",
    "Show how each table behaves: always failing, broken, intermittent, recovered, new, gone.\n\n"
    "--fail-on-any: a table always fails or is broken. --plan: show the tables of this plan, with "
    "their runs in all plans.",
)
_finding_command(
    "regressions",
    "Show which tables fail more often than before, and whether that may be chance.\n\n"
    "--fail-on-any: the verdict of a table is regressed. --plan: show the tables of this plan, "
    "with their runs in all plans.",
)
_finding_command(
    "conflicts",
    "Show where the cluster contradicts itself, such as a success above a failure.\n\n"
    "--fail-on-any: the newest final execution of a plan has a contradiction.",
)
_finding_command(
    "fix_first",
    "Show which few fixes would make the most executions free of errors.\n\n"
    "--fail-on-any: an error originated in the newest final execution of a plan. --plan: show the "
    "causes of this plan, with the executions of all plans.",
)


@app.command()
def backtest(
    *,
    setting: Annotated[
        str | None, typer.Option("--setting", help="Show only this setting.", metavar="NAME")
    ] = None,
    plan: OfPlan = None,
    output: Output = Format.TABLE,
) -> None:
    """Show what notifications would have been sent over this history, and what became of them.

    For each setting: how many, how many were confirmed by later runs, and how early they came.
    Without `analyze --backtest`, this is calculated now and may take a while.

    --plan: count the tables of this plan, with their runs in all plans.
    """
    from incorta_loads.analysis import queries
    from incorta_loads.analysis.backtest import backtest as messages_by_setting
    from incorta_loads.terminal import views
    from incorta_loads.warehouse import opening

    start()
    with opening.reading() as connection:
        queries.require_plan(connection, plan)
        found = messages_by_setting(connection, setting=setting, plan=plan)
    views.show_backtest(found, output)


@app.command()
def coverage(*, output: Output = Format.TABLE) -> None:
    """Show which ids were requested, what came back and what is missing."""
    from incorta_loads.analysis import queries
    from incorta_loads.terminal import views
    from incorta_loads.warehouse import opening

    start()
    with opening.reading() as connection:
        found = queries.coverage(connection)
        statuses = queries.unknown_statuses(connection)
        types = queries.unknown_types(connection)
    views.show_coverage(found, statuses, types, output)


@app.command()
def show(
    execution_id: Annotated[str, typer.Argument(metavar="ID", help="Execution id.")],
    *,
    failed: Annotated[
        bool, typer.Option("--failed", help="Show only the branches that failed.")
    ] = False,
    output: Output = Format.TABLE,
) -> None:
    """Print the status tree of one execution; --format json prints it as received."""
    from incorta_loads.analysis import queries
    from incorta_loads.analysis.outcomes import StatusOutcomes
    from incorta_loads.endpoint.execution_ids import parse_id
    from incorta_loads.terminal import views
    from incorta_loads.warehouse import opening

    start()
    wanted, outcomes = parse_id(execution_id), StatusOutcomes.configured()
    with opening.reading() as connection:
        nodes = queries.execution_nodes(connection, wanted, failed=failed, outcome_of=outcomes.of)
    views.show_execution(wanted, nodes, output)


@app.command()
def sql(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="One SELECT statement.")],
    *,
    output: Output = Format.TABLE,
) -> None:
    """Run one read-only statement on the warehouse: tables in load_status and load_analysis."""
    from incorta_loads.analysis import ad_hoc
    from incorta_loads.terminal import printing
    from incorta_loads.warehouse import opening

    start()
    with opening.reading() as connection:
        found = ad_hoc.one_statement(connection, query)
    printing.print_rows(found, output)
