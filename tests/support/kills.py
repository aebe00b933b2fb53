"""Kills processes near their end, however long they take, while a reader reads."""

from __future__ import annotations

import random
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from support.patience import HANG_SECONDS


@dataclass
class Kills:
    """How many processes were killed and how many ended.

    Attributes:
        seconds: how long one takes at most, as far as was seen.
        draw: the source of random moments.
        killed, ended: the numbers.
    """

    seconds: float
    draw: random.Random = field(default_factory=lambda: random.Random(7))
    killed: int = 0
    ended: int = 0

    def let_run(self, process: subprocess.Popen[bytes]) -> None:
        """Lets the process run, and kills it unless it ends before a random moment."""
        begin = time.monotonic()
        with process:
            try:
                process.wait(self.draw.uniform(0.5, 1.1) * self.seconds)
                self.ended += 1
                self.seconds = time.monotonic() - begin
            except subprocess.TimeoutExpired:
                process.kill()
                self.killed += 1
                self.seconds *= 1.1


@contextmanager
def meanwhile(read: Callable[[], None]) -> Iterator[None]:
    """Calls a reader again and again in a thread until the context ends."""
    stop = threading.Event()

    def read_on() -> None:
        while not stop.is_set():
            read()

    reader = threading.Thread(target=read_on)
    reader.start()
    try:
        yield
    finally:
        stop.set()
        reader.join(HANG_SECONDS)
