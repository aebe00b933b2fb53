"""Runs the simulator, alone or for the duration of another command."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from incorta_loads.config.environment import environment_as_given
from incorta_loads.errors import ConfigurationError
from incorta_loads.terminal.printing import print_json, print_line
from incorta_simulator.company.company import Company
from incorta_simulator.server.serving import serve
from incorta_simulator.server.simulator import Simulator

logger = logging.getLogger(__name__)

TENANT = "demo"
PLAY_EVERY_SECONDS = 2
TOKEN = "simulator-token"  # noqa: S105 (guards nothing)


def simulate(
    command: Sequence[str],
    *,
    port: int,
    executions: int,
    seed: int,
    state: str | None,
    play: int,
    truth: bool,
) -> int:
    """Serves until a signal arrives or the command ends; returns the exit code."""
    company = Company(seed=seed, executions=executions)
    if truth:
        print_json(company.truth())
        return 0
    state_file = Path(state) if state else None
    try:
        simulator = Simulator(company, tenant=TENANT, token=TOKEN, port=port, state_file=state_file)
        company.play(play, every=PLAY_EVERY_SECONDS)
        if command:
            with simulator:
                return _run(command, simulator.url)
        serve(simulator, _announce)
    except OSError as error:
        if error.filename is not None:
            raise ConfigurationError(
                f"The file {error.filename} cannot be used ({error.strerror}); choose another "
                "--state."
            ) from None
        raise ConfigurationError(
            f"The simulator cannot listen on port {port} ({error.strerror}); choose another --port."
        ) from None
    return 0


def _environment(url: str) -> dict[str, str]:
    return {
        "SOURCES__INCORTA__CLUSTER_URL": url,
        "SOURCES__INCORTA__TENANT": TENANT,
        "SOURCES__INCORTA__TOKEN": TOKEN,
        "SOURCES__INCORTA__CLUSTER": "simulator",
    }


def _run(command: Sequence[str], url: str) -> int:
    try:
        environment = environment_as_given() | _environment(url)
        return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603 (the user's own words)
    except FileNotFoundError:
        raise ConfigurationError(f"The command '{command[0]}' was not found.") from None


def _announce(url: str) -> None:
    for name, setting in _environment(url).items():
        print_line(f"export {name}={setting}")
    sys.stdout.flush()
    logger.info("Serving; Ctrl-C ends it.")
