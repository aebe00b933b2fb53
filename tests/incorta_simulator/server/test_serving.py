from __future__ import annotations

import json
import signal
import subprocess
import sys
from http.client import HTTPConnection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from support.patience import HANG_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """
import sys
from functools import partial
from pathlib import Path
from incorta_simulator.company.company import Company
from incorta_simulator.server.simulator import Simulator
from incorta_simulator.server.serving import serve

simulator = Simulator(Company(executions=1), state_file=Path(sys.argv[1]))
sys.exit(serve(simulator, partial(print, flush=True)))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_server_runs_until_a_signal(number: signal.Signals, tmp_path: Path) -> None:
    """It prints its URL and responds; on either signal it saves its state and ends."""
    state_file = tmp_path / "state.json"
    command = [sys.executable, "-c", PROGRAM, str(state_file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = urlsplit(process.stdout.readline().strip())
        connection = HTTPConnection(str(url.hostname), url.port, timeout=HANG_SECONDS)
        path = f"{url.path}/api/v2/demo/load-plan/status/1"
        connection.request("GET", path, headers={"Authorization": "Bearer simulator-token"})
        status = connection.getresponse().status
        process.send_signal(number)
        returned = process.wait(timeout=HANG_SECONDS)
        connection.close()

    assert (status, returned) == (200, number)
    assert json.loads(state_file.read_text(encoding="utf-8"))["answers"] == {"1": 1}
