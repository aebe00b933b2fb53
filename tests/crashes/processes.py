"""Runs actions in forked processes with all imports done, which saves a second each."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import Any, TypeVar

S = TypeVar("S")
T = TypeVar("T")

# The server has one thread and opens no files, so forking is safe. It can import installed packages
# only; each process imports the modules of the tests, which is fast.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    [
        "__main__",
        "dlt.destinations.impl.duckdb.factory",
        "incorta_loads.ingest.run",
        "incorta_loads.warehouse.resources",
        "pandas",
    ]
)


class FailedError(Exception):
    """The action raised an error; contains its text."""


def in_process(action: Callable[..., T], *arguments: Any, **named: Any) -> T | None:
    """Runs the action in a process; returns its result, or None if the process was killed.

    Raises:
        FailedError: if the action raised an error.
    """
    receiver, sender = _CONTEXT.Pipe(duplex=False)
    with receiver:
        with sender:
            process = _CONTEXT.Process(target=_send, args=(sender, action, arguments, named))
            process.start()
        try:
            failure, returned = receiver.recv()
        except EOFError:
            failure, returned = None, None
    process.join()
    process.close()
    if failure is not None:
        raise FailedError(failure)
    return returned  # type: ignore[no-any-return]


def in_parallel(action: Callable[[int, S], T], every: Iterable[S]) -> list[T]:
    """The results of the action for each number and value, with one thread per core."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda numbered: action(*numbered), enumerate(every)))


def _send(sender: Connection, action: Callable[..., Any], arguments: Any, named: Any) -> None:
    answer: tuple[str | None, Any]
    try:
        answer = (None, action(*arguments, **named))
    except Exception as error:  # noqa: BLE001 (whatever it is, the other side raises it)
        answer = (f"{type(error).__name__}: {error}", None)
    sender.send(answer)
