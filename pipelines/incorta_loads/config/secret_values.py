"""Returns every configured secret, so that it can be kept out of output."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from urllib.parse import parse_qs, unquote, urlsplit

from incorta_loads.config.fleet import CLUSTERS, cluster_names
from incorta_loads.config.lookup import SECTION, look_up
from incorta_loads.config.settings import notify_urls, postgres_url
from incorta_loads.errors import InvalidSettingError
from incorta_loads.redaction import secrets_in_url


def secret_values() -> list[str]:
    """Returns the tokens of all clusters, and the secrets in addresses."""
    found: list[str] = []
    for read in (_tokens, _of_receivers, _of_postgres):
        with suppress(InvalidSettingError):  # reported by the code that needs a setting
            found += read()
    return found


def _tokens() -> Iterator[str]:
    places = [SECTION, *((*SECTION, CLUSTERS, name) for name in cluster_names())]
    for place in places:
        if (token := look_up("token", *place)) is not None:
            yield str(token)


def _of_receivers() -> Iterator[str]:
    return chain.from_iterable(map(secrets_in_url, notify_urls()))


def _of_postgres() -> Iterator[str]:
    url = postgres_url()
    if url is None:
        return
    yield url
    parts = urlsplit(url)
    for password in (parts.password, *parse_qs(parts.query).get("password", [])):
        if password:
            yield from {password, unquote(password)}
