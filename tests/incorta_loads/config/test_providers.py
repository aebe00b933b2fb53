"""Settings are read from dlt's configuration files without importing dlt."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

# dlt finds its files in a separate process, since it reads some variables when it is imported.
SEARCHED = """
import json, os, sys
os.geteuid = lambda: int(sys.argv[2])
if sys.argv[1] == "dlt":
    from dlt.common.runtime.run_context import RunContext, DOT_DLT
    from pathlib import Path
    context = RunContext(None)
    found = [Path(context.settings_dir), Path(context.global_dir)]
else:
    from incorta_loads.config.providers import settings_providers
    found = [path.parent for path in settings_providers()[1]._paths]
    assert not any(name.split(".")[0] == "dlt" for name in sys.modules)
print(json.dumps([str(path) for path in found]))
"""


def searched(whose: str, home: Path, variables: dict[str, str], user: int) -> list[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": "/tmp"} | variables
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SEARCHED, whose, str(user)],
        env=environment,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("user", [0, 1000], ids=["root", "somebody"])
@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"DLT_PROJECT_DIR": "/elsewhere"},
        {"DLT_CONFIG_FOLDER": ".settings"},
        {"XDG_DATA_HOME": "/data"},
        {"XDG_DATA_HOME": "/data", "DLT_CONFIG_FOLDER": "there"},
        {"HOME": "/nowhere"},
    ],
    ids=lambda variables: ",".join(variables) or "nothing set",
)
def test_the_searched_files_are_those_of_dlt(
    tmp_path: Path, variables: dict[str, str], user: int
) -> None:
    """This holds for any user and for any variables that move dlt's files."""
    home = tmp_path / "home"
    (home / "there").mkdir(parents=True)
    assert searched("ours", home, variables, user) == searched("dlt", home, variables, user)
