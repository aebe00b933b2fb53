"""`init`: from a URL and a token to the first run."""

from __future__ import annotations

import stat
import tomllib
from subprocess import CompletedProcess, run

import pytest

from incorta_simulator.server.simulator import Simulator
from journeys.shell import COMMAND, TOKEN, User
from support.patience import COMMAND_SECONDS


@pytest.fixture
def newcomer(user: User) -> User:
    """A user without any settings."""
    return User(user.home)


def answers(user: User, *lines: str, arguments: tuple[str, ...] = ()) -> CompletedProcess[str]:
    """Runs `init` with these lines on standard input."""
    return run(
        [COMMAND, "init", *arguments],
        cwd=user.home,
        env=user.environment,
        input="".join(f"{line}\n" for line in lines),
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )


def test_the_settings_are_written_and_work(newcomer: User, simulator: Simulator) -> None:
    """The next command needs nothing else, and only the user can read the token."""
    done = answers(newcomer, simulator.url, "demo", TOKEN)
    assert done.returncode == 0, done.stderr
    settings = newcomer.home / ".dlt"
    config = tomllib.loads((settings / "config.toml").read_text())
    assert config == {"sources": {"incorta": {"cluster_url": simulator.url, "tenant": "demo"}}}
    assert stat.S_IMODE((settings / "secrets.toml").stat().st_mode) == 0o600
    assert TOKEN not in done.stdout + done.stderr
    assert "Executions were found from id 1 to 136, " in done.stdout
    assert done.stdout.splitlines()[-1] == "Next: incorta-loads run"
    assert "accepts the tenant 'demo' and the token" in newcomer.runs("check").stdout


def test_what_is_given_is_not_asked(newcomer: User, simulator: Simulator) -> None:
    """The token is always asked for, so that it is in no history of commands."""
    given = ("--cluster-url", simulator.url, "--tenant", "demo")
    assert answers(newcomer, TOKEN, arguments=given).returncode == 0


@pytest.mark.parametrize("name", ["config.toml", "secrets.toml"])
def test_a_file_is_never_overwritten(newcomer: User, simulator: Simulator, name: str) -> None:
    """The other file is not written either."""
    (newcomer.home / ".dlt").mkdir()
    (newcomer.home / ".dlt" / name).write_text("# mine\n")
    done = answers(newcomer, simulator.url, "demo", TOKEN)
    assert done.returncode == 2
    assert "exists and is not overwritten" in done.stderr
    assert [path.read_text() for path in (newcomer.home / ".dlt").iterdir()] == ["# mine\n"]


def test_a_wrong_answer_writes_nothing(newcomer: User) -> None:
    """The user can simply try again."""
    done = answers(newcomer, "no url", "demo", TOKEN)
    assert done.returncode == 2
    assert not (newcomer.home / ".dlt").exists()


def test_a_missing_answer_writes_nothing(newcomer: User, simulator: Simulator) -> None:
    """The error says which one."""
    done = answers(newcomer, simulator.url, "demo")
    assert done.returncode == 2
    assert "needs an answer: Access token" in done.stderr
    assert not (newcomer.home / ".dlt").exists()


def test_settings_that_do_not_work_are_not_kept(newcomer: User, simulator: Simulator) -> None:
    """The user can simply try again, and the token is in no message."""
    done = answers(newcomer, simulator.url, "demo", "wrong-token-123")
    assert done.returncode == 2
    assert "refused the access token" in done.stderr
    assert "wrong-token-123" not in done.stdout + done.stderr
    assert not (newcomer.home / ".dlt").exists()
    assert answers(newcomer, simulator.url, "demo", TOKEN).returncode == 0
