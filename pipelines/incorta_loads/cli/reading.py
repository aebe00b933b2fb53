"""Defines the commands that read the warehouse.

Slow imports are inside the commands, so that `--help` responds at once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from incorta_loads.choices import MOST_ROWS, By, Format, Names, Sort, Wanted
from incorta_loads.cli.options import App, Output, start
from incorta_loads.cli.selection import selects_names, selects_place, selects_rows
from incorta_loads.errors import ConfigurationError

_ROWS_OF_SQL = 40

app = App()


@app.command()
@selects_rows
def failures(
    *,
    by: Annotated[By, typer.Option(help="Unit to count by.")] = By.TABLE,
    recent: Annotated[bool, typer.Option("--recent", help="Count only recent executions.")] = False,
    sort: Annotated[
        Sort,
        typer.Option(
            help="rate: by the lower end of the error rate's interval. rank: tables only, by "
            "worst_rank as in `health`. errors: by number of errors."
        ),
    ] = Sort.RATE,
    wanted: Wanted,
    output: Format,
) -> None:
    """Show failure rates with counts and 95 % intervals, worst first."""
    from incorta_loads.analysis import queries
    from incorta_loads.terminal import views
    from incorta_loads.warehouse import opening

    start()
    with opening.reading() as connection:
        found, names, total = queries.failure_rates(
            connection, by, wanted, recent=recent, sort=sort
        )
    if wanted.names.plan is not None and by is not By.PLAN:  # each row has that plan
        names = tuple(name for name in names if name != "load_plan")
    views.show_failure_rates(found, names, output, by=by, recent=recent)
    views.show_rest(found, total, wanted, output)


@app.command()
@selects_names
def backtest(
    *,
    setting: Annotated[
        str | None, typer.Option("--setting", help="Show only this setting.", metavar="NAME")
    ] = None,
    names: Names,
    output: Format,
) -> None:
    """Show what notifications would have been sent over this history, and what became of them.

    For each setting: how many, how many were confirmed by later runs, and how early they came.
    Without `analyze --backtest`, this is calculated now and may take a while.

    --plan: count the tables of this plan, with their runs in all plans.
    """
    from incorta_loads.analysis.backtest import backtest as messages_by_setting
    from incorta_loads.terminal import views
    from incorta_loads.warehouse import opening

    start()
    with opening.reading() as connection:
        found = messages_by_setting(connection, setting=setting, names=names)
    views.show_backtest(found, output)


@app.command()
@selects_place
def coverage(*, names: Names, output: Format) -> None:
    """Show which ids were requested, what came back and what is missing."""
    from incorta_loads.analysis import queries
    from incorta_loads.terminal import coverage_view
    from incorta_loads.warehouse import opening

    start()
    with opening.reading() as connection:
        found = queries.coverage(connection, names)
        statuses = queries.unknown_statuses(connection)
        types = queries.unknown_types(connection)
    coverage_view.show_coverage(found, statuses, types, output)


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
            min=0,
            max=MOST_ROWS,
            help="Maximum number of rows; 0 for all. A table has 40, csv and json all.",
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
