"""The points at which a run can be killed: file operations and statements that write."""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from crashes.snapshots import Directory, Snapshots

Observe = Callable[[str], None]

_MUTATING = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "shutil.rmtree")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_READS = re.compile(r"\s*(--.*\s*)?(SELECT|SET|WITH|DESCRIBE)\b", re.IGNORECASE)
_METHODS = ("execute", "begin", "commit", "rollback")


def watch(observe: Observe) -> None:
    """Calls `observe` before each file operation, and before and after each statement that writes.

    Points are serialized: while a statement runs or `observe` is called, other threads wait at
    their next point. Use it in a short-lived process only, since an audit hook cannot be removed.
    """
    lock = threading.RLock()
    observing = False

    def pass_by(what: str) -> None:
        nonlocal observing
        with lock:
            if observing:  # operations of the observer itself are not points
                return
            observing = True
            try:
                observe(what)
            finally:
                observing = False

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _MUTATING or (event == "open" and _is_writing(arguments[1], arguments[2])):
            pass_by(f"{event} {arguments[0]}")

    for name in _METHODS:
        setattr(duckdb.DuckDBPyConnection, name, _passing(name, pass_by, lock))
    sys.addaudithook(hook)


def _is_writing(mode: str | None, flags: int) -> bool:
    return bool(set(mode) & set("wax+")) if mode is not None else bool(flags & _WRITING)


def _passing(name: str, pass_by: Observe, lock: threading.RLock) -> Callable[..., Any]:
    original = getattr(duckdb.DuckDBPyConnection, name)

    def method(self: duckdb.DuckDBPyConnection, *args: Any, **kwargs: Any) -> Any:
        with lock:
            text = str(args[0]).strip() if args else name
            if name == "execute" and _READS.match(text):
                # Reading changes nothing since the previous point.
                return original(self, *args, **kwargs)
            result = None
            for step in _steps(self, name, args):
                what = " ".join(str(step[0]).split())[:60] if step else name
                pass_by(f"before {what}")
                result = original(self, *step, **kwargs)
            pass_by(f"after {what}")
            return result

    return method


def _steps(
    connection: duckdb.DuckDBPyConnection, name: str, args: tuple[Any, ...]
) -> list[tuple[Any, ...]]:
    """The statements of a script, each as the arguments of a separate call.

    Outside of a transaction each statement commits, so there is a point between two of them.
    """
    if name != "execute" or any(args[1:]):
        return [args]
    return [(statement.query,) for statement in connection.extract_statements(args[0])]


@dataclass
class Recorder:
    """Records the files that a kill would leave at each point, without killing.

    After `kill -9`, everything that the process has passed to the system is kept, so the files have
    the same contents as at the point itself.

    Attributes:
        home: the directory whose files are recorded.
        snapshots: the store of their contents.
        seen: the operation at each point, and the files that a kill would leave.
    """

    home: Path
    snapshots: Snapshots
    seen: list[tuple[str, Directory]] = field(default_factory=list)

    def __call__(self, what: str) -> None:
        self.seen.append((what, self.snapshots.take(self.home)))


@dataclass
class Killer:
    """Kills its process at one point.

    Attributes:
        fatal: the number of the point.
        last_look: a function called right before the kill.
    """

    fatal: int
    last_look: Callable[[], None] = lambda: None
    passed: int = 0

    def __call__(self, _what: str) -> None:
        if self.passed == self.fatal:
            self.last_look()
            os.kill(os.getpid(), signal.SIGKILL)
        self.passed += 1
