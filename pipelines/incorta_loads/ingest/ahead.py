"""Prepares the next batch while the current one is loaded."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor

from incorta_loads.base_tables import Batch


def one_ahead(batches: Iterator[Batch], stopping: threading.Event) -> Generator[Batch]:
    """Yields the batches; a thread prepares one batch ahead, no more, to limit the memory.

    Args:
        batches: an iterator that fetches; only that thread uses it.
        stopping: set if the consumer ends early, so that no further id is requested.

    Raises:
        Exception: whatever `batches` raises, after all batches before it.
    """
    with ThreadPoolExecutor(1, "ahead") as pool:
        try:
            upcoming = pool.submit(next, batches, None)
            while (batch := upcoming.result()) is not None:
                upcoming = pool.submit(next, batches, None)
                yield batch
                del batch  # free it before the next one is taken
        except GeneratorExit:
            stopping.set()
            raise
