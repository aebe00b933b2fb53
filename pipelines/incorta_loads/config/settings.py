"""The settings under `[sources.incorta]`: read, checked and completed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import chain
from pathlib import Path
from typing import Any

from incorta_loads.choices import LogFormat
from incorta_loads.config.certificates import no_certificates
from incorta_loads.config.cluster_url import checked_url, cluster_name
from incorta_loads.config.lookup import (
    SECTION,
    environment_variable,
    is_blank,
    look_up,
    spelled,
    unwrapped,
)
from incorta_loads.config.paths import resolved
from incorta_loads.errors import InvalidSettingError, MissingSettingError
from incorta_loads.redaction import secrets_in_url


@dataclass(frozen=True)
class Settings:
    """How to reach the cluster, and how hard to try.

    Attributes:
        cluster_url: scheme, host and base path, without a slash at the end.
        tenant: case-sensitive, as the cluster writes it.
        token: access token of Public API v2; a secret.
        cluster: the name under which rows are kept.
        concurrency: requests in flight at a time, at most.
        max_attempts: requests per id, the first included.
        timeout_seconds: for connecting, and for the whole of one answer.
        first_id: where an empty warehouse begins.
        probe_gap: ids in a row without an execution after which the newest is taken to be found.
        allow_http: plain HTTP to hosts that are not loopback.
        ca_bundle: PEM file of the authorities to trust instead of the public ones.
        max_body_mib: largest answer that is read, after decompression.
        lock_timeout_seconds: how long to wait for another process to let go of the warehouse.
    """

    cluster_url: str
    tenant: str
    token: str = field(repr=False)
    cluster: str = ""
    concurrency: int = 4
    max_attempts: int = 5
    timeout_seconds: float = 60.0
    first_id: int = 1
    probe_gap: int = 20
    allow_http: bool = False
    ca_bundle: str | None = None
    max_body_mib: float = 32.0
    lock_timeout_seconds: float = 60.0

    @property
    def total_seconds(self) -> float:
        """The longest that all attempts for one id may take together."""
        return self.timeout_seconds * 3


SETTINGS = (
    *(setting.name for setting in fields(Settings)),
    *("log_format", "publish_dir", "models.status_outcomes", "models.type_roles", "notify.urls"),
)
"""All there are under [sources.incorta]."""

_LOWEST: dict[str, float] = {
    "concurrency": 1,
    "max_attempts": 1,
    "timeout_seconds": 0.001,
    "first_id": 0,
    "probe_gap": 1,
    "max_body_mib": 0.001,
    "lock_timeout_seconds": 0,
}
_HIGHEST: dict[str, float] = {
    "concurrency": 64,
    "max_attempts": 100,
    "timeout_seconds": 3600,
    "first_id": 2**63 - 1,
    "probe_gap": 1_000_000,
    "max_body_mib": 1024,
    "lock_timeout_seconds": 86_400,
}


def load_settings(explicit: Mapping[str, object] | None = None) -> Settings:
    """Reads, checks and completes the settings.

    Args:
        explicit: values that win over the configuration, by name; None means not given.

    Raises:
        MissingSettingError: with the places looked at.
        InvalidSettingError: with the value and what would be right; the token is never shown.
    """
    given = {name: value for name, value in (explicit or {}).items() if value is not None}
    values: dict[str, Any] = {}
    for setting in fields(Settings):
        value = given.get(setting.name, look_up(setting.name, *SECTION))
        value = unwrapped(value) if isinstance(value, str) else value
        if not is_blank(value):
            values[setting.name] = _converted(setting.name, str(setting.type), value)
    for required in ("cluster_url", "tenant", "token"):
        if required not in values:
            raise MissingSettingError(_missing(required))
    _check_token(values["token"])
    if values["tenant"] in (".", ".."):  # which a URL leaves out, however it is encoded
        raise InvalidSettingError(f"{spelled('tenant')} is '{values['tenant']}', which is none.")
    url = checked_url(
        values["cluster_url"],
        setting=spelled("cluster_url"),
        allow_http=values.get("allow_http", False),
    )
    values["cluster_url"] = url.geturl()
    values.setdefault("cluster", cluster_name(url))
    if bundle := values.get("ca_bundle"):
        path = resolved(bundle, "The file of certificates")
        if reason := "which is no file" if path.is_dir() else no_certificates(path):
            raise InvalidSettingError(
                f"{spelled('ca_bundle')} is '{bundle}', {reason}; name a PEM file."
            )
        values["ca_bundle"] = str(path)
    return Settings(**values)


def lock_timeout_seconds() -> float:
    """`lock_timeout_seconds` alone: commands that only read need no cluster."""
    return float(str(_one("lock_timeout_seconds")))


def probing() -> dict[str, object]:
    """`first_id` and `probe_gap` alone: where fetching looks for new executions."""
    return {name: _one(name) for name in ("first_id", "probe_gap")}


def status_outcomes_path() -> Path | None:
    """The user's CSV of status outcomes: `status_outcomes` under `[sources.incorta.models]`."""
    return _models_path("status_outcomes")


