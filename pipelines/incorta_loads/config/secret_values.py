"""Returns every configured secret, so that it can be kept out of output."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from incorta_loads.config.fleet import CLUSTERS, cluster_names
from incorta_loads.config.lookup import SECTION, look_up
from incorta_loads.config.settings import notify_urls
from incorta_loads.errors import InvalidSettingError
from incorta_loads.redaction import secrets_in_url


def secret_values() -> list[str]:
    """Returns the tokens of all clusters, and the secrets in the URLs of notifications."""
    try:
        return [*_tokens(), *chain.from_iterable(map(secrets_in_url, notify_urls()))]
    except InvalidSettingError:  # reported by the code that needs a setting
        return []


def _tokens() -> Iterator[str]:
    places = [SECTION, *((*SECTION, CLUSTERS, name) for name in cluster_names())]
    for place in places:
        if (token := look_up("token", *place)) is not None:
            yield str(token)
