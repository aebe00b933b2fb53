"""Limits the time of a whole exchange, which a timeout for each read cannot do.

`requests` applies its timeout to every single read, so a server that sends a byte now and then
keeps it busy forever. Here, each connection registers the socket that the current thread uses. A
timer shuts that socket down when the time is over. The read then ends with an error, or as if the
server had closed the connection. Once the timer (the watchdog) has fired, the response
counts as incomplete, whatever the read returns.
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
    """Watches the single exchange that its thread makes in the context of `limited_to`.

    Attributes:
        has_bitten: whether the time ran out and the connection was shut down.
    """

    def __init__(self) -> None:
        self.has_bitten = False
        self._connection: HTTPConnection | None = None
        self._socket: Any = None

    def watch(self, connection: HTTPConnection) -> None:
        """Registers the connection to shut down.

        Raises:
            TimeoutError: the time ran out before there was a connection to shut down.
        """
        self._connection = connection
        # A connection that is not kept alive drops its socket before the body is read.
        self._socket = connection.sock
        if self.has_bitten:
            raise TimeoutError

    def bite(self) -> None:
        """Ends the exchange, from any thread."""
        self.has_bitten = True
        # Until `connect` is complete, only the connection knows its current socket.
        sock = self._socket or (self._connection.sock if self._connection else None)
        if sock is not None:
            with contextlib.suppress(OSError):
                # Shut down below TLS, whose own shutdown would wait for the peer. TLS within
                # TLS (through an HTTPS proxy) is not a socket itself, but wraps one.
                socket.socket.shutdown(getattr(sock, "socket", sock), socket.SHUT_RDWR)


@contextlib.contextmanager
def limited_to(seconds: float) -> Iterator[Watchdog]:
    """Ends the exchange that this thread makes in the context if it takes longer than `seconds`."""
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
    """An adapter for `Session.mount` whose connections can be watched."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
        return manager


class _Watched(HTTPConnection):
    def connect(self) -> None:
        self._show_watchdog()
        super().connect()
        self._show_watchdog()

    def request(self, *args: Any, **kwargs: Any) -> None:
        self._show_watchdog()
        super().request(*args, **kwargs)

    def _tunnel(self) -> None:  # http.client's; it has no public step between tunnel and TLS
        super()._tunnel()
        self._show_watchdog()

    def _show_watchdog(self) -> None:
        watchdog: Watchdog | None = getattr(_current, "watchdog", None)
        if watchdog is not None:
            watchdog.watch(self)


class _WatchedTLS(_Watched, HTTPSConnection):
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _Watched


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedTLS
