"""Rules of the one function that loads the settings."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import certifi
import pytest

from incorta_loads.config.secret_values import secret_values
from incorta_loads.config.settings import (
    Settings,
    alert_levels,
    load_settings,
    lock_timeout_seconds,
    probing,
)
from incorta_loads.errors import InvalidSettingError, MissingSettingError

TOKEN = "ABC123.secret-token/456"
URL = "https://my-cluster.cloud.incorta.com"

Configure = Callable[..., None]
Write = Callable[..., None]

pytestmark = pytest.mark.usefixtures("write")


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Configure:
    """Sets environment variables of `[sources.incorta]`; the three required ones have defaults."""

    def set_all(**given: str | None) -> None:
        required = {"cluster_url": URL, "tenant": "default", "token": TOKEN}
        for name, value in (required | given).items():
            if value is not None:
                monkeypatch.setenv(f"SOURCES__INCORTA__{name.upper()}", value)

    return set_all


def refusal(**explicit: object) -> str:
    """The message of the error for invalid settings, which never shows the token."""
    with pytest.raises(InvalidSettingError) as raised:
        load_settings(explicit)
    assert TOKEN not in str(raised.value)
    return str(raised.value)


# --- Sources of values ----------------------------------------------------------------------------


def test_the_defaults(configure: Configure) -> None:
    """All defaults, if only the three required settings are given."""
    configure()
    assert load_settings() == Settings(
        cluster_url="https://my-cluster.cloud.incorta.com/incorta",
        tenant="default",
        token=TOKEN,
        cluster="my-cluster.cloud.incorta.com",
        concurrency=4,
        max_attempts=5,
        timeout_seconds=60.0,
        first_id=1,
        probe_gap=20,
        allow_http=False,
        ca_bundle=None,
        max_body_mib=32.0,
        lock_timeout_seconds=60.0,
    )
    assert load_settings().total_seconds == 180.0


ALL = Settings(
    cluster_url="http://incorta.example:8080/app",
    tenant="Größe/1",
    token=TOKEN,
    cluster="production",
    concurrency=64,
    max_attempts=1,
    timeout_seconds=0.5,
    first_id=0,
    probe_gap=1_000_000,
    allow_http=True,
    ca_bundle="ca.pem",
    max_body_mib=0.25,
    lock_timeout_seconds=0.0,
    regression_level=0.05,
    notify_level=0.01,
)


def test_every_setting_is_read_from_the_environment(configure: Configure, tmp_path: Path) -> None:
    """`SOURCES__INCORTA__…` sets each of them; blanks around values are removed."""
    shutil.copyfile(certifi.where(), tmp_path / "ca.pem")
    configure(
        cluster_url=" http://incorta.example:8080/app ",
        tenant="Größe/1 ",
        cluster=" production",
        concurrency=" 64",
        max_attempts="1 ",
        timeout_seconds="0.5",
        first_id="0",
        probe_gap="1000000",
        allow_http=" True ",
        ca_bundle="ca.pem",
        max_body_mib="0.25",
        lock_timeout_seconds="0",
        regression_level="0.05",
        notify_level="1e-2",
    )
    assert load_settings() == replace(ALL, ca_bundle=str(tmp_path / "ca.pem"))


def test_every_setting_is_read_from_the_files_of_dlt(write: Write, tmp_path: Path) -> None:
    """`.dlt/config.toml` and, for the token, `.dlt/secrets.toml`, with the types of TOML."""
    shutil.copyfile(certifi.where(), tmp_path / "ca.pem")
    write(
        """
        [sources.incorta]
        cluster_url = "http://incorta.example:8080/app"
        tenant = "Größe/1"
        cluster = "production"
        concurrency = 64
        max_attempts = 1
        timeout_seconds = 0.5
        first_id = 0
        probe_gap = 1_000_000
        allow_http = true
        ca_bundle = "ca.pem"
        max_body_mib = 0.25
        lock_timeout_seconds = 0
        regression_level = 0.05
        notify_level = 0.01
        """,
        f'[sources.incorta]\ntoken = "{TOKEN}"\n',
    )
    assert load_settings() == replace(ALL, ca_bundle=str(tmp_path / "ca.pem"))
    assert secret_values() == [TOKEN]
    assert lock_timeout_seconds() == 0.0
    assert probing() == {"first_id": 0, "probe_gap": 1_000_000}
    assert alert_levels() == {"regression_level": 0.05, "notify_level": 0.01}


def test_what_is_notified_counts_as_worse(configure: Configure) -> None:
    """A notification about a table that `regressions` does not show would be a riddle."""
    configure(notify_level="0.01")
    for read in (load_settings, alert_levels):
        with pytest.raises(
            InvalidSettingError, match=r"notify_level.* is 0.01, which is more than"
        ):
            read()


def test_the_command_reads_the_files_of_its_working_directory(tmp_path: Path) -> None:
    """A separate process reads them, without any variable in its environment."""
    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt" / "config.toml").write_text(
        f'[sources.incorta]\ncluster_url = "{URL}"\ntenant = "default"\n'
        '[destination.duckdb]\ncredentials = "data/loads.duckdb"\n'
    )
    (tmp_path / ".dlt" / "secrets.toml").write_text(f'[sources.incorta]\ntoken = "{TOKEN}"\n')
    code = (
        "from incorta_loads.config.paths import database_path; "
        "from incorta_loads.config.settings import load_settings; settings = load_settings(); "
        "print(settings.cluster_url, settings.tenant, settings.token, database_path())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"HOME": str(tmp_path), "RUNTIME__DLTHUB_TELEMETRY": "false"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{URL}/incorta default {TOKEN} {tmp_path}/data/loads.duckdb\n"


def test_the_environment_overrides_the_files(write: Write, configure: Configure) -> None:
    """An explicit value overrides both; None counts as not given."""
    write('[sources.incorta]\ntenant = "of the file"\ncluster = "of the file"\nfirst_id = 7\n')
    configure(tenant="of the environment", cluster="of the environment")
    settings = load_settings({"cluster": "given", "tenant": None, "concurrency": 2})
    assert (settings.tenant, settings.cluster, settings.first_id, settings.concurrency) == (
        "of the environment",
        "given",
        7,
        2,
    )


@pytest.mark.parametrize("blank", ["", " ", "\t\n"])
def test_blank_values_count_as_missing(write: Write, configure: Configure, blank: str) -> None:
    """A blank variable is ignored: the file is read, and then the default applies."""
    write('[sources.incorta]\ntenant = "of the file"\n', f'[sources.incorta]\ntoken = "{TOKEN}"\n')
    names = {each.name for each in fields(Settings)} - {"cluster_url"}
    configure(**dict.fromkeys(names, blank))
    assert load_settings() == Settings(
        cluster_url=f"{URL}/incorta",
        tenant="of the file",
        token=TOKEN,
        cluster="my-cluster.cloud.incorta.com",
    )
    assert (lock_timeout_seconds(), probing()) == (60.0, {"first_id": 1, "probe_gap": 20})


@pytest.mark.parametrize(
    ("name", "file"),
    [("cluster_url", "config"), ("tenant", "config"), ("token", "secrets")],
)
@pytest.mark.parametrize("blank", [None, "", "  "])
def test_a_missing_setting_lists_the_searched_places(
    configure: Configure, name: str, file: str, blank: str | None
) -> None:
    """The error names the environment variable and the file for the setting."""
    configure(**{name: blank})
    with pytest.raises(MissingSettingError) as raised:
        load_settings()
    assert str(raised.value) == (
        f"No {name} is set: looked for the environment variable SOURCES__INCORTA__{name.upper()} "
        f"and for `{name}` under [sources.incorta] in .dlt/{file}.toml; set one of them."
    )


@pytest.mark.parametrize("prefix", ["", "INCORTA__", "SOURCES__", "SOURCES__INCORTA__INCORTA__"])
def test_variables_without_the_prefix_are_ignored(
    monkeypatch: pytest.MonkeyPatch, prefix: str
) -> None:
    """dlt's own lookup would use a TOKEN that belongs to another program."""
    for name, value in {"token": TOKEN, "tenant": "stray", "cluster_url": URL}.items():
        monkeypatch.setenv(prefix + name.upper(), value)
    with pytest.raises(MissingSettingError, match="No cluster_url is set"):
        load_settings()
    assert secret_values() == []


