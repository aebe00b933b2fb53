"""Fetches one execution id as a typed answer, with retries and the meaning of each status code."""

from __future__ import annotations

import logging
import math
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

import msgspec
import tenacity
from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

from incorta_loads.config.settings import Settings
from incorta_loads.endpoint.exchange import MOST_ERROR_BODY_BYTES, Body, Exchanges, NoReply, Reply
from incorta_loads.endpoint.fetch_outcomes import FetchOutcome
from incorta_loads.errors import InvalidTokenError, WrongTenantError, one_line
from incorta_loads.redaction import REPLACEMENT, Redactor

logger = logging.getLogger(__name__)

MOST_RETRY_AFTER_SECONDS = 60
"""Longest pause before a retry, even if the server requests a longer one."""

_RETRY_AFTER = Retry(retry_after_max=MOST_RETRY_AFTER_SECONDS)

OWN_PAUSE: tenacity.wait.wait_base = tenacity.wait_exponential_jitter(
    multiplier=0.2, max=10, jitter=0.5
)
"""Pause before a retry if the server requests none."""

_PLACEHOLDER = "~redacted~"  # every URL parser accepts it
_MOST_MESSAGE = 500
_TRY_LATER = frozenset({408, 425, 429})
_GAP = re.compile(r"INC_05291904|of ID \[[^\]]*\] cannot be found")
_WRONG_TENANT = re.compile(r"Invalid \[.*\] tenant in resource path", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of requesting one execution.

    Attributes:
        execution_id: the requested id.
        outcome: outcome as in the ledger; the body of `loaded` is not yet checked to be a tree.
        fetched_at: when the response was complete or given up, UTC.
        http_status: status of the last response; None if there was none.
        message: message of the cluster or the network, without secrets; None for a tree.
        attempts: number of requests.
        duration_ms: time from the first request to the end, including pauses.
        size_bytes: size of the decompressed body as far as it was read; None without a body.
        body: body of a successful (2xx) response, else None.
    """

    execution_id: int
    outcome: FetchOutcome
    fetched_at: datetime
    http_status: int | None = None
    message: str | None = None
    attempts: int = 1
    duration_ms: int = 0
    size_bytes: int | None = None
    body: Body | None = None


class _Retry(Exception):  # noqa: N818 (a signal to the retries, never seen outside)
    """Signals that a retry may improve the answer of this attempt."""

    def __init__(self, answer: Answer, after_seconds: float | None = None) -> None:
        super().__init__(answer.message)
        self.answer = answer
        self.after_seconds = after_seconds


class StatusClient:
    """Requests executions from one cluster. Any number of threads may use it.

    Args:
        settings: the cluster and the limits of requests.
        redactor: removes secrets from messages.
        stopping: once set, no request is retried, and pauses end.
    """

    def __init__(
        self, settings: Settings, redactor: Redactor, stopping: threading.Event | None = None
    ) -> None:
        self._settings = settings
        self._redactor = redactor
        self._stopping = stopping or threading.Event()
        self._exchanges = Exchanges(settings)

    def close(self) -> None:
        """Closes all connections."""
        self._exchanges.close()

    def fetch(self, execution_id: int, *, within_seconds: float = math.inf) -> Answer:
        """Requests one execution, with retries.

        Args:
            execution_id: the id to request.
            within_seconds: a second time limit for all attempts, besides `total_seconds`.

        Raises:
            InvalidTokenError: the cluster responded with 401.
            WrongTenantError: the cluster does not know the tenant.
        """
        begin = time.monotonic()
        limit_seconds = min(self._settings.total_seconds, within_seconds)
        deadline = begin + limit_seconds
        answer: Answer
        attempts = 0
        try:
            for attempt in self._retries(limit_seconds):
                if attempts and self._stopping.is_set():
                    break
                with attempt:
                    attempts += 1
                    try:
                        answer = self._ask(execution_id, deadline)
                    except _Retry as retry:
                        answer = retry.answer
                        raise
        except _Retry:
            pass  # the last answer counts
        elapsed_ms = round((time.monotonic() - begin) * 1000)
        answer = replace(answer, attempts=attempts, duration_ms=elapsed_ms)
        _log(answer)
        return answer

    def _retries(self, limit_seconds: float) -> tenacity.Retrying:
        # Use tenacity rather than stamina, whose pauses cannot be interrupted.
        return tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_Retry),
            wait=_pause_seconds,
            sleep=tenacity.sleep_using_event(self._stopping),
            stop=tenacity.stop_any(
                tenacity.stop_after_attempt(self._settings.max_attempts),
                tenacity.stop_before_delay(limit_seconds),
                tenacity.stop_when_event_set(self._stopping),
            ),
            reraise=True,
        )

    def _ask(self, execution_id: int, deadline: float) -> Answer:
        """Makes one request and interprets the response.

        Raises:
            _Retry: a retry may improve the answer.
        """
        left_seconds = max(deadline - time.monotonic(), 0.001)
        limit_seconds = min(self._settings.timeout_seconds, left_seconds)
        try:
            reply = self._exchanges.get(self.url(execution_id), limit_seconds=limit_seconds)
        except NoReply as error:
            message = _ledger_text(self._redactor.clean_text(str(error)))
            raise _Retry(
                Answer(execution_id, "unavailable", datetime.now(UTC), message=message)
            ) from None
        return self._judge(execution_id, reply)

    def url(self, execution_id: int) -> str:
        """Returns the URL of the status of one execution."""
        tenant = quote(self._settings.tenant, safe="")
        return (
            f"{self._settings.cluster_url}/api/v2/{tenant}/load-plan/status/{execution_id}?level=4"
        )

    def _judge(self, execution_id: int, reply: Reply) -> Answer:
        status = reply.status
        answer = Answer(
            execution_id,
            "rejected",
            datetime.now(UTC),
            http_status=status,
            size_bytes=reply.body.size_bytes,
        )
        if status == 200:  # noqa: PLR2004
            return self._judge_success(answer, reply)
        body = reply.body.read()[:MOST_ERROR_BODY_BYTES]
        text = _ledger_text(self._redactor.clean_text(_error_text(body)))
        answer = replace(answer, message=text or f"HTTP {status} without a message")
        if status == 401:  # noqa: PLR2004
            raise InvalidTokenError(
                f"The cluster refused the access token ({answer.message}); tokens expire: create "
                f"a new one and set {self._settings.variable('token')}."
            )
        if status == 403:  # noqa: PLR2004
            return replace(answer, outcome="forbidden")
        if status == 404:  # noqa: PLR2004
            return self._judge_not_found(answer, _message(body))
        if status in _TRY_LATER or status >= 500:  # noqa: PLR2004
            after_seconds = retry_after_seconds(reply.headers)
            raise _Retry(replace(answer, outcome="unavailable"), after_seconds)
        if reply.is_success:
            return replace(answer, outcome="invalid_payload", body=reply.body)
        if 300 <= status < 400:  # noqa: PLR2004
            location = self._redactor.clean_text(reply.headers.get("Location", ""))
            where = _target(location.replace(REPLACEMENT, _PLACEHOLDER)).replace(
                _PLACEHOLDER, REPLACEMENT
            )
            text = f"redirected to {where}, which was not followed because it would get the token"
            return replace(answer, message=_ledger_text(text))
        return answer

    def _judge_success(self, answer: Answer, reply: Reply) -> Answer:
        if reply.is_whole:
            return replace(answer, outcome="loaded", body=reply.body)
        limit = f"the body is larger than {self._settings.max_body_mib:g} MiB"
        return replace(answer, outcome="invalid_payload", message=limit, body=reply.body)

    def _judge_not_found(self, answer: Answer, message: str) -> Answer:
        if _WRONG_TENANT.search(message):
            raise WrongTenantError(
                f"The cluster does not know the tenant '{self._settings.tenant}' "
                f"({answer.message}); its name is case-sensitive: check "
                f"{self._settings.variable('tenant')}."
            )
        if _GAP.search(message):
            return replace(answer, outcome="not_found")
        text = _ledger_text(f"a 404 that did not come from Incorta: {answer.message}")
        return replace(answer, outcome="unavailable", message=text)


def _log(answer: Answer) -> None:
    status = "no HTTP status" if answer.http_status is None else f"HTTP {answer.http_status}"
    logger.debug(
        "execution %d: %s (%s) after %d ms, attempts: %d%s",
        answer.execution_id,
        status,
        answer.outcome,
        answer.duration_ms,
        answer.attempts,
        f": {answer.message}" if answer.message else "",
        extra={"execution_id": answer.execution_id, "outcome": answer.outcome},
    )


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Returns `Retry-After`, a number of seconds or a date, as seconds from now.

    Returns:
        None if the header is missing or cannot be read; at most `MOST_RETRY_AFTER_SECONDS`.
    """
    try:
        return _RETRY_AFTER.parse_retry_after(headers.get("Retry-After", ""))
    except (InvalidHeader, ValueError, OverflowError):
        return None


def _pause_seconds(state: tenacity.RetryCallState) -> float:
    """Returns the pause that the server requests, or the default pause."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, _Retry) and error.after_seconds is not None:
        return error.after_seconds
    return OWN_PAUSE(state)


def _error_text(body: bytes) -> str:
    """Returns the cluster's message, or the whole body if it has none."""
    return _message(body) or body.decode(errors="replace")


def _message(body: bytes) -> str:
    """Returns `message` of a JSON object, or "" if there is none."""
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    message = value.get("message") if isinstance(value, dict) else None
    return message if isinstance(message, str) else ""


def _target(location: str) -> str:
    """Returns the part of a redirect target that may be shown.

    The query and the user are omitted because they may contain secrets.
    """
    try:
        target = urlsplit(location)
    except ValueError:
        return "an invalid address"
    return target.netloc.rpartition("@")[2] or target.path or "nowhere"


def _ledger_text(text: str) -> str:
    return one_line(text)[:_MOST_MESSAGE]
