"""Kills processes near their end, however long they take on this machine."""

from __future__ import annotations

import random
import subprocess
import time
from dataclasses import dataclass, field


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
