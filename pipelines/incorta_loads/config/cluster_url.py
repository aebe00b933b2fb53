"""Checks the URL of a cluster and derives the default name of the cluster from it."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from incorta_loads.errors import InvalidSettingError


def checked_url(text: str, *, setting: str, allow_http: bool) -> SplitResult:
    """Returns the URL in normal form: lower-case host, no default port, base path present.

    Args:
        text: the URL as configured.
        setting: name of the setting, with which the error message begins.
        allow_http: whether plain HTTP is accepted for hosts that are not loopback.

    Raises:
        InvalidSettingError: the URL is not valid; the message says what is expected.
    """
    if set("@?#") & set(text):
        raise InvalidSettingError(
            f"{setting} must consist of scheme, host and base path, "
            "without user name, password, query or fragment."
        )
    try:
        url = urlsplit(text)
        host, port = url.hostname, url.port
    except ValueError:
        host, port, url = None, None, urlsplit("")
    if url.scheme not in ("https", "http") or not host or not re.fullmatch(r"[^\s%\\]+", host):
        raise InvalidSettingError(
            f"{setting} is '{text}'; it must look like https://my-cluster.cloud.incorta.com."
        )
    if url.scheme == "http" and not (allow_http or is_loopback(host)):
        raise InvalidSettingError(
            f"{setting} uses plain HTTP to {host}, which would expose the token to the "
            "network; use https://, or set allow_http = true where that is acceptable."
        )
    netloc = f"[{host}]" if ":" in host else host
    if port is not None and port != {"https": 443, "http": 80}[url.scheme]:
        netloc += f":{port}"
    return SplitResult(url.scheme, netloc, url.path.rstrip("/") or "/incorta", "", "")


def is_loopback(host: str) -> bool:
    """Whether the name or address alone shows that the host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def cluster_name(url: SplitResult) -> str:
    """Returns the name under which rows are stored if no cluster name is configured."""
    return url.netloc + ("" if url.path == "/incorta" else url.path)
