"""A limit to the time of a whole exchange, which a timeout for each read does not give.

`requests` applies its timeout to every single read, so a server that sends a byte now and then
keeps it busy for ever. Here each connection tells which socket the current thread uses, and a timer
shuts that socket down when the time is over: the read then ends with a connection error.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

_current = threading.local()


class Watchdog:
    """Watches the one exchange of the thread that entered it.

    Attributes:
        has_bitten: whether the time was over and the connection was shut down.
    """

    def __init__(self) -> None:
        self.has_bitten = False
        self._connection: HTTPConnection | None = None

    def watch(self, connection: HTTPConnection) -> None:
        """From now on this is the connection to shut down."""
        self._connection = connection

    def bite(self) -> None:
        """Ends the exchange, from any thread."""
        self.has_bitten = True
        sock = self._connection.sock if self._connection else None
        if sock is not None:
            with contextlib.suppress(OSError):
                # Below TLS: its own shutdown would wait for the peer.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


@contextlib.contextmanager
def limited_to(seconds: float) -> Iterator[Watchdog]:
    """Ends the exchange made inside, by this thread, when it takes longer."""
    watchdog = Watchdog()
    timer = threading.Timer(seconds, watchdog.bite)
    timer.daemon = True
    _current.watchdog = watchdog
    timer.start()
    try:
        yield watchdog
    finally:
        timer.cancel()
        _current.watchdog = None


class WatchedAdapter(HTTPAdapter):
    """Connections that can be watched; for `Session.mount`."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
        return manager


class _Watched(HTTPConnection):
    def request(self, *args: Any, **kwargs: Any) -> None:
        watchdog = getattr(_current, "watchdog", None)
        if watchdog is not None:
            watchdog.watch(self)
        super().request(*args, **kwargs)


class _WatchedTLS(_Watched, HTTPSConnection):
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _Watched


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedTLS
