"""A client with the settings of a test."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from incorta_loads.config.settings import Settings
from incorta_loads.endpoint.client import StatusClient
from incorta_loads.redaction import Redactor
from support.talks import Connect

MakeSettings = Callable[..., Settings]


@pytest.fixture
def connect(make_settings: MakeSettings) -> Iterator[Connect]:
    """Makes a client with the given settings."""
    clients: list[StatusClient] = []

    def make(stopping: threading.Event | None = None, **explicit: object) -> StatusClient:
        settings = make_settings(**explicit)
        clients.append(StatusClient(settings, Redactor([settings.token]), stopping))
        return clients[-1]

    yield make
    for each in clients:
        each.close()
