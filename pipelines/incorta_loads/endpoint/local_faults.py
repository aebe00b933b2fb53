"""Detects faults of this machine that prevent every request, and reports them without retries."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import requests
from requests.utils import select_proxy

from incorta_loads.config.certificates import no_certificates
from incorta_loads.config.settings import Settings
from incorta_loads.errors import InvalidSettingError

_PROXY_SCHEMES = frozenset({"http", "https", "socks4", "socks4a", "socks5", "socks5h"})


def refuse_local_faults(session: requests.Session, settings: Settings) -> None:
    """Checks the settings that `requests` takes from the environment for each request.

    Raises:
        InvalidSettingError: a proxy or a certificate bundle cannot be used.
    """
    if not session.trust_env:  # plain HTTP uses neither
        return
    url = settings.cluster_url
    given = session.merge_environment_settings(
        url, proxies={}, stream=True, verify=settings.ca_bundle, cert=None
    )
    if isinstance(given["verify"], str) and not settings.ca_bundle:
        _check_bundle(given["verify"])
    if proxy := select_proxy(url, given["proxies"]):
        _check_proxy(proxy)


def _check_bundle(path: str) -> None:
    if reason := no_certificates(Path(path)):
        raise InvalidSettingError(
            f"REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE is '{path}', {reason}; name a PEM file there, "
            "or in SOURCES__INCORTA__CA_BUNDLE."
        )


def _check_proxy(proxy: str) -> None:
    """Checks the URL of a proxy.

    Raises:
        InvalidSettingError: the proxy cannot be used. The message omits the URL, which may contain
            a password.
    """
    url = proxy if "://" in proxy else f"http://{proxy}"  # as requests interprets it
    try:
        scheme, host = urlsplit(url).scheme, urlsplit(url).hostname
        has_port = urlsplit(url).port != 0
    except ValueError:
        scheme, host, has_port = "http", None, False
    if scheme not in _PROXY_SCHEMES:
        reason = f"'{scheme}' is not a proxy scheme"
    elif not host or not has_port:
        reason = "it is not the URL of a host"
    elif scheme.startswith("socks") and find_spec("socks") is None:
        reason = "a SOCKS proxy needs the package PySocks"
    else:
        return
    raise InvalidSettingError(
        f"The proxy that HTTPS_PROXY or ALL_PROXY names cannot be used ({reason}); correct it, or "
        "name the cluster in NO_PROXY."
    )
