"""The commands that read the warehouse: parse, call one function, print.

Imports that cost time are made inside the commands, so that `--help` answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from incorta_loads.choices import By, Format, Sort
from incorta_loads.cli_options import Debug, Output, start

if TYPE_CHECKING:
    from incorta_loads.findings import Findings

FOUND = 4
"""Exit code: --fail-on-any, and something was found."""

app = typer.Typer()

OfPlan = Annotated[str | None, typer.Option("--plan", help="Only runs of this load plan.")]
TablesOfPlan = Annotated[
    str | None,
    typer.Option("--plan", help="Only tables of this load plan, with all their runs."),
]
Limit = Annotated[int | None, typer.Option(min=1, help="At most so many rows.")]
FailOnAny = Annotated[
    bool,
    typer.Option("--fail-on-any", help="Exit with 4 when there is something now, for schedulers."),
]


@app.command()
def failures(
    *,
    by: Annotated[By, typer.Option(help="What to count by.")] = By.TABLE,
    plan: OfPlan = None,
    recent: Annotated[bool, typer.Option("--recent", help="Only recent executions.")] = False,
    sort: Annotated[
        Sort,
        typer.Option(
            help="rate: lower end of the interval of the error rate. rank: of tables, by the rate "
            "shrunken towards that of their schema. errors: count."
        ),
    ] = Sort.RATE,
    limit: Limit = None,
    output: Output = Format.TABLE,
    debug: Debug = False,
) -> None:
    """Failure rates with their counts and 95 % intervals, worst first."""
    from incorta_loads import database, queries, views

    start()
    with database.reading() as connection:
        queries.require_plan(connection, plan)
        found, names = queries.failure_rates(
            connection, by, plan=plan, recent=recent, sort=sort, limit=limit
        )
    views.show_failure_rates(found, names, output, by=by, recent=recent)


@app.command()
def health(
    *,
    plan: TablesOfPlan = None,
    limit: Limit = None,
    fail_on_any: FailOnAny = False,
    output: Output = Format.TABLE,
    debug: Debug = False,
) -> None:
    """How each table behaves: always failing, broken since, flaky, recovered, new, gone.

    With --fail-on-any: tables that always fail or are broken.
    """
    from incorta_loads import findings, views

    found = _find(findings.health, plan, limit)
    views.show_health(found.found, output)
    _end(found, fail_on_any=fail_on_any)


@app.command()
def regressions(
    *,
    plan: TablesOfPlan = None,
    limit: Limit = None,
    fail_on_any: FailOnAny = False,
    output: Output = Format.TABLE,
    debug: Debug = False,
) -> None:
    """Which tables fail more often than before, and whether that may be chance.

    With --fail-on-any: tables whose verdict is regressed.
    """
    from incorta_loads import findings, views

    found = _find(findings.regressions, plan, limit)
    views.show_regressions(found.found, output)
    _end(found, fail_on_any=fail_on_any)


@app.command()
def conflicts(
    *,
    plan: OfPlan = None,
    limit: Limit = None,
    fail_on_any: FailOnAny = False,
    output: Output = Format.TABLE,
    debug: Debug = False,
) -> None:
    """Where the cluster contradicts itself, such as a success above a failure.

    With --fail-on-any: contradictions in the last final execution of a plan.
    """
    from incorta_loads import findings, views

    found = _find(findings.conflicts, plan, limit)
    views.show_conflicts(found.found, output)
    _end(found, fail_on_any=fail_on_any)


@app.command()
def fix_first(
    *,
    plan: OfPlan = None,
    limit: Limit = None,
    fail_on_any: FailOnAny = False,
    output: Output = Format.TABLE,
    debug: Debug = False,
) -> None:
    """Which few causes to take away so that the most executions are clean.

    With --fail-on-any: causes in the last final execution of a plan.
    """
    from incorta_loads import findings, views

    found = _find(findings.fix_first, plan, limit)
    views.show_fix_first(found.found, output)
    _end(found, fail_on_any=fail_on_any)


@app.command()
def coverage(*, output: Output = Format.TABLE, debug: Debug = False) -> None:
    """What was asked for and what came back: how much of the truth the figures cover."""
    from incorta_loads import database, queries, views

    start()
    with database.reading() as connection:
        found = queries.coverage(connection)
        unknown = queries.unknown_statuses(connection)
    views.show_coverage(found, unknown, output)


@app.command()
def show(
    execution_id: Annotated[str, typer.Argument(metavar="ID", help="Execution id.")],
    *,
    failed: Annotated[bool, typer.Option("--failed", help="Only what did not succeed.")] = False,
    output: Output = Format.TABLE,
    debug: Debug = False,
) -> None:
    """The status tree of one execution; with --format json as the cluster sent it."""
    from incorta_loads import database, queries, views
    from incorta_loads.execution_ids import parse_id

    start()
    wanted = parse_id(execution_id)
    with database.reading() as connection:
        nodes = queries.execution_nodes(connection, wanted, failed=failed)
    views.show_execution(wanted, nodes, output)


@app.command()
def sql(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="One SELECT statement.")],
    *,
    output: Output = Format.TABLE,
    debug: Debug = False,
) -> None:
    """Run one read-only statement on the warehouse: tables in load_status and load_analysis."""
    from incorta_loads import database, printing, statements

    start()
    with database.reading() as connection:
        found = statements.one_statement(connection, query)
    printing.print_rows(found, output)


def _find(read: Callable[..., Findings], plan: str | None, limit: int | None) -> Findings:
    from incorta_loads import database, queries

    start()
    with database.reading() as connection:
        queries.require_plan(connection, plan)
        return read(connection, plan=plan, limit=limit)


def _end(findings: Findings, *, fail_on_any: bool) -> None:
    """Ends the command with 4 where that is asked for; whatever the limit hides counts too."""
    if fail_on_any and findings.now:
        sys.stderr.write(f"Now {findings.what}: {findings.now} (--fail-on-any).\n")
        raise typer.Exit(FOUND)