def test_variables_for_cluster_and_concurrency_without_prefix_are_ignored(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CLUSTER and CONCURRENCY are not settings of this program."""
    for name in ("CLUSTER", "SOURCES__CLUSTER", "CONCURRENCY", "DATABASE", "CREDENTIALS"):
        monkeypatch.setenv(name, "7")
    configure()
    settings = load_settings()
    assert (settings.cluster, settings.concurrency) == ("my-cluster.cloud.incorta.com", 4)


def test_an_unreadable_file_is_reported(write: Write, tmp_path: Path) -> None:
    """A token without quotation marks is the usual error: its position is shown, not the token."""
    code = "from incorta_loads.config.secret_values import *; "
    code += "from incorta_loads.config.settings import *; "
    code += "print(secret_values()); load_settings()"
    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt" / "secrets.toml").write_text(f"[sources.incorta]\ntoken = {TOKEN}\n")
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"HOME": str(tmp_path), "RUNTIME__DLTHUB_TELEMETRY": "false"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "[]\n"
    last = done.stderr.splitlines()[-1]
    assert last.startswith(
        "incorta_loads.errors.InvalidSettingError: The configuration of dlt cannot be read "
        "(A problem encountered when loading secrets.toml from paths ['./.dlt/secrets.toml', "
    )
    assert last.endswith("Unexpected character: 'A' at line 2 col 8); correct it and try again.")
    assert TOKEN not in done.stderr


# --- The token -----------------------------------------------------------------------------------


def test_the_token_is_not_shown(configure: Configure) -> None:
    """Settings may be printed without revealing the token."""
    configure()
    settings = load_settings()
    assert settings.token == TOKEN
    assert TOKEN not in repr(settings)
    assert TOKEN not in str(settings)
    assert "tenant='default'" in repr(settings)


@pytest.mark.parametrize(
    "token",
    [
        f"{TOKEN[:5]} {TOKEN[5:]}",
        f"{TOKEN[:5]}\n{TOKEN[5:]}",
        f"{TOKEN}ö",
        f"{TOKEN}\udcff",
        f"{TOKEN}\x7f",
    ],
)
def test_an_impossible_token_is_refused(configure: Configure, token: str) -> None:
    """Blanks, line breaks and non-ASCII characters are reported without showing any of it."""
    configure(token=token)
    message = refusal()
    assert message == (
        "The setting token (SOURCES__INCORTA__TOKEN) contains blanks, line ends or characters "
        "outside ASCII, which no access token has; copy it again (it is not shown here)."
    )
    assert secret_values() == [token]


@pytest.mark.parametrize(
    "given", ["{}\n", "{}\r\n", " {}", "{}\u00a0", '"{}"', "'{}'", '"{}"\r\n', "{}\n\n"]
)
def test_line_ends_and_quotes_around_a_value_are_removed(configure: Configure, given: str) -> None:
    """A mounted secret ends with a line break, and an env file keeps its quotation marks."""
    configure(token=given.format(TOKEN), tenant=given.format("Größe 1"))
    settings = load_settings()
    assert (settings.token, settings.tenant) == (TOKEN, "Größe 1")
    assert secret_values() == [TOKEN]
    assert load_settings({"token": given.format("other")}).token == "other"


def test_a_token_of_digits_is_accepted(write: Write) -> None:
    """It is accepted even if TOML parses it as a number."""
    write(
        f'[sources.incorta]\ncluster_url = "{URL}"\ntenant = 1\n',
        "[sources.incorta]\ntoken = 12345\n",
    )
    settings = load_settings()
    assert (settings.token, settings.tenant, secret_values()) == ("12345", "1", ["12345"])


# --- URL and name of the cluster ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "url", "cluster"),
    [
        ("https://h.example", "https://h.example/incorta", "h.example"),
        ("https://h.example/", "https://h.example/incorta", "h.example"),
        ("https://h.example/incorta", "https://h.example/incorta", "h.example"),
        ("https://h.example/incorta/", "https://h.example/incorta", "h.example"),
        ("https://h.example/Incorta", "https://h.example/Incorta", "h.example/Incorta"),
        ("https://h.example/a/b//", "https://h.example/a/b", "h.example/a/b"),
        ("HTTPS://H.Example:443/A", "https://h.example/A", "h.example/A"),
        ("https://h.example:8443", "https://h.example:8443/incorta", "h.example:8443"),
        ("https://h.example:80/x", "https://h.example:80/x", "h.example:80/x"),
        ("https://h.example:", "https://h.example/incorta", "h.example"),
        ("https://[2001:DB8::1]:443", "https://[2001:db8::1]/incorta", "[2001:db8::1]"),
        ("https://[2001:db8::1]:8443/", "https://[2001:db8::1]:8443/incorta", "[2001:db8::1]:8443"),
        ("https://10.0.0.1", "https://10.0.0.1/incorta", "10.0.0.1"),
        ("http://localhost", "http://localhost/incorta", "localhost"),
        ("http://LOCALHOST:80", "http://localhost/incorta", "localhost"),
        ("http://localhost:443", "http://localhost:443/incorta", "localhost:443"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/incorta", "127.0.0.1:8080"),
        ("http://127.255.0.9", "http://127.255.0.9/incorta", "127.255.0.9"),
        ("http://[::1]:8080", "http://[::1]:8080/incorta", "[::1]:8080"),
    ],
)
def test_accepted_forms_of_the_url(
    configure: Configure, given: str, url: str, cluster: str
) -> None:
    """`/incorta` is added if there is no path; the cluster's name is the distinguishing part."""
    configure(cluster_url=given)
    settings = load_settings()
    assert (settings.cluster_url, settings.cluster) == (url, cluster)


@pytest.mark.parametrize(
    "given",
    [
        "my-cluster.cloud.incorta.com",
        "//h.example",
        "ftp://h.example",
        "file:///etc/passwd",
        "https://",
        "https:///incorta",
        "https:h.example",
        "https://:443",
        "https://h.example:port",
        "https://h.example:65536",
        "https://h.example:-1",
        "https://[::1",
        "https://[fe80::1%25eth0]",
        "https://h ost",
        "https://h%2eexample",
        "https://h.example\\x",
        "incorta",
    ],
)
def test_an_invalid_url_is_shown_with_an_example(configure: Configure, given: str) -> None:
    """The error shows the value and an example of a valid URL."""
    configure(cluster_url=given)
    assert refusal() == (
        f"The setting cluster_url (SOURCES__INCORTA__CLUSTER_URL) is '{given}'; it must look like "
        "https://my-cluster.cloud.incorta.com."
    )


@pytest.mark.parametrize(
    "given",
    [
        f"https://user:{TOKEN}@h.example",
        f"https://{TOKEN}@h.example/incorta",
        f"user:{TOKEN}@h.example",
        f"https://h.example/incorta?token={TOKEN}",
        f"h.example?token={TOKEN}",
        f"https://h.example#{TOKEN}",
        f"https://h.example:port?{TOKEN}",
    ],
)
def test_a_url_that_may_contain_secrets_is_not_shown(configure: Configure, given: str) -> None:
    """User names, passwords, queries and fragments may contain secrets."""
    configure(cluster_url=given)
    assert refusal() == (
        "The setting cluster_url (SOURCES__INCORTA__CLUSTER_URL) must consist of scheme, host "
        "and base path, without user name, password, query or fragment."
    )


@pytest.mark.parametrize(
    ("given", "host"),
    [
        ("http://h.example", "h.example"),
        ("http://localhost.example", "localhost.example"),
        ("http://127.0.0.1.example", "127.0.0.1.example"),
        ("http://128.0.0.1", "128.0.0.1"),
        ("http://0.0.0.0", "0.0.0.0"),
        ("http://2130706433", "2130706433"),
        ("http://[::2]:80", "::2"),
        ("HTTP://10.0.0.1", "10.0.0.1"),
    ],
)
def test_plain_http_is_allowed_for_loopback_only(
    configure: Configure, given: str, host: str
) -> None:
    """Other hosts need `allow_http`, since the token could be read on the network."""
    configure(cluster_url=given)
    assert refusal() == (
        f"The setting cluster_url (SOURCES__INCORTA__CLUSTER_URL) uses plain HTTP to {host}, which "
        "would expose the token to the network; use https://, or set allow_http = true where that "
        "is acceptable."
    )
    refused = f"{'[' + host + ']' if ':' in host else host}"
    settings = load_settings({"allow_http": True})
    assert settings.cluster_url == f"http://{refused}/incorta"
    assert settings.cluster == refused


def test_the_cluster_setting_overrides_the_name(configure: Configure) -> None:
    """The name is used as written, whatever the URL."""
    configure(cluster="Prod EU/1", cluster_url="https://h.example:8443/x")
    assert load_settings().cluster == "Prod EU/1"


# --- Numbers, switches, files --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("concurrency", "four", "a whole number"),
        ("concurrency", "4.0", "a whole number"),
        ("concurrency", "1e2", "a whole number"),
        ("concurrency", "True", "a whole number"),
        ("max_attempts", "5 5", "a whole number"),
        ("first_id", "0x10", "a whole number"),
        ("probe_gap", "20;", "a whole number"),
        ("timeout_seconds", "1 min", "a number"),
        ("max_body_mib", "32 MiB", "a number"),
        ("lock_timeout_seconds", "1,5", "a number"),
        ("allow_http", "maybe", "true or false"),
        ("allow_http", "on", "true or false"),
        ("allow_http", "2", "true or false"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused(
    configure: Configure, name: str, value: str, kind: str
) -> None:
    """The error shows the setting, its variable, the value and the expected type."""
    configure(**{name: value})
    assert refusal() == (
        f"The setting {name} (SOURCES__INCORTA__{name.upper()}) is '{value}'; it must be {kind}."
    )


@pytest.mark.parametrize(
    ("name", "lowest", "highest", "bounds"),
    [
        ("concurrency", 1, 64, "1 and 64"),
        ("max_attempts", 1, 100, "1 and 100"),
        ("timeout_seconds", 0.001, 3600, "0.001 and 3,600"),
        ("first_id", 0, 2**63 - 1, "0 and 9,223,372,036,854,775,807"),
        ("probe_gap", 1, 1_000_000, "1 and 1,000,000"),
        ("max_body_mib", 0.001, 1024, "0.001 and 1,024"),
        ("lock_timeout_seconds", 0, 86_400, "0 and 86,400"),
    ],
)
def test_numbers_have_bounds(
    configure: Configure, name: str, lowest: float, highest: float, bounds: str
) -> None:
    """Both bounds are allowed; the next numbers beyond them are not."""
    step = 1 if isinstance(lowest, int) else 0.0005
    for value in (lowest, highest):
        configure(**{name: str(value)})
        assert getattr(load_settings(), name) == value
    for value in (lowest - step, highest + step):
        configure(**{name: str(value)})
        assert refusal() == (
            f"The setting {name} (SOURCES__INCORTA__{name.upper()}) is {value}; it must be "
            f"between {bounds}."
        )


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_numbers_are_finite(configure: Configure, value: str) -> None:
    """NaN and infinity, which Python parses as numbers, are refused."""
    configure(timeout_seconds=value)
    assert refusal() == (
        f"The setting timeout_seconds (SOURCES__INCORTA__TIMEOUT_SECONDS) is {value}; it must be "
        "between 0.001 and 3,600."
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("true", True),
        ("TRUE", True),
        ("1", True),
        ("Yes", True),
        ("false", False),
        ("False", False),
        ("0", False),
        ("no", False),
    ],
)
def test_switches_accept_words_for_true_and_false(
    configure: Configure, value: str, expected: bool
) -> None:
    """Upper and lower case are the same."""
    configure(allow_http=value)
    assert load_settings().allow_http is expected


def test_explicit_values_are_validated_too(configure: Configure) -> None:
    """They are validated like configured values, whatever their type."""
    configure()
    assert load_settings({"concurrency": 8, "timeout_seconds": 5, "allow_http": False}) == Settings(
        cluster_url=f"{URL}/incorta",
        tenant="default",
        token=TOKEN,
        cluster="my-cluster.cloud.incorta.com",
        concurrency=8,
        timeout_seconds=5.0,
    )
    assert refusal(concurrency=0) == (
        "The setting concurrency (SOURCES__INCORTA__CONCURRENCY) is 0; it must be between 1 and 64."
    )


@pytest.mark.parametrize("name", ["nowhere.pem", "."])
def test_an_unreadable_bundle_is_refused(configure: Configure, name: str) -> None:
    """A missing file, or a path that is not a file, is reported with the system's reason."""
    configure(ca_bundle=name)
    reason = {
        "nowhere.pem": "which cannot be read (No such file or directory)",
        ".": "which is not a file",
    }[name]
    assert refusal() == (
        f"The setting ca_bundle (SOURCES__INCORTA__CA_BUNDLE) is '{name}', {reason}; name a PEM "
        "file."
    )


@pytest.mark.parametrize("content", [b"", b"\x30\x82\x01\x0a", b"-----BEGIN CERTIFICATE-----\n"])
def test_a_bundle_without_certificates_is_refused(
    configure: Configure, tmp_path: Path, content: bytes
) -> None:
    """An empty, DER-encoded or truncated bundle is reported before any request."""
    (tmp_path / "ca.pem").write_bytes(content)
    configure(ca_bundle="ca.pem")
    assert refusal() == (
        "The setting ca_bundle (SOURCES__INCORTA__CA_BUNDLE) is 'ca.pem', which holds no "
        "certificate in PEM form; name a PEM file."
    )


def test_loading_settings_does_not_change_the_environment(configure: Configure) -> None:
    """Settings are only read."""
    configure()
    before = dict(os.environ)
    load_settings()
    assert dict(os.environ) == before


@pytest.mark.parametrize("tenant", [".", ".."])
def test_a_tenant_that_would_change_the_url_path_is_refused(
    configure: Callable[..., None], tenant: str
) -> None:
    """A tenant such as `..` would send the request to another address."""
    configure(cluster_url=URL, tenant=tenant, token=TOKEN)
    with pytest.raises(InvalidSettingError, match=r"The setting tenant .* is '"):
        load_settings()
