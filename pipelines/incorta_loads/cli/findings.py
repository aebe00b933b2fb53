"""Defines the commands that print the rows of one mart, some with an exit code for schedulers.

Slow imports are inside the commands, so that `--help` responds at once.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from incorta_loads.choices import Format, SortDurations, Timed, Wanted
from incorta_loads.cli.options import App, start
from incorta_loads.cli.selection import selects_rows

if TYPE_CHECKING:
    from incorta_loads.analysis.findings import Findings

logger = logging.getLogger(__name__)

FOUND = 4
"""Exit code if --fail-on-any was given and its condition holds."""

app = App()

FailOnAny = Annotated[
    bool,
    typer.Option("--fail-on-any", help="Exit with 4 if the condition holds now."),
]


def _show(name: str, wanted: Wanted, output: Format) -> Findings:
    """Reads the finding of this name and prints it in the format of `views`."""
    from incorta_loads.analysis import findings
    from incorta_loads.terminal import views
    from incorta_loads.warehouse import opening

    start()
    with opening.reading() as connection:
        found: Findings = getattr(findings, name)(connection, wanted)
    getattr(views, f"show_{name}")(found.found, output)
    views.show_rest(found.found, found.total, wanted, output)
    return found


def _finding_command(name: str, text: str, *, has_shelf: bool = False) -> None:
    """Adds a command that prints the finding of its name.

    Args:
        name: name of the finding.
        text: help of the command.
        has_shelf: whether a table never has the other rows unless --all is given, not even in a
            pipe.
    """

    @selects_rows
    def command(*, wanted: Wanted, output: Format, fail_on_any: FailOnAny = False) -> None:
        if has_shelf and output is Format.TABLE:
            wanted = replace(wanted, only_notable=not wanted.show_all)
        found = _show(name, wanted, output)
        _fail_on_any(found, fail_on_any=fail_on_any)

    app.command(name.replace("_", "-"), help=text)(command)


def _fail_on_any(found: Findings, *, fail_on_any: bool) -> None:
    """Exits with 4 if that was asked for and there are current rows, shown or not."""
    if fail_on_any and found.now:
        logger.warning(
            "Currently %s: %d; exit code 4 because of --fail-on-any.", found.what, found.now
        )
        raise typer.Exit(FOUND)


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
    "A table has the causes that still fail and once worked; --all adds the others.\n\n"
    "--fail-on-any: an error originated in the newest final execution of a plan. --plan: show the "
    "causes of this plan, with the executions of all plans.",
    has_shelf=True,
)


@app.command()
@selects_rows
def incidents(
    incident: Annotated[
        str | None,
        typer.Argument(metavar="ID", help="Show the tables of this incident.", show_default=False),
    ] = None,
    *,
    only_open: Annotated[
        bool, typer.Option("--open", help="Show only incidents, or tables, still in error.")
    ] = False,
    fail_on_any: FailOnAny = False,
    wanted: Wanted,
    output: Format,
) -> None:
    """Show which tables broke together, so that one cause is likely; open incidents first.

    --fail-on-any: an incident is open. --plan: show incidents whose first errors were in this plan.
    """
    if incident is not None:
        _show_incident(incident, replace(wanted, only_now=only_open), output)
        return
    found = _show("incidents", replace(wanted, only_now=only_open), output)
    _fail_on_any(found, fail_on_any=fail_on_any)


def _show_incident(incident: str, wanted: Wanted, output: Format) -> None:
    """Prints the tables of an incident."""
    from incorta_loads.analysis import findings
    from incorta_loads.endpoint.execution_ids import parse_id
    from incorta_loads.terminal import views
    from incorta_loads.warehouse import opening

    start()
    execution_id = parse_id(incident)
    with opening.reading() as connection:
        tables, total = findings.incident_tables(connection, execution_id, wanted)
    views.show_incident_tables(execution_id, tables, output)
    views.show_rest(tables, total, wanted, output)


@app.command()
@selects_rows
def executions(*, wanted: Wanted, output: Format) -> None:
    """Show how each execution ended, newest first."""
    _show("executions", wanted, output)


@app.command()
@selects_rows
def durations(
    *,
    by: Annotated[Timed, typer.Option(help="Unit whose durations to show.")] = Timed.PLAN,
    sort: Annotated[
        SortDurations,
        typer.Option(help="longest: by the median. slower: by how much slower the last run was."),
    ] = SortDurations.LONGEST,
    fail_on_any: FailOnAny = False,
    wanted: Wanted,
    output: Format,
) -> None:
    """Show how long load plans or tables take, as far as it was seen.

    --fail-on-any: the last run of one was slower than 90 % of those before, for certain.
    """
    from incorta_loads.analysis import findings
    from incorta_loads.terminal import views
    from incorta_loads.warehouse import opening

    start()
    with opening.reading() as connection:
        found = findings.durations(connection, wanted, by=by, sort=sort)
        known, total = findings.known_times(connection, wanted, by=by)
    views.show_durations(found.found, output, by=by)
    views.show_rest(found.found, found.total, wanted, output)
    of = "execution" if by is Timed.PLAN else "run"
    views.show_known_times(known, total, output, of=of, counts_some=True)
    _fail_on_any(found, fail_on_any=fail_on_any)
