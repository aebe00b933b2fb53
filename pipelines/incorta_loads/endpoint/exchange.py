"""One request and its whole response: connections, the token, limits on time and size."""

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
"""Size limit for the body of an unsuccessful response, which is an error message at best."""

_CHUNK_BYTES = 64 * 1024
_MOST_BYTES_IN_MEMORY = 2**18


class Body:
    """The bytes of one response. A large body is kept on disk, in an unnamed temporary file.

    Several responses are in flight while another is converted to rows. In memory, they would
    account for most of the memory of a run.
    """

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(_MOST_BYTES_IN_MEMORY)  # noqa: SIM115

    @property
    def size_bytes(self) -> int:
        """Number of bytes."""
        self._file.seek(0, 2)
        return self._file.tell()

    def add(self, chunk: bytes) -> None:
        """Appends bytes.

        Raises:
            SpoolError: the bytes could not be written to disk; the cluster is not the cause.
        """
        try:
            self._file.write(chunk)
        except OSError as error:
            raise SpoolError(
                f"A response over {_MOST_BYTES_IN_MEMORY >> 10} KiB could not be kept in the "
                f"directory for temporary files ({error.strerror}); make room there, or set TMPDIR "
                "to another one, and run the same command again."
            ) from error

    def cut(self, most_bytes: int) -> None:
        """Discards everything after the first `most_bytes` bytes."""
        self._file.truncate(most_bytes)

    def read(self) -> bytes:
        """Returns all bytes."""
        self._file.seek(0)
        return self._file.read()

    def __del__(self) -> None:
        self._file.close()


@dataclass(frozen=True, slots=True)
class Reply:
    """A response.

    Attributes:
        status: HTTP status, at least 200.
        headers: headers with case-insensitive names.
        body: decompressed body up to the size limit.
        is_whole: whether `body` is complete.
    """

    status: int
    headers: Mapping[str, str]
    body: Body
    is_whole: bool

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return _is_success(self.status)


def _is_success(status: int) -> bool:
    return 200 <= status < 300  # noqa: PLR2004


class NoReply(Exception):  # noqa: N818 (a network result, handled by the caller)
    """No complete response was received; the text gives the reason."""


class Exchanges:
    """Makes requests from any number of threads. Each thread keeps one connection.

    Raises:
        InvalidSettingError: the setup of this machine prevents every request.
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
        """Makes one request and reads the response, within the time limit.

        Raises:
            NoReply: there was no connection, or the response was not HTTP, incomplete or too late.
        """
        late = f"no whole response within {limit_seconds:g} s"
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
                # The final response must not be mistaken for that of the next request.
                response.close()
                raise NoReply(f"only an interim response, HTTP {status}")
            reply = Reply(status, response.headers, *self._read(response))
        if reply.is_success and not reply.body.size_bytes and not _is_framed(response):
            # http.client also returns such a response if the connection ends within the headers.
            raise NoReply("the response ends before its body")
        return reply

    def _read(self, response: requests.Response) -> tuple[Body, bool]:
        """Returns the body up to the size limit, and whether it is complete."""
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
    """A session that never determines the target of a redirect, since redirects are refused.

    `requests` determines the target even of a redirect that is not followed. For that it reads the
    whole body, however large, and fails if the URL is malformed.
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
    """Whether the response declares where its body ends. A 204 has no body."""
    headers = {"Content-Length", "Transfer-Encoding"} & {name.title() for name in response.headers}
    return bool(headers) or response.status_code == 204  # noqa: PLR2004


def _reason(cause: BaseException) -> str:
    hint = ""
    if isinstance(cause, ssl.SSLCertVerificationError):
        hint = (
            "; for a private certificate authority, set SOURCES__INCORTA__CA_BUNDLE to its PEM file"
        )
    return f"{type(cause).__name__}: {cause}{hint}"
