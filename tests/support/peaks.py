"""The peak memory of a whole process."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

_LOOK_EVERY_SECONDS = 0.02


def peak_mib(process: subprocess.Popen[Any]) -> float:
    """Waits for the end of a process; its largest resident memory, in MiB (Linux: VmHWM).

    What `wait4` tells begins with the memory of the process that started it.
    """
    status = Path(f"/proc/{process.pid}/status")
    peak_kib = 0
    while True:
        # Until it is waited for, an ended process still has the file, without that line.
        lines = status.read_text().splitlines()
        found = [int(line.split()[1]) for line in lines if line.startswith("VmHWM:")]
        peak_kib = max([peak_kib, *found])
        try:
            process.wait(_LOOK_EVERY_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        return peak_kib / 1024
