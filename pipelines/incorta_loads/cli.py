"""The commands: parse, call one function, print.

Imports that cost time are made inside the commands, so that `--help` answers at once.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.exceptions import TyperException

from incorta_loads import __version__
from incorta_loads.choices import By, Format, Sort
from incorta_loads.errors import IncortaLoadsError

if TYPE_CHECKING:
    from incorta_loads.redaction import Redactor

app = typer.Typer(
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

_debug = False


def _set_debug(value: bool) -> None:  # noqa: FBT001 (the shape of a Typer callback)
    global _debug  # noqa: PLW0603 (one switch for the process)
    _debug = _debug or value


def _print_version(value: bool) -> None:  # noqa: FBT001
    if value:
        typer.echo(__version__)
        raise typer.Exit


Debug = Annotated[
    bool,
    typer.Option("--debug", callback=_set_debug, help="Log everything, and show tracebacks."),
]
Output = Annotated[
    Format, typer.Option("--format", help="A table for people; csv and json for programs.")
]


@app.callback()
def options(
    *,
    debug: Debug = False,
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


@app.command()
def ingest(*, ids: Ids = None, debug: Debug = False) -> None:
    """Fetch executions from the cluster and load them into the warehouse.

    Without --ids: executions that were not final, new ones, and ids that may have appeared since.
    Exit code 3 says that some ids did not load; the last lines on stderr say which and why.
    """
    from incorta_loads import runs

    _start()
    raise typer.Exit(runs.ingest(ids))


@app.command()
def analyze(*, debug: Debug = False) -> None:
    """Build the SQL models: outcomes, failure rates, coverage."""
    from incorta_loads import runs

    _start()
    runs.analyze()


@app.command()
def run(*, ids: Ids = None, debug: Debug = False) -> None:
    """Ingest and analyze: what a scheduler calls."""
    from incorta_loads import runs

    _start()
    raise typer.Exit(runs.run(ids))


@app.command()
def failures(
    *,
    by: Annotated[By, typer.Option(help="What to count by.")] = By.TABLE,
    plan: Annotated[str | None, typer.Option(help="Only runs of this load plan.")] = None,
    recent: Annotated[bool, typer.Option("--recent", help="Only recent executions.")] = False,
    sort: Annotated[
        Sort, typer.Option(help="rate: lower end of the interval of the error rate. errors: count.")
    ] = Sort.RATE,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many rows.")] = None,
    output: Output = Format.TABLE,
    debug: Debug = False,
) -> None:
    """Failure rates with their counts and 95 % intervals, worst first."""
    from incorta_loads import database, queries, views

    _start()
    with database.reading() as connection:
        found, names = queries.failure_rates(
            connection, by, plan=plan, recent=recent, sort=sort, limit=limit
        )
    views.show_failure_rates(found, names, output, by=by, recent=recent)


@app.command()
def coverage(*, output: Output = Format.TABLE, debug: Debug = False) -> None:
    """What was asked for and what came back: how much of the truth the figures cover."""
    from incorta_loads import database, queries, views

    _start()
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

    _start()
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
    from incorta_loads import database, printing, queries

    _start()
    with database.reading() as connection:
        found = queries.one_statement(connection, query)
    printing.print_rows(found, output)


@app.command()
def check(*, debug: Debug = False) -> None:
    """Try the configuration: the cluster, the tenant and the token. Writes nothing."""
    from incorta_loads import runs, views

    settings, answer = runs.check(_start())
    views.show_check(settings, answer)


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
    from incorta_loads import simulation

    _start()
    code = simulation.simulate(
        command or [], port=port, executions=executions, seed=seed, state=state, truth=truth
    )
    raise typer.Exit(code)


def _start() -> Redactor:
    """What every command does first: no telemetry, and logs without secrets."""
    from incorta_loads.logs import set_up_logs, turn_telemetry_off
    from incorta_loads.redaction import Redactor
    from incorta_loads.settings import secret_values

    turn_telemetry_off()
    redactor = Redactor(secret_values())
    set_up_logs(redactor, debug=_debug)
    return redactor


def main(arguments: list[str] | None = None) -> None:
    """The command `incorta-loads`; ends the process with the exit code of the design."""
    # Closed by whoever started it: what would be said is said to nobody.
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115, PTH123
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115, PTH123
    sys.exit(_exit_code(sys.argv[1:] if arguments is None else arguments))


def _exit_code(arguments: list[str]) -> int:
    try:
        code = app(arguments, prog_name="incorta-loads", standalone_mode=False)
        sys.stdout.flush()
    except IncortaLoadsError as error:
        return _fail(error, str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return _fail(None, "Interrupted.", 130)
    except TyperException as error:
        context: Any = getattr(error, "ctx", None)
        path = context.command_path if context else "incorta-loads"
        if not (text := error.format_message().rstrip(".")):
            return error.exit_code  # no command at all: the help was printed
        return _fail(None, f"{text}; try '{path} --help'.", error.exit_code)
    except (BrokenPipeError, SystemExit) as error:
        # Typer makes a closed pipe an exit with 1, which would say that the run failed.
        if not isinstance(error.__context__ or error, BrokenPipeError):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 128 + signal.SIGPIPE
    except OSError as error:
        return _fail(error, f"The system refused: {error}; nothing else is known.", 1)
    except Exception as error:  # noqa: BLE001 (the last door: one sentence, not a traceback)
        text = (
            f"Internal error ({type(error).__name__}: {error}); run again with --debug, and report"
        )
        return _fail(error, f"{text} what it prints.", 1)
    return code if isinstance(code, int) else 0


def _fail(error: Exception | None, text: str, exit_code: int) -> int:
    from incorta_loads.redaction import Redactor
    from incorta_loads.settings import secret_values

    redact = Redactor(secret_values()).clean_text
    if _debug and error is not None:
        sys.stderr.write(redact("".join(traceback.format_exception(error))))
    sys.stderr.write(redact(f"Error: {text}\n"))
    return exit_code
