"""The peak memory of a whole process."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

_LOOK_EVERY_SECONDS = 0.02


def peak_mib(process: subprocess.Popen[Any]) -> float:
    """Waits for the end of a process; returns its peak resident memory in MiB (Linux: VmHWM).

    The peak from `wait4` is not used, since it includes the memory of the parent process.
    """
    status = Path(f"/proc/{process.pid}/status")
    peak_kib = 0
    while True:
        # A process that ended but was not awaited has the file without this line.
        lines = status.read_text().splitlines()
        found = [int(line.split()[1]) for line in lines if line.startswith("VmHWM:")]
        peak_kib = max([peak_kib, *found])
        try:
            process.wait(_LOOK_EVERY_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        return peak_kib / 1024
