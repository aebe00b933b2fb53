"""Defines the commands: each parses its options, calls one function and prints.

Slow imports are inside the commands, so that `--help` responds at once.
"""

from __future__ import annotations

import math
from typing import Annotated

import typer

from incorta_loads import __version__
from incorta_loads.cli import details, findings, reading
from incorta_loads.cli.cluster_options import AllClusters, Cluster, Tenant, chosen_clusters
from incorta_loads.cli.options import App, Debug, Quiet, Verbose, start
from incorta_loads.cli.suggestions import Commands

NOT_ALL_LOADED = 3
"""Exit code if the run finished but some of the requested ids did not load."""

app = App(
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Show what fails in your Incorta load plans, how often and since when.\n\n"
    "Settings follow the rules of dlt: `SOURCES__INCORTA__CLUSTER_URL`, "
    "`SOURCES__INCORTA__TENANT` and `SOURCES__INCORTA__TOKEN` in the environment, or "
    "`[sources.incorta]` in `.dlt/config.toml` and `.dlt/secrets.toml`. The warehouse is "
    "`incorta_loads.duckdb` in the working directory, or where "
    "`DESTINATION__DUCKDB__CREDENTIALS` says. No cluster at hand? Try `incorta-loads simulate`.",
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
    """Options of all commands."""


Ids = Annotated[
    str | None,
    typer.Option(
        "--ids", help="Request exactly these ids, such as 1-500,720. Default: all that are due."
    ),
]


def _number(value: float) -> float:
    if math.isnan(value):  # NaN is neither below nor above a limit
        raise typer.BadParameter("must be a number of seconds, not NaN.")
    return value


@app.command()
def ingest(
    *, ids: Ids = None, every: AllClusters = False, cluster: Cluster = None, tenant: Tenant = None
) -> None:
    """Fetch executions from the cluster and load them into the warehouse.

    Without --ids: executions that may have changed, new ones, and ids that did not load before.
    Exit code 3 means that some ids did not load; the last lines on stderr say which and why.
    """
    from incorta_loads.cli import runs

    start()
    clusters = chosen_clusters(cluster, tenant, every=every, ids=ids)
    if not all(each.is_complete for each in runs.ingest(ids, clusters)):
        raise typer.Exit(NOT_ALL_LOADED)


@app.command()
def analyze(
    *,
    backtest: Annotated[
        bool,
        typer.Option(
            "--backtest",
            help="Also build what `backtest` shows, so that it is published and in the report.",
        ),
    ] = False,
    lake: Annotated[
        list[str] | None,
        typer.Option(
            metavar="DIR",
            help="Published directory whose lake to analyze without loading it; may be repeated.",
        ),
    ] = None,
    into: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="With --lake: file for the analysis. Default: the configured warehouse.",
        ),
    ] = None,
) -> None:
    """Build the SQL models: outcomes, failure rates, coverage.

    --lake analyzes the published executions of any number of warehouses. Other commands read the
    result if DESTINATION__DUCKDB__CREDENTIALS names the file of --into.
    """
    from incorta_loads.cli import runs
    from incorta_loads.errors import ConfigurationError

    start()
    if lake:
        runs.analyze_lakes(lake, into, backtest=backtest)
    elif into is not None:
        raise ConfigurationError("--into needs --lake: it is the file for an analysis of lakes.")
    else:
        runs.analyze(backtest=backtest)


@app.command()
def publish(
    directory: Annotated[
        str | None,
        typer.Argument(
            metavar="DIR",
            help="Directory or object storage (s3://…) to write. Default: the setting publish_dir, "
            "or `published`.",
        ),
    ] = None,
) -> None:
    """Update the files that BI tools read: snapshot, Parquet, report, manifest.

    Each file is replaced as a whole, so readers never see half a file. Unchanged files are not
    rewritten. Commands that find the warehouse in use read the snapshot instead.
    """
    from incorta_loads.cli import runs, summary

    start()
    summary.show_published(runs.publish(directory))


