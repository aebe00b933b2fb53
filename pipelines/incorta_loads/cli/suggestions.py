"""Suggests the command that was meant where another name was typed."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup
from typer.exceptions import TyperException

_MEANT = {
    "alerts": "changes",
    "backfill": "ingest",
    "broken": "health",
    "build": "analyze",
    "causes": "fix-first",
    "compare": "diff",
    "config": "init",
    "configure": "init",
    "conflict": "conflicts",
    "dashboard": "report",
    "demo": "simulate",
    "describe": "table",
    "errors": "failures",
    "execution": "show",
    "export": "publish",
    "fails": "failures",
    "fetch": "ingest",
    "fix": "fix-first",
    "follow": "watch",
    "gaps": "coverage",
    "get": "show",
    "html": "report",
    "incident": "incidents",
    "list": "executions",
    "load": "ingest",
    "log": "executions",
    "ls": "executions",
    "missing": "coverage",
    "duration": "durations",
    "times": "durations",
    "slow": "durations",
    "new": "changes",
    "ping": "check",
    "plans": "failures --by plan",
    "ps": "executions",
    "pull": "ingest",
    "query": "sql",
    "rates": "failures",
    "runs": "executions",
    "select": "sql",
    "setup": "init",
    "start": "run",
    "status": "health",
    "sync": "run",
    "tables": "health",
    "tail": "watch",
    "test": "check",
    "tree": "show",
    "trends": "regressions",
    "version": "--version",
    "worse": "regressions",
}
"""Name that people type → what they mean."""


class Commands(TyperGroup):
    """Suggests commands by what an unknown name means; Typer does so only by its letters."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Like Typer's, with another message for an unknown name."""
        try:
            return super().resolve_command(ctx, args)
        except TyperException as error:
            if meant := _MEANT.get(args[0].lower()):
                error.message = f"No such command {args[0]!r}. Did you mean {meant!r}?"
            raise
