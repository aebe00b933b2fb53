"""Shows a watched execution: as a live tree on a terminal, otherwise as a line for each change.

Changes are the result of the command and go to stdout; everything else goes to stderr. On a
terminal, changes are printed after the live tree ends, because they would break up its display.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from incorta_loads.analysis.pace import Pace
from incorta_loads.config.settings import Settings
from incorta_loads.ingest.polling import Screen
from incorta_loads.ingest.seen_tree import SeenTree
from incorta_loads.terminal.logs import may_draw
from incorta_loads.terminal.printing import can_show, print_line, printable
from incorta_loads.terminal.tree_view import clipped, in_words, legend, node_line, node_status
from incorta_loads.text import duration, in_utc, shortened
from incorta_loads.tree.changes import NodeChange, Status

logger = logging.getLogger(__name__)

_HEADING_LINES = 4
_MOST_PATH = 1_000


@contextmanager
def watch_shown(settings: Settings, execution_id: int, pace: Pace) -> Iterator[Screen]:
    """Yields a screen for the duration of watching.

    Args:
        settings: the cluster.
        execution_id: the watched execution.
        pace: what was known about its start and its plan before watching.
    """
    console = Console(stderr=True, highlight=False, markup=False, emoji=False)
    if not (may_draw() and sys.stdout.isatty()) or console.is_dumb_terminal:
        yield _Lines(pace)
        return
    screen = LiveTree(console, f"Execution {execution_id} of {_place(settings)}", pace)
    try:
        with Live(
            get_renderable=screen.frame,
            console=console,
            refresh_per_second=2,
            vertical_overflow="crop",
        ):
            yield screen
    finally:
        for line in screen.lines:
            print_line(line)


class _Lines:
    """Prints a line for each change immediately."""

    def __init__(self, pace: Pace) -> None:
        self._running = _Running(pace)
        self._is_first = True

    def saw(self, tree: SeenTree, changes: Sequence[NodeChange]) -> None:
        for line in _lines(tree, changes, is_first=self._is_first):
            print_line(line)
        running = self._running.in_words(tree)
        if running and self._is_first and not tree.is_final:
            print_line(f"{in_utc(tree.fetched_at)}  {_path(tree.root['path'])}  {running}")
        self._is_first = False

    def no_answer(self, since: datetime, reason: str) -> None:
        logger.warning("no response at %s (%s); still trying", in_utc(since), reason)

    def answers_again(self, silent_seconds: float) -> None:
        logger.warning("responding again after %s", duration(silent_seconds))

    def not_there_yet(self, at: datetime, patience_seconds: float) -> None:
        if self._running.missed is None:
            logger.info("%s", _not_there(patience_seconds))
        self._running.missed = at


class _Running:
    """How long the execution has been running, by what the warehouse and this process saw.

    Attributes:
        missed: the last look at which it was not there.
    """

    def __init__(self, pace: Pace) -> None:
        self.missed: datetime | None = None
        self._pace = pace
        self._seen: datetime | None = None

    def in_words(self, tree: SeenTree) -> str | None:
        """Returns how long it had been running at this tree; None if nothing is known."""
        self._seen = self._seen or tree.fetched_at
        plan = tree.root["name"] if tree.root["role"] == "load_plan" else None
        return self._pace.in_words(plan, tree.fetched_at, missed=self.missed, seen=self._seen)


class LiveTree:
    """The live display of the current tree; it collects the changes to print when it ends.

    Attributes:
        lines: lines of the changes so far.
    """

    def __init__(self, console: Console, title: str, pace: Pace) -> None:
        self.lines: list[str] = []
        self._running = _Running(pace)
        self._watched = ""
        self._console = console
        self._title = title
        self._began = time.monotonic()
        self._tree: SeenTree | None = None
        self._silence = ""
        self._absence = "requesting …"
        self._shown: tuple[SeenTree | None, int, list[Text]] = None, 0, []

    def saw(self, tree: SeenTree, changes: Sequence[NodeChange]) -> None:
        self.lines += _lines(tree, changes, is_first=self._tree is None)
        self._tree = tree
        running = None if tree.is_final else self._running.in_words(tree)
        self._watched = f"; {running}" if running else ""

    def no_answer(self, since: datetime, reason: str) -> None:
        self._silence = f"no response since {in_utc(since)} ({reason}); still trying"

    def answers_again(self, silent_seconds: float) -> None:  # noqa: ARG002 (its end shows)
        self._silence = ""

    def not_there_yet(self, at: datetime, patience_seconds: float) -> None:
        self._running.missed = at
        self._absence = _not_there(patience_seconds)

    def frame(self) -> Group:
        """Returns the current content of the screen."""
        tree, watched = self._tree, duration(time.monotonic() - self._began)
        if tree is None:
            return Group(_one_line(self._title, "bold"), _one_line(self._silence or self._absence))
        return Group(
            _one_line(f"{self._title}, as of {in_utc(tree.fetched_at)}", "bold"),
            _one_line(f"watched for {watched}{self._watched}"),
            _one_line(f"tables: {legend(tree.tables) or 'none'}"),
            *([_one_line(self._silence, "yellow")] if self._silence else []),
            *self._nodes(tree, max(1, self._console.height - _HEADING_LINES - 1)),
        )

    def _nodes(self, tree: SeenTree, most: int) -> list[Text]:
        """Returns the lines of the nodes, cached by tree and height because frames are frequent."""
        if self._shown[:2] != (tree, most):
            self._shown = tree, most, list(_node_lines(tree, most))
        return self._shown[2]


def _not_there(patience_seconds: float) -> str:
    return f"not there yet; it may take {duration(patience_seconds)} to appear (--appear)"


def _one_line(text: str, style: str = "") -> Text:
    return Text(printable(text), style, no_wrap=True, overflow="ellipsis")


def _node_lines(tree: SeenTree, most: int) -> Iterator[Text]:
    for row, hidden in clipped(tree.rows, most):
        line = node_line(row)
        line.no_wrap, line.overflow = True, "ellipsis"
        if hidden:
            line.append(f"  (and {in_words(hidden)})", "dim")
        yield line


def _lines(tree: SeenTree, changes: Sequence[NodeChange], *, is_first: bool) -> Iterator[str]:
    if is_first:
        counts = in_words(tree.tables) or "none"
        root = f"{_path(tree.root['path'])}  {node_status(tree.root)}"
        yield f"{in_utc(tree.fetched_at)}  {root} (first seen; tables: {counts})"
    yield from (change_line(tree.fetched_at, change) for change in changes)


def change_line(at: datetime, change: NodeChange) -> str:
    """Returns the line that shows a change, which was seen at this time.

    Example: `2026-11-24 19:20:05 UTC  /Plan/Group/Schema/table  In Queue → Running`.
    """
    arrow = "→" if can_show("→") else "->"
    before, after = _pair(change.before, change.after)
    what = {
        "changed": f"{before} {arrow} {after}",
        "appeared": f"new: {after}",
        "vanished": f"gone, was: {before}",
    }[change.kind]
    place = change.place
    number = f" [{place.occurrence + 1}]" if place.occurrence else ""
    return f"{in_utc(at)}  {_path(place.path)}{number}  {what}"


def _pair(before: Status | None, after: Status | None) -> tuple[str, str]:
    """Returns both statuses as text, with their states only if the statuses alone are equal."""
    with_state = before is not None and after is not None and before[1] == after[1]

    def words(status: Status | None) -> str:
        state, job = status or (None, None)
        text = printable(shortened(job or "no status"))
        return f"{text} ({printable(shortened(state or 'no state'))})" if with_state else text

    return words(before), words(after)


def _path(path: str) -> str:
    return printable(shortened(path, _MOST_PATH))


def _place(settings: Settings) -> str:
    return f"{settings.cluster}, tenant {settings.tenant}"