def type_roles_path() -> Path | None:
    """The user's CSV of type roles: `type_roles` under `[sources.incorta.models]`."""
    return _models_path("type_roles")


def _models_path(name: str) -> Path | None:
    value = look_up(name, *SECTION, "models")
    return None if value is None else resolved(str(value), f"The file of {name}")


def notify_urls() -> list[str]:
    """Who is told what broke: Apprise's URLs, `urls` under `[sources.incorta.notify]`; secrets.

    A list, or a text with blanks or commas between them.
    """
    value = look_up("urls", *SECTION, "notify")
    if value is None:
        return []
    from apprise.utils.parse import parse_urls  # noqa: PLC0415 (0.2 s; not for --help)

    texts = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    return [url for text in texts for url in parse_urls(str(text)) or [str(text)]]


def log_format() -> LogFormat:
    """What a log line is: `log_format`.

    Raises:
        InvalidSettingError: neither of the two.
    """
    try:
        value = look_up("log_format", *SECTION)
    except InvalidSettingError:  # whoever needs a setting says so
        return LogFormat.TEXT
    try:
        return LogFormat(str(value or LogFormat.TEXT).strip().lower())
    except ValueError:
        raise InvalidSettingError(
            f"{spelled('log_format')} is '{value}'; it must be text or json."
        ) from None


def _one(name: str) -> object:
    setting = next(each for each in fields(Settings) if each.name == name)
    value = look_up(name, *SECTION)
    return setting.default if value is None else _converted(name, str(setting.type), value)


def secret_values() -> list[str]:
    """Every secret that is configured, for those who must not write it."""
    try:
        token = look_up("token", *SECTION)
        urls = notify_urls()
    except InvalidSettingError:  # whoever needs a setting says so
        return []
    return [
        *([] if token is None else [str(token)]),
        *chain.from_iterable(map(secrets_in_url, urls)),
    ]


def _converted(name: str, type_name: str, value: object) -> object:
    text = str(value).strip() if not isinstance(value, str) or name != "token" else value
    try:
        if type_name == "bool":
            return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}[
                text.lower()
            ]
        number: float = {"int": int, "float": float}[type_name](text)
    except (ValueError, KeyError):
        if type_name.startswith("str"):
            return text
        kind = {"bool": "true or false", "int": "a whole number", "float": "a number"}[type_name]
        raise InvalidSettingError(f"{spelled(name)} is '{text}'; it must be {kind}.") from None
    if not _LOWEST[name] <= number <= _HIGHEST[name]:
        raise InvalidSettingError(
            f"{spelled(name)} is {text}; it must be between {_LOWEST[name]:,} "
            f"and {_HIGHEST[name]:,}."
        )
    return number


def _check_token(token: str) -> None:
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        raise InvalidSettingError(
            f"{spelled('token')} contains blanks, line ends or characters outside ASCII, which no "
            "access token has; copy it again (it is not shown here)."
        )


def _missing(name: str) -> str:
    secret = "secrets" if name == "token" else "config"
    return (
        f"No {name} is set: looked for the environment variable {environment_variable(name)} and "
        f"for `{name}` under [sources.incorta] in .dlt/{secret}.toml; set one of them."
    )
