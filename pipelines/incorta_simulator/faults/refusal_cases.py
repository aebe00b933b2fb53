"""Catalog entries with rejections: status codes, redirects, and echoes of the token."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial

from incorta_simulator.answer import HTML
from incorta_simulator.faults import echoes
from incorta_simulator.faults.bodies import LOGIN_PAGE
from incorta_simulator.faults.case import (
    FORBIDDEN,
    NOT_FOUND,
    Case,
    Cases,
    ends_the_run,
    invalid,
    rejected,
    unavailable,
)
from incorta_simulator.faults.echoes import SPELLINGS, Echo, RawEcho
from incorta_simulator.faults.faults import Gap, RawBody, Redirect, Refusal, WrongTenant

OTHER_HOST = "https://login.invalid/sso?next=status"
SAME_HOST = "/incorta/login"


def page(status: int, title: str) -> RawBody:
    """Returns a rejection in HTML, as a proxy sends it."""
    text = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
    return RawBody(text.encode(), status, HTML)


def later(status: int, seconds: float) -> Refusal:
    """Returns a rejection with `Retry-After` as a date this many whole seconds from now."""
    at = datetime.now(UTC) + timedelta(seconds=seconds)
    return Refusal(status, retry_after=format_datetime(at, usegmt=True))


_STATUS_CODES: Cases = {
    "bad_request": rejected("400", partial(Refusal, 400), 400),
    "unauthorized": ends_the_run("401, as for an expired token", partial(Refusal, 401), 401),
    "unauthorized_page": ends_the_run(
        "401 in HTML, as from a proxy", partial(page, 401, "401 Authorization Required"), 401
    ),
    "forbidden": Case("403", partial(Refusal, 403), FORBIDDEN, 403),
    "forbidden_page": Case(
        "403 in HTML, as from a firewall", partial(page, 403, "403 Forbidden"), FORBIDDEN, 403
    ),
    "not_found": Case("404 with the vendor's text for a gap", Gap, NOT_FOUND, 404),
    "wrong_tenant": ends_the_run("404 with the vendor's text for a tenant", WrongTenant, 404),
    "not_found_page": unavailable(
        "404 in HTML, as from a proxy", partial(page, 404, "404 Not Found"), 404
    ),
    "not_found_otherwise": unavailable("404 with another message", partial(Refusal, 404), 404),
    "not_found_empty": unavailable("404 without a body", partial(RawBody, b"", 404), 404),
    "request_timeout": unavailable("408", partial(Refusal, 408), 408),
    "teapot": rejected("418, for any other 4xx", partial(Refusal, 418, "I am a teapot."), 418),
    "unprocessable": rejected("422", partial(Refusal, 422), 422),
    "too_early": unavailable("425", partial(Refusal, 425), 425),
    "too_many_requests": unavailable("429", partial(Refusal, 429), 429),
    "no_loader": unavailable("500 with the loader's message", partial(Refusal, 500), 500),
    "error_page": unavailable("500 in HTML", partial(page, 500, "500 Internal Server Error"), 500),
    "bad_gateway": unavailable("502 in HTML", partial(page, 502, "502 Bad Gateway"), 502),
    "service_unavailable": unavailable(
        "503 in HTML", partial(page, 503, "503 Service Temporarily Unavailable"), 503
    ),
    "gateway_timeout": unavailable("504 in HTML", partial(page, 504, "504 Gateway Time-out"), 504),
}

_RETRY_AFTER: dict[str, tuple[str, str | int]] = {
    "seconds": ("in one second", 1),
    "huge": ("in thirty years", 10**9),
    "beyond_numbers": ("in a number of seconds of 400 digits", "9" * 400),
    "negative": ("before now", -5),
    "fraction": ("in half a second, which is malformed", "0.5"),
    "words": ("soon, which is malformed", "soon"),
    "empty": ("at an empty time", ""),
    "past_date": ("in 2015", "Wed, 21 Oct 2015 07:28:00 GMT"),
    "far_date": ("in 9999", "Fri, 31 Dec 9999 23:59:59 GMT"),
    "no_date": ("on a day that does not exist", "Wed, 99 Oct 2015 77:28:00 GMT"),
}

_PAUSES: Cases = {
    f"retry_after_{name}": unavailable(
        f"429 that asks to come back {when}", partial(Refusal, 429, retry_after=value), 429
    )
    for name, (when, value) in _RETRY_AFTER.items()
} | {
    "retry_after_date": unavailable(
        "429 that asks to come back at a date, two seconds from now", partial(later, 429, 2), 429
    ),
    "unavailable_retry_after": unavailable(
        "503 that asks to come back in one second", partial(Refusal, 503, retry_after=1), 503
    ),
}

_REDIRECTS: Cases = {
    f"redirect_{status}": rejected(
        f"{status} to another host", partial(Redirect, status, OTHER_HOST), status
    )
    for status in (301, 302, 303, 307, 308)
} | {
    "redirect_same_host": rejected(
        "302 to a login page on the same host", partial(Redirect, 302, SAME_HOST), 302
    ),
    "redirect_with_body": rejected(
        "302 with a page in it", partial(Redirect, 302, OTHER_HOST, LOGIN_PAGE), 302
    ),
    "redirect_to_nowhere": rejected("302 without a location", partial(Redirect, 302, None), 302),
    "redirect_to_nonsense": rejected(
        "302 to an invalid address", partial(Redirect, 302, "http://[::1/%zz"), 302
    ),
}

_ECHOES: Cases = {
    "echo_401": ends_the_run("401 with the token in its message", partial(Echo, 401), 401),
    "echo_page": unavailable(
        "502 in HTML with the token in it", partial(Echo, 502, echoes.PAGE, content_type=HTML), 502
    ),
    "echo_location": rejected(
        "302 with the token in its location", partial(RawEcho, echoes.LOCATION), 302
    ),
    "echo_reason": unavailable(
        "500 with the token as its reason", lambda: RawEcho(echoes.REASON), 500
    ),
    "echo_status_line": unavailable(
        "a status line with the token for a number", partial(RawEcho, echoes.STATUS_LINE)
    ),
    "echo_chunk_size": unavailable(
        "a chunk with the token for its size", partial(RawEcho, echoes.CHUNK_SIZE)
    ),
    "echo_login_page": invalid(
        "200 and HTML with the token in it", partial(Echo, 200, echoes.PAGE, content_type=HTML)
    ),
    "echo_field": invalid(
        "a tree with the token in an undocumented field", partial(Echo, 200, echoes.FIELD_VALUE)
    ),
    "echo_field_name": invalid(
        "a tree with the token as a field's name", partial(Echo, 200, echoes.FIELD_NAME)
    ),
}
for _name, _spell in SPELLINGS.items():
    _words = _name.replace("_", " ")
    _ECHOES |= {
        f"echo_400_{_name}": rejected(
            f"400 with the token in its message, {_words}", partial(Echo, 400, spell=_spell), 400
        ),
        f"echo_500_{_name}": unavailable(
            f"500 with the token in its message, {_words}", partial(Echo, 500, spell=_spell), 500
        ),
        f"echo_name_{_name}": invalid(
            f"a tree with the token in a name, {_words}",
            partial(Echo, 200, echoes.NAME, spell=_spell),
        ),
    }

CASES: Cases = _STATUS_CODES | _PAUSES | _REDIRECTS | _ECHOES
