"""The wheel works in another environment, and `make run` in a fresh checkout."""

from __future__ import annotations

import re
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from incorta_simulator.server.simulator import Simulator
from journeys.shell import CHECKOUT, User, make_run, shell

USERS_SCRIPT = """
import dlt
from incorta_loads import incorta_load_status

pipeline = dlt.pipeline("mine", destination="duckdb")
reveal_type(incorta_load_status(ids="1-5"))
"""

OWN_TYPES_ONLY = """
[mypy]
follow_imports = skip
[mypy-incorta_loads]
follow_imports = normal
[mypy-incorta_loads.source]
follow_imports = normal
"""


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files known to git, including uncommitted changes, as in a fresh checkout."""
    directory = tmp_path_factory.mktemp("clone")
    names = shell("git", "ls-files", "--cached", "--others", "--exclude-standard", cwd=CHECKOUT)
    for name in names.splitlines():
        source, target = CHECKOUT / name, directory / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
            target.chmod(source.stat().st_mode)
    return directory


def test_the_wheel_works_in_an_environment_of_its_own(
    clone: Path, tmp_path: Path, user: User, simulator: Simulator, request: pytest.FixtureRequest
) -> None:
    """The wheel is built from the clone and installed elsewhere; `run` finds the SQL project."""
    shell(
        sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation",
        "--wheel-dir", tmp_path, clone, cwd=tmp_path,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("incorta_loads-*.whl")
    home = tmp_path / "elsewhere"
    venv.create(home)
    python = home / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python)
    if request.config.getoption("--full"):
        requirements = str(clone / "requirements" / "runtime.txt")
        shell(*pip, "install", "--require-hashes", "-r", requirements, cwd=tmp_path)
    else:  # uses this environment's packages; the program itself comes from the wheel
        (there,) = (home / "lib").glob("python3.*/site-packages")
        (there / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    shell(*pip, "install", "--quiet", "--no-deps", wheel, cwd=tmp_path)
    where = shell(python, "-c", "import incorta_loads; print(incorta_loads.__file__)", cwd=tmp_path)
    assert where.startswith(str(home))
    command = home / "bin" / "incorta-loads"
    environment = user.environment
    shell(command, "run", cwd=user.home, **environment)
    printed = shell(python, "-m", "incorta_loads", "failures", cwd=user.home, **environment)
    assert printed.startswith("Failure rates by table")
    script = tmp_path / "mine.py"
    script.write_text(USERS_SCRIPT)
    revealed = "dlt.extract.source.DltSource"
    # mypy takes a minute for the types of dlt and pandas.
    if not request.config.getoption("--full"):
        (tmp_path / "mypy.ini").write_text(OWN_TYPES_ONLY)
        revealed = "Any"
    mypy = (sys.executable, "-m", "mypy", "--strict", "--python-executable", python)
    checked = shell(*mypy, script, cwd=tmp_path)
    assert f'mine.py:6: note: Revealed type is "{revealed}"' in checked


def test_make_run_shows_all_steps_and_then_only_changes(tmp_path: Path) -> None:
    """The first command of the README is run twice; the second run needs few requests.

    Executions that begin and end meanwhile are looked at, so that some durations are known.
    """
    demo = make_run(tmp_path)
    for title in ("Failure rates by schema", "Failure rates by table", "Durations by plan"):
        assert re.search(rf"^{title}$", demo.printed, re.MULTILINE)
    assert re.search(
        r"^Durations are known of [1-9]\d* of 40\d executions\.$", demo.printed, re.MULTILINE
    )
    assert re.search(r"Looked for executions up to id \d+\.", demo.printed)
    assert f"The warehouse is {demo.warehouse}" in demo.printed
    again = make_run(tmp_path)
    [requested] = re.findall(r"^Requested: (\d+) ids", again.printed, re.MULTILINE)[:1]
    assert int(requested) < 100
    assert re.search(
        r"^\d+ ids requested: 41\d loaded, \d+ not_found\.$", again.printed, re.MULTILINE
    )


def test_make_help_lists_every_public_target() -> None:
    """Each target has one sentence."""
    text = shell("make", "--no-print-directory", "help", cwd=CHECKOUT)
    assert {"run", "test", "check", "proof", "lock"} <= set(re.findall(r"make ([a-z-]+) ", text))
