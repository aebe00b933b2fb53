"""Rules for local faults that prevent any request: they are reported before the first one."""

from __future__ import annotations

from pathlib import Path

import certifi
import pytest

from incorta_loads.config.settings import load_settings
from incorta_loads.endpoint.exchange import Exchanges
from incorta_loads.errors import InvalidSettingError

TLS = "https://incorta.example"
PLAIN = "http://127.0.0.1:9"
VARIABLES = ("HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*VARIABLES, *(each.lower() for each in VARIABLES)):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def bundles(tmp_path: Path) -> Path:
    """A directory with valid and invalid files of certificates."""
    (tmp_path / "empty.pem").touch()
    (tmp_path / "der.pem").write_bytes(b"\x30\x82\x01\x0a")
    (tmp_path / "good.pem").write_bytes(Path(certifi.where()).read_bytes())
    return tmp_path


def exchanges(url: str = TLS, **given: object) -> None:
    Exchanges(load_settings({"cluster_url": url, "tenant": "t", "token": "s3cret"} | given)).close()


def refusal() -> str:
    with pytest.raises(InvalidSettingError) as raised:
        exchanges()
    return str(raised.value)


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nowhere.pem", "which cannot be read (No such file or directory)"),
        ("empty.pem", "which holds no certificate in PEM form"),
        ("der.pem", "which holds no certificate in PEM form"),
    ],
)
def test_an_invalid_bundle_in_the_environment_is_reported(
    monkeypatch: pytest.MonkeyPatch, bundles: Path, variable: str, name: str, reason: str
) -> None:
    """The error names the variable, the file and the reason, not an unavailable cluster."""
    monkeypatch.setenv(variable, str(bundles / name))
    assert refusal() == (
        f"REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE is '{bundles / name}', {reason}; name a PEM file "
        "there, or in SOURCES__INCORTA__CA_BUNDLE."
    )
    exchanges(ca_bundle=str(bundles / "good.pem"))  # overrides the variable
    exchanges(PLAIN)  # needs no certificates


@pytest.mark.parametrize("name", ["good.pem", "."])
def test_a_file_or_directory_of_certificates_is_accepted(
    monkeypatch: pytest.MonkeyPatch, bundles: Path, name: str
) -> None:
    """OpenSSL accepts both."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundles / name))
    exchanges()


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
@pytest.mark.parametrize(
    ("proxy", "reason"),
    [
        ("foo://user:hidden@proxy:1", "'foo' is not a proxy scheme"),
        ("htps://proxy:1", "'htps' is not a proxy scheme"),
        ("http://", "it is not the URL of a host"),
        ("http://user:hidden@proxy:notaport", "it is not the URL of a host"),
        ("http://[::1", "it is not the URL of a host"),
    ],
)
def test_an_invalid_proxy_is_reported(
    monkeypatch: pytest.MonkeyPatch, variable: str, proxy: str, reason: str
) -> None:
    """The error gives the reason but not the address, which may contain a password."""
    monkeypatch.setenv(variable, proxy)
    assert refusal() == (
        f"The proxy that HTTPS_PROXY or ALL_PROXY names cannot be used ({reason}); correct it, or "
        "name the cluster in NO_PROXY."
    )
    exchanges(PLAIN)  # uses no proxy
    monkeypatch.setenv("NO_PROXY", "incorta.example")
    exchanges()


@pytest.mark.parametrize("proxy", ["http://proxy:3128", "https://u:p@proxy", "proxy:3128", "proxy"])
def test_a_valid_proxy_is_accepted(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    """Whether the proxy is reachable is not checked."""
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    exchanges()
