"""Actions in processes of their own that have everything imported, which saves a second each."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import Any, TypeVar

S = TypeVar("S")
T = TypeVar("T")

# The server has one thread and opens nothing, so its forks are sound. It finds what is installed
# only: the modules of the tests are for each process to import, which takes no time.
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
    """The action raised; its text."""


def apart(action: Callable[..., T], *arguments: Any, **named: Any) -> T | None:
    """What the action returns; None when its process was killed.

    Raises:
        FailedError: the action raised.
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


def at_once(action: Callable[[int, S], T], every: Iterable[S]) -> list[T]:
    """The action for each number and value, on as many threads as there are cores."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda numbered: action(*numbered), enumerate(every)))


def _send(sender: Connection, action: Callable[..., Any], arguments: Any, named: Any) -> None:
    answer: tuple[str | None, Any]
    try:
        answer = (None, action(*arguments, **named))
    except Exception as error:  # noqa: BLE001 (whatever it is, the other side raises it)
        answer = (f"{type(error).__name__}: {error}", None)
    sender.send(answer)
