"""Fixtures shared by the tests of the program: a cluster, settings, a warehouse, raw sockets."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread

import pytest
import tenacity
from dlt.common.configuration.container import Container
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

from incorta_loads.config.settings import Settings, load_settings
from incorta_loads.endpoint import client
from incorta_loads.terminal.logs import turn_telemetry_off
from incorta_loads.warehouse.writing import Warehouse, open_for_writing
from incorta_simulator.company.company import Company
from incorta_simulator.server.simulator import Simulator
from support.patience import HANG_SECONDS

TENANT = "Größe/1"
TOKEN = "q7/Zt+Kp%41.secret-token~42=="

MakeSettings = Callable[..., Settings]
Talk = Callable[[socket.socket], None]
Serve = Callable[..., str]
Write = Callable[..., None]

turn_telemetry_off()


@pytest.fixture(autouse=True)
def no_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hides the configuration of the machine that runs the tests."""
    for name in list(os.environ):
        if name.startswith(("SOURCES__", "DESTINATION__")):
            monkeypatch.delenv(name)


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Writes `.dlt/config.toml` and `secrets.toml` into an empty working directory."""
    context = Container()[PluggableRunContext]
    before = context.context.run_dir
    monkeypatch.chdir(tmp_path)
    # dlt's global configuration belongs to the person who runs the tests.
    monkeypatch.setattr(type(context.context), "global_dir", str(tmp_path / "nowhere"))
    context.reload(str(tmp_path))

    def write_files(config: str = "", secrets: str = "") -> None:
        (tmp_path / ".dlt").mkdir(exist_ok=True)
        (tmp_path / ".dlt" / "config.toml").write_text(config)
        (tmp_path / ".dlt" / "secrets.toml").write_text(secrets)
        context.reload(str(tmp_path))

    yield write_files
    monkeypatch.undo()
    context.reload(before)


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A running cluster with thirty final executions: 1 to 32 without 3 and 10."""
    company = Company(executions=30, running=0, seed=32)
    assert company.ids == (1, 2, *range(4, 10), *range(11, 33))
    with Simulator(company, tenant=TENANT, token=TOKEN) as running:
        yield running


@pytest.fixture
def make_settings(simulator: Simulator) -> MakeSettings:
    """Settings for the simulator; each id gets one attempt by default."""

    def make(**explicit: object) -> Settings:
        given: dict[str, object] = {
            "cluster_url": simulator.url,
            "tenant": TENANT,
            "token": TOKEN,
            "cluster": "test",
            "max_attempts": 1,
            "timeout_seconds": HANG_SECONDS,
        }
        return load_settings(given | explicit)

    return make


@pytest.fixture
def settings(make_settings: MakeSettings) -> Settings:
    """The default settings of `make_settings`."""
    return make_settings()


@pytest.fixture
def warehouse_path(tmp_path: Path) -> Path:
    """A path at which there is no warehouse yet."""
    return tmp_path / "warehouse.duckdb"


@pytest.fixture(scope="session")
def made_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse without rows: creating its tables takes a second, copying it does not."""
    path = tmp_path_factory.mktemp("made") / "warehouse.duckdb"
    with open_for_writing(path, 5):
        pass
    return path


@pytest.fixture
def empty_warehouse(made_warehouse: Path, warehouse_path: Path) -> Iterator[Warehouse]:
    """A warehouse without rows, open for writing."""
    shutil.copyfile(made_warehouse, warehouse_path)
    with open_for_writing(warehouse_path, 5) as opened:
        yield opened


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes retries immediate; their number stays as configured."""
    monkeypatch.setattr(client, "OWN_PAUSE", tenacity.wait_none())


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a server whose connections a function of the test handles; returns the URL."""
    listeners: list[socket.socket] = []

    def start(talk: Talk, tls: ssl.SSLContext | None = None) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        Thread(target=_accept, args=(listener, talk, tls), daemon=True).start()
        return f"{'https' if tls else 'http'}://127.0.0.1:{listener.getsockname()[1]}/incorta"

    yield start
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _accept(listener: socket.socket, talk: Talk, tls: ssl.SSLContext | None) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            Thread(target=_leave_to, args=(talk, connection, tls), daemon=True).start()


def _leave_to(talk: Talk, connection: socket.socket, tls: ssl.SSLContext | None) -> None:
    with suppress(OSError), connection:
        if tls is None:
            talk(connection)
            return
        with tls.wrap_socket(connection, server_side=True) as secured:
            talk(secured)
