"""One execution id → one typed answer: the request, its retries, what each status code means."""

from __future__ import annotations

import re
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal
from urllib.parse import quote, urlsplit

import msgspec
import requests
import stamina
from requests.auth import AuthBase

from incorta_loads.errors import InvalidTokenError, WrongTenantError
from incorta_loads.redaction import Redactor
from incorta_loads.settings import Settings
from incorta_loads.watchdog import WatchedAdapter, limited_to

Outcome = Literal["loaded", "not_found", "forbidden", "rejected", "unavailable", "invalid_payload"]
OUTCOMES: tuple[Outcome, ...] = Outcome.__args__  # type: ignore[attr-defined]

MOST_RETRY_AFTER_SECONDS = 60.0
"""A server that asks for a longer pause is asked again after this one."""

_MOST_MESSAGE = 500
_MOST_ERROR_BODY_BYTES = 64 * 1024
_CHUNK_BYTES = 64 * 1024
_TRY_LATER = frozenset({408, 425, 429})
_GAP = re.compile(r"INC_05291904|of ID \[[^\]]*\] cannot be found")
_WRONG_TENANT = re.compile(r"Invalid \[.*\] tenant in resource path", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of asking for one execution.

    Attributes:
        execution_id: the id that was asked for.
        outcome: as in the ledger; `loaded` still has to prove to be a tree.
        fetched_at: when the answer was complete or given up, UTC.
        http_status: of the last answer; None when there was none.
        message: what the cluster or the network said, without secrets; None for a tree.
        attempts: requests made.
        duration_ms: from the first request to the end, pauses included.
        size_bytes: of the body after decompression, as far as it was read; None without one.
        body: of a 200, else None.
    """

    execution_id: int
    outcome: Outcome
    fetched_at: datetime
    http_status: int | None = None
    message: str | None = None
    attempts: int = 1
    duration_ms: int = 0
    size_bytes: int | None = None
    body: bytes | None = None


class _Retry(Exception):  # noqa: N818 (a signal to the retries, never seen outside)
    """This attempt's answer may become better by asking again."""

    def __init__(self, answer: Answer, after_seconds: float | None = None) -> None:
        super().__init__(answer.message)
        self.answer = answer
        self.after_seconds = after_seconds


class StatusClient:
    """Asks one cluster, from any number of threads; each thread keeps one connection.

    Args:
        settings: where and how.
        redactor: takes the secrets out of messages.
        stopping: set when the run is to end: no request is then repeated.
    """

    def __init__(
        self, settings: Settings, redactor: Redactor, stopping: threading.Event | None = None
    ) -> None:
        self._settings = settings
        self._redactor = redactor
        self._stopping = stopping or threading.Event()
        self._threads = threading.local()
        self._sessions: list[requests.Session] = []

    def close(self) -> None:
        """Closes all connections."""
        for session in self._sessions:
            session.close()

    def fetch(self, execution_id: int) -> Answer:
        """Asks for one execution, with retries; takes at most `total_seconds` of the settings.

        Raises:
            InvalidTokenError: the cluster answered 401.
            WrongTenantError: the cluster does not know the tenant.
        """
        begin = time.monotonic()
        deadline = begin + self._settings.total_seconds
        answer: Answer
        attempts = 0
        with suppress(_Retry):
            for attempt in stamina.retry_context(
                on=self._pause(deadline),
                attempts=self._settings.max_attempts,
                timeout=self._settings.total_seconds,
                wait_initial=0.2,
                wait_max=10.0,
                wait_jitter=0.5,
            ):
                if attempts and self._stopping.is_set():
                    break
                with attempt:
                    attempts = attempt.num
                    try:
                        answer = self._exchange(execution_id, deadline)
                    except _Retry as retry:
                        answer = retry.answer
                        raise
        elapsed_ms = round((time.monotonic() - begin) * 1000)
        return replace(answer, attempts=attempts, duration_ms=elapsed_ms)

    def _pause(self, deadline: float) -> Callable[[Exception], bool | float]:
        """Whether to ask again, or after how many seconds: as stamina's `on`."""

        def decide(error: Exception) -> bool | float:
            if not isinstance(error, _Retry) or self._stopping.is_set():
                return False
            if error.after_seconds is None:
                return True
            seconds = min(error.after_seconds, MOST_RETRY_AFTER_SECONDS)
            return seconds if time.monotonic() + seconds < deadline else False

        return decide

    def _exchange(self, execution_id: int, deadline: float) -> Answer:
        """One request and its whole answer.

        Raises:
            _Retry: when the answer is worth asking again.
        """
        timeout = self._settings.timeout_seconds
        seconds = max(min(timeout, deadline - time.monotonic()), 0.001)
        late = f"no whole answer within {seconds:g} s"
        with limited_to(seconds) as watchdog:
            try:
                with self._session().get(
                    self.url(execution_id),
                    timeout=seconds,
                    allow_redirects=False,
                    stream=True,
                    verify=self._settings.ca_bundle or True,
                    auth=_BearerAuth(self._settings.token),
                    headers={"Accept": "application/json", "Content-Type": "application/json"},
                ) as response:
                    if response.status_code < 200:  # noqa: PLR2004
                        # The answer that follows must not be taken for that of the next request.
                        response.close()
                        interim = f"only an interim answer, HTTP {response.status_code}"
                        raise _Retry(self._unavailable(execution_id, interim))
                    is_success = 200 <= response.status_code < 300  # noqa: PLR2004
                    most = self._settings.max_body_mib * 2**20
                    body, is_whole = _read(
                        response, int(most) if is_success else _MOST_ERROR_BODY_BYTES
                    )
            except (requests.RequestException, OSError) as error:
                cause = _innermost(error)
                is_late = watchdog.has_bitten or isinstance(cause, TimeoutError)
                reason = late if is_late else _reason(cause)
                raise _Retry(self._unavailable(execution_id, reason)) from None
            if watchdog.has_bitten:  # a connection that was shut down looks like the end of a body
                raise _Retry(self._unavailable(execution_id, late))
            if is_success and not body and not _is_framed(response):
                # Also what http.client makes of a connection that ends within the headers.
                raise _Retry(self._unavailable(execution_id, "the answer ends before its body"))
        return self._judge(execution_id, response, body, is_whole=is_whole)

    def url(self, execution_id: int) -> str:
        """Where the status of one execution is."""
        tenant = quote(self._settings.tenant, safe="")
        return (
            f"{self._settings.cluster_url}/api/v2/{tenant}/load-plan/status/{execution_id}?level=4"
        )

    def _judge(
        self, execution_id: int, response: requests.Response, body: bytes, *, is_whole: bool
    ) -> Answer:
        status = response.status_code
        said = self._redactor.clean_text(_said(body))
        text = _one_line(said)[:_MOST_MESSAGE] or f"HTTP {status} without a message"
        answer = Answer(
            execution_id,
            "rejected",
            datetime.now(UTC),
            http_status=status,
            message=text,
            size_bytes=len(body),
        )
        if status == 200:  # noqa: PLR2004
            if is_whole:
                return replace(answer, outcome="loaded", message=None, body=body)
            limit = f"the body is larger than {self._settings.max_body_mib:g} MiB"
            return replace(answer, outcome="invalid_payload", message=limit, body=body)
        if status == 401:  # noqa: PLR2004
            raise InvalidTokenError(
                f"The cluster refused the access token ({text}); tokens expire: create a new one "
                "and set SOURCES__INCORTA__TOKEN."
            )
        if status == 403:  # noqa: PLR2004
            return replace(answer, outcome="forbidden")
        if status == 404:  # noqa: PLR2004
            return self._judge_not_found(answer, _message(body))
        if status in _TRY_LATER or status >= 500:  # noqa: PLR2004
            raise _Retry(replace(answer, outcome="unavailable"), _retry_after_seconds(response))
        if 200 < status < 300:  # noqa: PLR2004
            return replace(answer, outcome="invalid_payload", body=body)
        if 300 <= status < 400:  # noqa: PLR2004
            where = self._redactor.clean_text(_target(response))
            text = f"redirected to {where}, which was not followed because it would get the token"
            return replace(answer, message=_one_line(text)[:_MOST_MESSAGE])
        return answer

    def _judge_not_found(self, answer: Answer, message: str) -> Answer:
        if _WRONG_TENANT.search(message):
            raise WrongTenantError(
                f"The cluster does not know the tenant '{self._settings.tenant}' "
                f"({answer.message}); its name is case-sensitive: check SOURCES__INCORTA__TENANT."
            )
        if _GAP.search(message):
            return replace(answer, outcome="not_found")
        return replace(
            answer,
            outcome="unavailable",
            message=f"a 404 that is not the cluster's own: {answer.message}"[:_MOST_MESSAGE],
        )

    def _unavailable(self, execution_id: int, reason: str) -> Answer:
        message = _one_line(self._redactor.clean_text(reason))[:_MOST_MESSAGE]
        return Answer(execution_id, "unavailable", datetime.now(UTC), message=message)

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


def _read(response: requests.Response, most_bytes: int) -> tuple[bytes, bool]:
    """The body up to a limit, and whether that was all of it."""
    body = bytearray()
    for chunk in response.iter_content(_CHUNK_BYTES):
        body += chunk
        if len(body) > most_bytes:
            return bytes(body[:most_bytes]), False
    return bytes(body), True


def _said(body: bytes) -> str:
    """The cluster's message, else whatever it sent."""
    return _message(body) or body[:_MOST_ERROR_BODY_BYTES].decode(errors="replace")


def _one_line(text: str) -> str:
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", " ", text).strip()


def _target(response: requests.Response) -> str:
    """Where a redirect leads, as far as it may be shown: a query can hold anything."""
    location = response.headers.get("Location", "")
    try:
        target = urlsplit(location)
    except ValueError:
        return "what is no address"
    return target.netloc or target.path or "nowhere"


def _message(body: bytes) -> str:
    """`message` of a JSON object; empty when there is none."""
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    message = value.get("message") if isinstance(value, dict) else None
    return message if isinstance(message, str) else ""


def _retry_after_seconds(response: requests.Response) -> float | None:
    """`Retry-After` as seconds from now, given as seconds or as a date."""
    value = response.headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d+", value, re.ASCII):
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max((at - datetime.now(UTC)).total_seconds(), 0.0)


def _innermost(error: BaseException) -> BaseException:
    """The first cause, which is where urllib3 keeps the words that help."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return error


def _reason(cause: BaseException) -> str:
    hint = ""
    if isinstance(cause, ssl.SSLCertVerificationError):
        hint = "; for a private authority set SOURCES__INCORTA__CA_BUNDLE to its PEM file"
    return f"{type(cause).__name__}: {cause}{hint}"
