"""The commands: parse, call one function, print.

Imports that cost time are made inside the commands, so that `--help` answers at once.
"""

from __future__ import annotations

import math
from typing import Annotated

import typer

from incorta_loads import __version__
from incorta_loads.cli import reading
from incorta_loads.cli.options import App, Debug, Quiet, Verbose, start

NOT_ALL_LOADED = 3
"""Exit code: the run finished, and some of the ids it asked for did not load."""

app = App(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="What fails in your Incorta load plans, how often, and since when.\n\n"
    "Configuration is dlt's: `SOURCES__INCORTA__CLUSTER_URL`, `SOURCES__INCORTA__TENANT` and "
    "`SOURCES__INCORTA__TOKEN` in the environment, or `[sources.incorta]` in `.dlt/config.toml` "
    "and `.dlt/secrets.toml`. The warehouse is `incorta_loads.duckdb` in the working directory, "
    "or where `DESTINATION__DUCKDB__CREDENTIALS` says. No cluster at hand? Try "
    "`incorta-loads simulate`.",
)


def _print_version(value: bool) -> None:  # noqa: FBT001
    if value:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def options(
    *,
    debug: Debug = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_print_version, help="Print the version."
        ),
    ] = False,
) -> None:
    """Options of every command."""


Ids = Annotated[
    str | None,
    typer.Option(
        "--ids", help="Exactly these execution ids, such as 1-500,720. Default: what is due."
    ),
]


def _number(value: float) -> float:
    if math.isnan(value):  # which is neither below nor above a limit
        raise typer.BadParameter("nan is no number of seconds.")
    return value


@app.command()
def ingest(*, ids: Ids = None, debug: Debug = False) -> None:
    """Fetch executions from the cluster and load them into the warehouse.

    Without --ids: executions that were not final, new ones, and ids that may have appeared since.
    Exit code 3 says that some ids did not load; the last lines on stderr say which and why.
    """
    from incorta_loads.cli import runs

    start()
    if not runs.ingest(ids).is_complete:
        raise typer.Exit(NOT_ALL_LOADED)


@app.command()
def analyze(*, debug: Debug = False) -> None:
    """Build the SQL models: outcomes, failure rates, coverage."""
    from incorta_loads.cli import runs

    start()
    runs.analyze()


@app.command()
def publish(
    directory: Annotated[
        str | None,
        typer.Argument(
            metavar="DIR", help="Where to. Default: the setting publish_dir, else `published`."
        ),
    ] = None,
    *,
    debug: Debug = False,
) -> None:
    """Bring the files that BI tools read up to date: snapshot, Parquet, manifest.

    Each file is replaced as a whole, so that readers never see half of one; what did not change is
    left alone. Commands that find the warehouse in use read the snapshot instead.
    """
    from incorta_loads.cli import runs, summary

    start()
    summary.show_published(runs.publish(directory))


@app.command()
def run(*, ids: Ids = None, debug: Debug = False) -> None:
    """Ingest, analyze, notify and publish: what a scheduler calls.

    Prints what became of the ids, what broke, got worse or is well again since the last run, and
    where the files are. The exit code is that of the worst part.
    """
    from incorta_loads.cli import runs, summary

    start()
    done = runs.run(ids)
    summary.show_run(done)
    if done.worst_error is not None:
        raise done.worst_error
    if done.ingested is not None and not done.ingested.is_complete:
        raise typer.Exit(NOT_ALL_LOADED)


app.add_typer(reading.app)


@app.command()
def watch(
    execution_id: Annotated[str, typer.Argument(metavar="ID", help="Execution id.")],
    *,
    every: Annotated[
        float,
        typer.Option(
            min=0.1,
            max=86_400,
            callback=_number,
            metavar="S",
            help="Seconds from an answer to the next question, at least.",
        ),
    ] = 15,
    timeout: Annotated[
        float,
        typer.Option(
            min=0.1,
            callback=_number,
            metavar="S",
            show_default="none",
            help="End with 7 after so many seconds.",
        ),
    ] = math.inf,
    appear: Annotated[
        float,
        typer.Option(
            min=0,
            max=86_400,
            callback=_number,
            metavar="S",
            help="Wait so many seconds for an execution that the cluster does not have yet.",
        ),
    ] = 60,
    debug: Debug = False,
) -> None:
    """Watch one execution until it is final, then load it.

    Prints each change of a status with its time. Exit codes: 0 success, 5 finished with errors,
    6 failed, interrupted or otherwise no success, 7 not final within --timeout, 1 no such
    execution within --appear.
    """
    from incorta_loads.cli import watching
    from incorta_loads.endpoint.execution_ids import parse_id

    start()
    wanted = parse_id(execution_id)
    code = watching.watch(
        wanted, every_seconds=every, timeout_seconds=timeout, appear_seconds=appear
    )
    raise typer.Exit(code)


@app.command()
def check(*, debug: Debug = False) -> None:
    """Try the configuration: the cluster, the tenant and the token. Writes nothing."""
    from incorta_loads.cli import runs, summary

    settings, answer, restarted = runs.check(start())
    summary.show_check(settings, answer, restarted)
    if restarted is not None:
        raise typer.Exit(NOT_ALL_LOADED)


@app.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
def simulate(
    command: Annotated[
        list[str] | None,
        typer.Argument(help="Run this command against the simulator, then stop it."),
    ] = None,
    *,
    port: Annotated[int, typer.Option(help="0: any free one.", min=0, max=65535)] = 0,
    executions: Annotated[int, typer.Option(help="How many there are.", min=1)] = 400,
    seed: Annotated[int, typer.Option(help="Another seed, another history.")] = 1,
    state: Annotated[
        str | None,
        typer.Option(help="File that keeps how far running executions are between two starts."),
    ] = None,
    truth: Annotated[
        bool, typer.Option("--truth", help="Print what is made to fail, as JSON, and end.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Start a cluster of one's own on loopback, with a history whose failures are known."""
    from incorta_loads.cli import simulation

    start()
    code = simulation.simulate(
        command or [], port=port, executions=executions, seed=seed, state=state, truth=truth
    )
    raise typer.Exit(code)
