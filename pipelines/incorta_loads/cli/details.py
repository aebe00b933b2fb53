"""Defines the commands that look closely: at one execution, one table, or what changed.

Slow imports are inside the commands, so that `--help` responds at once.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from incorta_loads.choices import MOST_ROWS, Format, Names, Wanted
from incorta_loads.cli.options import App, start
from incorta_loads.cli.selection import selects_place, selects_rows

app = App()


@app.command()
@selects_place
def show(
    execution: Annotated[
        str,
        typer.Argument(
            metavar="ID|last|PLAN",
            help="Execution id; `last` or a load plan for its newest execution.",
        ),
    ],
    *,
    failed: Annotated[
        bool, typer.Option("--failed", help="Show only the branches that failed.")
    ] = False,
    names: Names,
    output: Format,
) -> None:
    """Print the status tree of one execution; --format json prints it as received."""
    from incorta_loads.analysis import queries
    from incorta_loads.analysis.outcomes import StatusOutcomes
    from incorta_loads.endpoint.execution_ids import is_id, parse_id
    from incorta_loads.terminal import execution_view
    from incorta_loads.warehouse import opening

    start()
    wanted = parse_id(execution) if is_id(execution) else execution
    outcomes = StatusOutcomes.configured()
    with opening.reading() as connection:
        nodes = queries.execution_nodes(
            connection, wanted, names=names, failed=failed, outcome_of=outcomes.of
        )
    execution_view.show_execution(execution, nodes, output)


_LastRuns = Annotated[int, typer.Option(min=1, max=MOST_ROWS, help="Number of last runs.")]


@app.command()
@selects_place
def table(
    name: Annotated[
        str, typer.Argument(metavar="SCHEMA.TABLE", help="Name of a table, with its schema or not.")
    ],
    *,
    limit: _LastRuns = 20,
    names: Names,
    output: Format,
) -> None:
    """Show what is known of one table: state, rates, episodes, plans, and its last runs.

    --format csv has its last runs, --format json everything.
    """
    from incorta_loads.analysis.table_card import table_cards
    from incorta_loads.terminal import table_card_view
    from incorta_loads.warehouse import opening

    start()
    with opening.reading() as connection:
        cards = table_cards(connection, replace(names, table=name), runs=limit)
    table_card_view.show_table_cards(cards, output)


@app.command()
@selects_place
def history(
    name: Annotated[
        str, typer.Argument(metavar="PLAN|SCHEMA.TABLE", help="Name of a load plan or a table.")
    ],
    *,
    limit: _LastRuns = 20,
    names: Names,
    output: Format,
) -> None:
    """Show the last runs of one load plan or table: when each ended and how long it took.

    Above them is what else is known of it. --format csv has the runs, --format json everything.
    """
    from incorta_loads.analysis.names import is_plan
    from incorta_loads.analysis.plan_card import plan_cards
    from incorta_loads.analysis.table_card import table_cards
    from incorta_loads.terminal.plan_card_view import show_plan_cards
    from incorta_loads.terminal.table_card_view import show_table_cards
    from incorta_loads.warehouse import opening

    start()
    with opening.reading() as connection:
        if is_plan(connection, name):
            plans = plan_cards(connection, replace(names, plan=name), runs=limit)
            show_plan_cards(plans, output)
        else:
            tables = table_cards(connection, replace(names, table=name), runs=limit)
            show_table_cards(tables, output)


@app.command()
@selects_rows
def diff(
    executions: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ID ID|PLAN",
            help="Two executions; or a load plan, for its last two final ones.",
            show_default=False,
        ),
    ] = None,
    *,
    wanted: Wanted,
    output: Format,
) -> None:
    """Show what changed its outcome, appeared or vanished from one execution to another."""
    from incorta_loads.analysis import comparison
    from incorta_loads.endpoint.execution_ids import is_id, parse_id
    from incorta_loads.errors import ConfigurationError
    from incorta_loads.terminal import execution_view, views
    from incorta_loads.warehouse import opening

    start()
    names, given = wanted.names, executions or []
    if len(given) == 1 and not is_id(given[0]) and names.plan is None:
        names, given = replace(names, plan=given[0]), []
    ids = tuple(map(parse_id, given))
    if len(set(ids)) != (0 if names.plan else 2):
        raise ConfigurationError("`diff` takes two different execution ids, or one load plan.")
    with opening.reading() as connection:
        pair = comparison.pair_of(connection, names, ids)
        found, total = comparison.differences(connection, pair, wanted)
    is_of_names = names.schema is not None or names.table is not None
    execution_view.show_differences(pair, found, total, output, is_of_names=is_of_names)
    views.show_rest(found, total, wanted, output)


@app.command()
@selects_rows
def changes(
    *,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="ID",
            show_default="the newest execution before the last run",
            help="Show what happened after this execution.",
        ),
    ] = None,
    wanted: Wanted,
    output: Format,
) -> None:
    """Show which tables broke, got worse or recovered since an execution, newest first."""
    from incorta_loads.analysis import comparison
    from incorta_loads.endpoint.execution_ids import parse_id
    from incorta_loads.terminal import views
    from incorta_loads.warehouse import opening

    start()
    after = None if since is None else parse_id(since)
    with opening.reading() as connection:
        found, total = comparison.changes(connection, wanted, after)
    views.show_changes(found, output)
    views.show_rest(found, total, wanted, output)


@app.command()
def report(
    *,
    browse: Annotated[
        bool, typer.Option("--open", help="Open it in the browser of this machine.")
    ] = False,
) -> None:
    """Print where the last published report is; --open opens it."""
    from incorta_loads.config.paths import publication_target
    from incorta_loads.errors import WarehouseError
    from incorta_loads.publication.report.page import REPORT
    from incorta_loads.terminal.printing import print_line

    start()
    directory, _ = publication_target()
    path = directory / REPORT
    if not path.is_file():
        raise WarehouseError(f"There is no report at {path}; run incorta-loads publish first.")
    print_line(str(path))
    if browse:
        typer.launch(path.as_uri())
