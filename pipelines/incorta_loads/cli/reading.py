"""Defines the commands that read the warehouse.

Slow imports are inside the commands, so that `--help` responds at once.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Annotated, TypedDict

import typer

from incorta_loads.choices import By, Format, Sort
from incorta_loads.cli.options import App, Output, start
from incorta_loads.errors import ConfigurationError

logger = logging.getLogger(__name__)

FOUND = 4
"""Exit code if --fail-on-any was given and its condition holds."""

_MOST_NOTABLE = 20
_ROWS_OF_SQL = 40

app = App()


class _Shown(TypedDict):
    """Which rows a command shows, as keyword arguments of what reads them."""

    limit: int | None
    only_notable: bool


OfPlan = Annotated[str | None, typer.Option("--plan", help="Show only rows of this load plan.")]
Limit = Annotated[int | None, typer.Option(min=1, help="Maximum number of rows.")]
All = Annotated[
    bool,
    typer.Option("--all", help="Show all rows; a terminal otherwise shows the 20 most notable."),
]
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
    show_all: All = False,
    output: Output = Format.TABLE,
) -> None:
    """Show failure rates with counts and 95 % intervals, worst first."""
    from incorta_loads.analysis import queries
    from incorta_loads.terminal import views
    from incorta_loads.warehouse import opening

    start()
    shown = _shown(output, limit, show_all=show_all)
    with opening.reading() as connection:
        queries.require_plan(connection, plan)
        found, names, total = queries.failure_rates(
            connection, by, plan=plan, recent=recent, sort=sort, **shown
        )
    views.show_failure_rates(found, names, output, by=by, recent=recent)
    views.show_rest(found, total, output)


def _shown(output: Format, limit: int | None, *, show_all: bool) -> _Shown:
    """Returns which rows to show: a terminal shows only notable ones unless told otherwise."""
    is_for_a_look = output is Format.TABLE and sys.stdout.isatty()
    if limit is None and not show_all and is_for_a_look:
        return {"limit": _MOST_NOTABLE, "only_notable": True}
    return {"limit": limit, "only_notable": False}


def _finding_command(name: str, text: str) -> None:
    """Adds a command that prints the finding of its name, in the format of `views`."""

    def command(
        *,
        plan: OfPlan = None,
        limit: Limit = None,
        show_all: All = False,
        fail_on_any: FailOnAny = False,
        output: Output = Format.TABLE,
    ) -> None:
        from incorta_loads.analysis import findings, queries
        from incorta_loads.terminal import views
        from incorta_loads.warehouse import opening

        start()
        wanted = findings.Wanted(plan, **_shown(output, limit, show_all=show_all))
        with opening.reading() as connection:
            queries.require_plan(connection, plan)
            found = getattr(findings, name)(connection, wanted)
        getattr(views, f"show_{name}")(found.found, output)
        views.show_rest(found.found, found.total, output)
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
    query: Annotated[
        str | None,
        typer.Argument(metavar="QUERY", help="One SELECT statement; - reads standard input."),
    ] = None,
    *,
    file: Annotated[
        Path | None, typer.Option("--file", help="Read the statement from this file.")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            min=0, help="Maximum number of rows; 0 for all. A table has 40, csv and json all."
        ),
    ] = None,
    output: Output = Format.TABLE,
) -> None:
    """Run one read-only statement on the warehouse: tables in load_analysis and load_status."""
    from incorta_loads.analysis import ad_hoc
    from incorta_loads.terminal import printing
    from incorta_loads.warehouse import opening

    start()
    statement = _statement(query, file)
    if limit is None and output is Format.TABLE:
        limit = _ROWS_OF_SQL
    with opening.reading() as connection:
        found, total = ad_hoc.one_statement(connection, statement, limit=limit or None)
    printing.print_rows(found, output)
    if output is Format.TABLE:
        printing.print_rest(len(found.rows), total, remedy="--limit 0 for all")


def _statement(query: str | None, file: Path | None) -> str:
    """Returns the statement of `sql` from where it was given.

    Raises:
        ConfigurationError: it was given nowhere or twice, or the file cannot be read.
    """
    if (query is None) == (file is None):
        raise ConfigurationError("`sql` takes one statement: as QUERY, as --file FILE, or as -.")
    if file is None:
        return sys.stdin.read() if query == "-" else str(query)
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigurationError(f"The file {file} cannot be read: {reason}.") from None
