"""Sets up a project: asks for the cluster, writes the settings, and looks which ids there are."""

from __future__ import annotations

import sys

import typer

from incorta_loads.cli import checking, summary
from incorta_loads.config.lookup import read_settings_again
from incorta_loads.config.new_files import (
    CONFIG,
    SECRETS,
    remove_files,
    require_no_files,
    write_files,
)
from incorta_loads.config.secret_values import secret_values
from incorta_loads.config.settings import Settings, load_settings
from incorta_loads.endpoint.client import StatusClient
from incorta_loads.endpoint.probing import FoundIds, find_ids
from incorta_loads.errors import ConfigurationError, RunFailedError
from incorta_loads.redaction import Redactor
from incorta_loads.terminal.printing import print_line

_MOST_AT_FIRST = 500
"""The first run loads at most this many executions, the newest ones."""


def set_up(cluster_url: str | None, tenant: str | None) -> None:
    """Asks for what is not given, writes the settings, tests them, and says what to do next.

    Raises:
        ConfigurationError: the settings exist already, or an answer is missing or wrong.
        RunFailedError: the cluster gives no usable response; the settings are not kept.
    """
    directory = require_no_files()
    given = {
        "cluster_url": cluster_url or _answer("URL of the cluster"),
        "tenant": tenant or _answer("Tenant"),
        "token": _answer("Access token of Public API v2, not shown", is_secret=True),
    }
    settings = load_settings(given)
    write_files(
        directory, cluster_url=settings.cluster_url, tenant=settings.tenant, token=settings.token
    )
    read_settings_again()
    redactor = Redactor(secret_values())
    try:
        summary.show_checks(checking.check([settings], redactor))
        found = _found_ids(settings, redactor)
    except BaseException:
        remove_files(directory)  # so that `init` can be run again
        raise
    print_line(
        f"Wrote {directory / CONFIG} and {directory / SECRETS}; keep the second one private."
    )
    print_line(_in_words(found))
    print_line(f"Next: {_next(found, settings)}")


def _answer(question: str, *, is_secret: bool = False) -> str:
    if sys.stdin.isatty():
        return str(typer.prompt(question, hide_input=is_secret, err=True))
    if line := sys.stdin.readline().strip():
        return line
    raise ConfigurationError(f"`init` needs an answer: {question}; nothing was written.")


def _found_ids(settings: Settings, redactor: Redactor) -> FoundIds:
    client = StatusClient(settings, redactor)

    def exists(execution_id: int) -> bool:
        answer = client.fetch(execution_id)
        if answer.outcome == "unavailable":
            raise RunFailedError(
                f"The cluster gave no usable response for execution {execution_id}: "
                f"{answer.message}"
            )
        return answer.outcome != "not_found"

    try:
        return find_ids(exists)
    finally:
        client.close()


def _in_words(found: FoundIds) -> str:
    if found.lowest is None:
        return f"No execution was found with {found.requests} requests at doubling ids."
    return (
        f"Executions were found from id {found.lowest} to {found.highest}, with {found.requests} "
        "requests; some ids between them may be missing."
    )


def _next(found: FoundIds, settings: Settings) -> str:
    if found.lowest is None or found.highest is None:
        return "incorta-loads run --ids ID, with an id from the response that starts a load plan"
    are_few = found.highest < found.lowest + _MOST_AT_FIRST
    if are_few and found.lowest <= settings.first_id + settings.probe_gap:
        return "incorta-loads run"
    first = max(found.lowest, found.highest - _MOST_AT_FIRST + 1)
    return f"incorta-loads run --ids {first}-{found.highest}, then incorta-loads run on a schedule"
