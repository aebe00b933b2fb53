"""One request and its whole answer: connections, the token, limits of time and size."""

from __future__ import annotations

import ssl
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass

import requests
from requests.auth import AuthBase

from incorta_loads.config.settings import Settings
from incorta_loads.endpoint.deadline import WatchedAdapter, limited_to
from incorta_loads.endpoint.local_faults import refuse_local_faults
from incorta_loads.errors import SpoolError, root_cause

MOST_ERROR_BODY_BYTES = 64 * 1024
"""Of an answer that is no success no more is read: it is a message, or nothing that helps."""

_CHUNK_BYTES = 64 * 1024
_MOST_BYTES_IN_MEMORY = 2**20


class Body:
    """The bytes of one answer; a large one waits on disk, in a file without a name.

    Several are in flight while another is turned into rows: in memory they would be what a run
    needs most of it for.
    """

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(_MOST_BYTES_IN_MEMORY)  # noqa: SIM115

    @property
    def size_bytes(self) -> int:
        """How many there are."""
        self._file.seek(0, 2)
        return self._file.tell()

    def add(self, chunk: bytes) -> None:
        """Appends bytes.

        Raises:
            SpoolError: the disk would not take them, which says nothing about the cluster.
        """
        try:
            self._file.write(chunk)
        except OSError as error:
            raise SpoolError(
                f"An answer over {_MOST_BYTES_IN_MEMORY >> 20} MiB could not be kept in the "
                f"directory for temporary files ({error.strerror}); make room there, or set TMPDIR "
                "to another one, and run the same command again."
            ) from error

    def cut(self, most_bytes: int) -> None:
        """Forgets what is beyond so many bytes."""
        self._file.truncate(most_bytes)

    def read(self) -> bytes:
        """All of them."""
        self._file.seek(0)
        return self._file.read()

    def __del__(self) -> None:
        self._file.close()


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back.

    Attributes:
        status: HTTP status, 200 or more.
        headers: looked up without regard to case.
        body: decompressed, up to the limit.
        is_whole: whether that is all of the body.
    """

    status: int
    headers: Mapping[str, str]
    body: Body
    is_whole: bool

    @property
    def is_success(self) -> bool:
        """Whether the status is one of the 200s."""
        return _is_success(self.status)


def _is_success(status: int) -> bool:
    return 200 <= status < 300  # noqa: PLR2004


class NoReply(Exception):  # noqa: N818 (what the network did, told to the one who asked)
    """No whole answer came; the text says why."""


class Exchanges:
    """Makes requests from any number of threads; each thread keeps one connection.

    Raises:
        InvalidSettingError: this machine is set up so that no request can be made.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._threads = threading.local()
        self._sessions: list[requests.Session] = []
        refuse_local_faults(self._session(), settings)

    def close(self) -> None:
        """Closes all connections."""
        for session in self._sessions:
            session.close()

    def get(self, url: str, *, limit_seconds: float) -> Reply:
        """Asks once and reads the answer; takes no longer than the limit.

        Raises:
            NoReply: no connection, not HTTP, cut short, or not within the limit.
        """
        late = f"no whole answer within {limit_seconds:g} s"
        reply, reason = None, late
        with limited_to(limit_seconds) as watchdog:
            try:
                reply = self._get(url, limit_seconds)
            except NoReply as error:
                reason = str(error)
            except (requests.RequestException, OSError) as error:
                cause = root_cause(error)
                reason = late if isinstance(cause, TimeoutError) else _reason(cause)
        if watchdog.has_bitten:  # a connection that was shut down looks like the end of a body
            raise NoReply(late)
        if reply is None:
            raise NoReply(reason)
        return reply

    def _get(self, url: str, limit_seconds: float) -> Reply:
        with self._session().get(
            url,
            timeout=limit_seconds,
            allow_redirects=False,
            stream=True,
            verify=self._settings.ca_bundle or True,
            auth=_BearerAuth(self._settings.token),
            headers={"Accept": "application/json", "Content-Type": "application/json"},
        ) as response:
            status = response.status_code
            if status < 200:  # noqa: PLR2004
                # The answer that follows must not be taken for that of the next request.
                response.close()
                raise NoReply(f"only an interim answer, HTTP {status}")
            reply = Reply(status, response.headers, *self._read(response))
        if reply.is_success and not reply.body.size_bytes and not _is_framed(response):
            # Also what http.client makes of a connection that ends within the headers.
            raise NoReply("the answer ends before its body")
        return reply

    def _read(self, response: requests.Response) -> tuple[Body, bool]:
        """The body up to its limit, and whether that was all of it."""
        most_bytes = MOST_ERROR_BODY_BYTES
        if _is_success(response.status_code):
            most_bytes = int(self._settings.max_body_mib * 2**20)
        body, size_bytes = Body(), 0
        for chunk in response.iter_content(_CHUNK_BYTES):
            body.add(chunk)
            size_bytes += len(chunk)
            if size_bytes > most_bytes:
                body.cut(most_bytes)
                return body, False
        return body, True

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._threads, "session", None)
        if session is None:
            session = _Session()
            session.mount("http://", WatchedAdapter())
            session.mount("https://", WatchedAdapter())
            # A proxy would receive a plain request with its token.
            session.trust_env = self._settings.cluster_url.startswith("https:")
            session.headers["User-Agent"] = "incorta-loads"
            self._threads.session = session
            self._sessions.append(session)
        return session


class _Session(requests.Session):
    """Redirects are refused, so nothing is to be worked out about them.

    `requests` would look for the next address even of a redirect that is not followed: it reads the
    whole body for it, however large, and fails where the address makes no sense.
    """

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002
        return None


class _BearerAuth(AuthBase):
    """Sets the token last, so that no `.netrc` entry replaces it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _is_framed(response: requests.Response) -> bool:
    """Whether the answer says where its body ends; 204 has none."""
    headers = {"Content-Length", "Transfer-Encoding"} & {name.title() for name in response.headers}
    return bool(headers) or response.status_code == 204  # noqa: PLR2004


def _reason(cause: BaseException) -> str:
    hint = ""
    if isinstance(cause, ssl.SSLCertVerificationError):
        hint = "; for a private authority set SOURCES__INCORTA__CA_BUNDLE to its PEM file"
    return f"{type(cause).__name__}: {cause}{hint}"