@app.command()
def run(
    *, ids: Ids = None, every: AllClusters = False, cluster: Cluster = None, tenant: Tenant = None
) -> None:
    """Ingest, analyze, notify and publish: the command for schedulers.

    Prints how many ids loaded, which tables broke, got worse or recovered since the last run,
    and where the files are. The exit code is that of the worst step.
    """
    from incorta_loads.cli import runs, summary

    start()
    done = runs.run(ids, chosen_clusters(cluster, tenant, every=every, ids=ids))
    summary.show_run(done)
    if done.worst_error is not None:
        raise done.worst_error
    if not all(each.is_complete for each in done.clusters):
        raise typer.Exit(NOT_ALL_LOADED)


app.add_typer(findings.app)
app.add_typer(details.app)
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
            help="Minimum seconds between a response and the next request.",
        ),
    ] = 15,
    timeout: Annotated[
        float,
        typer.Option(
            min=0.1,
            callback=_number,
            metavar="S",
            show_default="none",
            help="Stop with exit code 7 after this many seconds.",
        ),
    ] = math.inf,
    appear: Annotated[
        float,
        typer.Option(
            min=0,
            max=86_400,
            callback=_number,
            metavar="S",
            help="Seconds to wait for an execution that the cluster does not know yet.",
        ),
    ] = 60,
    cluster: Cluster = None,
    tenant: Tenant = None,
) -> None:
    """Follow one execution until it is final, then load it.

    Prints each status change with its time. Exit codes: 0 success, 5 finished with errors,
    6 failed, interrupted or otherwise unsuccessful, 7 not final within --timeout, 1 no such
    execution within --appear.
    """
    from incorta_loads.cli import watching
    from incorta_loads.endpoint.execution_ids import parse_id

    start()
    wanted = parse_id(execution_id)
    (settings,) = chosen_clusters(cluster, tenant, every=False)
    code = watching.watch(
        settings, wanted, every_seconds=every, timeout_seconds=timeout, appear_seconds=appear
    )
    raise typer.Exit(code)


@app.command()
def init(
    *,
    cluster_url: Annotated[
        str | None, typer.Option(help="URL of the cluster. Default: asked for.", metavar="URL")
    ] = None,
    tenant: Annotated[
        str | None, typer.Option(help="Name of the tenant. Default: asked for.", metavar="NAME")
    ] = None,
) -> None:
    """Set up a cluster: ask for URL, tenant and token, test them, and find which ids there are.

    Writes .dlt/config.toml and .dlt/secrets.toml, and never overwrites either. Without a terminal,
    the answers are lines of standard input.
    """
    from incorta_loads.cli import first_steps

    start()
    first_steps.set_up(cluster_url, tenant)


@app.command()
def check(*, every: AllClusters = False, cluster: Cluster = None, tenant: Tenant = None) -> None:
    """Test the cluster URL, the tenant and the token. Writes nothing."""
    from incorta_loads.cli import checking, summary

    redactor = start()
    found = checking.check(chosen_clusters(cluster, tenant, every=every), redactor)
    summary.show_checks(found)
    if any(each.restarted is not None for each in found):
        raise typer.Exit(NOT_ALL_LOADED)


@app.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
def simulate(
    command: Annotated[
        list[str] | None,
        typer.Argument(help="Command to run against the simulator, which stops afterwards."),
    ] = None,
    *,
    port: Annotated[
        int, typer.Option(help="Port to listen on; 0 chooses a free one.", min=0, max=65535)
    ] = 0,
    executions: Annotated[int, typer.Option(help="Number of executions.", min=1)] = 400,
    seed: Annotated[int, typer.Option(help="Seed of the history.")] = 1,
    state: Annotated[
        str | None,
        typer.Option(help="File that keeps the progress of running executions between starts."),
    ] = None,
    play: Annotated[
        int, typer.Option(help="Number of executions that begin and end while it runs.", min=0)
    ] = 0,
    truth: Annotated[
        bool, typer.Option("--truth", help="Print as JSON what is made to fail, then exit.")
    ] = False,
) -> None:
    """Start a simulated cluster on loopback, with a history whose failures are known."""
    from incorta_loads.cli import simulation

    start()
    code = simulation.simulate(
        command or [],
        port=port,
        executions=executions,
        seed=seed,
        state=state,
        play=play,
        truth=truth,
    )
    raise typer.Exit(code)
