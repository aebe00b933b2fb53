"""Reads, checks and completes the settings under `[sources.incorta]`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
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


@dataclass(frozen=True)
class Settings:
    """The cluster, and the limits of requests to it.

    Attributes:
        cluster_url: scheme, host and base path, without a trailing slash.
        tenant: name of the tenant; case-sensitive, as the cluster writes it.
        token: access token of Public API v2; a secret.
        cluster: name under which rows are stored.
        concurrency: maximum number of requests in flight.
        max_attempts: maximum number of requests per id, including the first.
        timeout_seconds: time limit for connecting, and for one whole response.
        first_id: first id to request if the warehouse is empty.
        probe_gap: consecutive missing ids after which probing stops.
        allow_http: whether plain HTTP is accepted for hosts that are not loopback.
        ca_bundle: PEM file of the authorities to trust instead of the public ones.
        max_body_mib: largest response that is read, in MiB after decompression.
        lock_timeout_seconds: how long to wait for another process to release the warehouse.
        clusters_at_once: from how many clusters to fetch at the same time.
        regression_level: largest p-value at which a table counts as worse than before.
        notify_level: largest p-value at which a notification reports that; not above
            `regression_level`.
        table: dots between the tables of a cluster of a fleet, below [sources.incorta]. It is
            no setting, but where they come from.
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
    clusters_at_once: int = 8
    regression_level: float = 0.001
    notify_level: float = 0.0001
    table: str = field(default="", metadata={"is_setting": False})

    def variable(self, name: str) -> str:
        """Returns the environment variable of a setting of this cluster."""
        return environment_variable(f"{self.table}.{name}" if self.table else name)

    @property
    def total_seconds(self) -> float:
        """Time limit for all attempts for one id together."""
        return self.timeout_seconds * 3


CLUSTER_FIELDS = tuple(each for each in fields(Settings) if each.metadata.get("is_setting", True))

SETTINGS = (
    *(setting.name for setting in CLUSTER_FIELDS),
    *("log_format", "publish_dir", "models.status_outcomes", "models.type_roles"),
    *("models.time_zone", "notify.urls", "publish_postgres"),
)
"""Names of all settings under [sources.incorta]."""

_LOWEST: dict[str, float] = {
    "concurrency": 1,
    "max_attempts": 1,
    "timeout_seconds": 0.001,
    "first_id": 0,
    "probe_gap": 1,
    "max_body_mib": 0.001,
    "lock_timeout_seconds": 0,
    "clusters_at_once": 1,
    "regression_level": 1e-9,
    "notify_level": 1e-9,
}
_HIGHEST: dict[str, float] = {
    "concurrency": 64,
    "max_attempts": 100,
    "timeout_seconds": 3600,
    "first_id": 2**63 - 1,
    "probe_gap": 1_000_000,
    "max_body_mib": 1024,
    "lock_timeout_seconds": 86_400,
    "clusters_at_once": 64,
    "regression_level": 0.5,
    "notify_level": 0.1,  # above it, a table is no longer worse
}


def load_settings(explicit: Mapping[str, object] | None = None) -> Settings:
    """Reads, checks and completes the settings.

    Args:
        explicit: values by name that override the configuration; None means not given.

    Raises:
        MissingSettingError: a required setting is missing. The message names the places searched.
        InvalidSettingError: a setting is not valid. The message names the value, except for the
            token, and what is expected.
    """
    given = {name: value for name, value in (explicit or {}).items() if value is not None}
    values: dict[str, Any] = {}
    for setting in CLUSTER_FIELDS:
        value = given.get(setting.name, look_up(setting.name, *SECTION))
        value = unwrapped(value) if isinstance(value, str) else value
        if not is_blank(value):
            values[setting.name] = _converted(setting.name, str(setting.type), value)
    for required in ("cluster_url", "tenant", "token"):
        if required not in values:
            raise MissingSettingError(_missing(required))
    _check_token(values["token"])
    if values["tenant"] in (".", ".."):  # URL parsers remove these segments, even percent-encoded
        raise InvalidSettingError(
            f"{spelled('tenant')} is '{values['tenant']}', which is not a tenant; set it to the "
            "name in Incorta's URL."
        )
    url = checked_url(
        values["cluster_url"],
        setting=spelled("cluster_url"),
        allow_http=values.get("allow_http", False),
    )
    values["cluster_url"] = url.geturl()
    values.setdefault("cluster", cluster_name(url))
    if bundle := values.get("ca_bundle"):
        path = resolved(bundle, "The file of certificates")
        if reason := "which is not a file" if path.is_dir() else no_certificates(path):
            raise InvalidSettingError(
                f"{spelled('ca_bundle')} is '{bundle}', {reason}; name a PEM file."
            )
        values["ca_bundle"] = str(path)
    settings = Settings(**values, table=str(given.get("table", "")))
    _check_levels(settings.regression_level, settings.notify_level)
    return settings


def lock_timeout_seconds() -> float:
    """Returns only `lock_timeout_seconds`, for commands that read and need no cluster."""
    return float(str(_one("lock_timeout_seconds")))


def probing() -> dict[str, object]:
    """Returns only `first_id` and `probe_gap`, which determine the ids to probe."""
    return {name: _one(name) for name in ("first_id", "probe_gap")}


def alert_levels() -> dict[str, object]:
    """Returns only `regression_level` and `notify_level`.

    Raises:
        InvalidSettingError: one is no probability, or a notification would report what does not
            count as worse.
    """
    regression, notify = (float(str(_one(name))) for name in ("regression_level", "notify_level"))
    _check_levels(regression, notify)
    return {"regression_level": regression, "notify_level": notify}


def _check_levels(regression: float, notify: float) -> None:
    if notify > regression:
        raise InvalidSettingError(
            f"{spelled('notify_level')} is {notify}, which is more than regression_level "
            f"({regression}); lower notify_level, or raise regression_level."
        )


def status_outcomes_path() -> Path | None:
    """Returns the user's CSV of status outcomes.

    The setting is `status_outcomes` under `[sources.incorta.models]`.
    """
    return _models_path("status_outcomes")


def type_roles_path() -> Path | None:
    """Returns the user's CSV of type roles: `type_roles` under `[sources.incorta.models]`."""
    return _models_path("type_roles")


def _models_path(name: str) -> Path | None:
    value = look_up(name, *SECTION, "models")
    return None if value is None else resolved(str(value), f"The file of {name}")


def time_zone() -> dict[str, object]:
    """Returns `time_zone` under `[sources.incorta.models]`, in which days are counted.

    Raises:
        InvalidSettingError: there is no such time zone.
    """
    value = look_up("time_zone", *SECTION, "models")
    if value is None:
        return {}
    from zoneinfo import available_timezones  # noqa: PLC0415 (reads many directories)

    name = str(value).strip()
    if name not in available_timezones():
        raise InvalidSettingError(
            f"time_zone under [sources.incorta.models] is '{name}', which is no name of the IANA "
            "time zone database; write it as in 'Europe/Berlin'."
        )
    return {"time_zone": name}


def notify_urls() -> list[str]:
    """Returns the Apprise URLs that receive alerts, which are secrets.

    The setting is `urls` under `[sources.incorta.notify]`: a list, or a text with blanks or commas
    between the URLs.
    """
    value = look_up("urls", *SECTION, "notify")
    if value is None:
        return []
    from apprise.utils.parse import parse_urls  # noqa: PLC0415 (0.2 s; not for --help)

    texts = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    return [url for text in texts for url in parse_urls(str(text)) or [str(text)]]


def postgres_url() -> str | None:
    """Returns `publish_postgres`, the PostgreSQL database to publish into, which is a secret.

    Raises:
        InvalidSettingError: it is not the address of a PostgreSQL database.
    """
    value = look_up("publish_postgres", *SECTION)
    if value is None:
        return None
    url = str(value).strip()
    if not url.startswith(("postgresql://", "postgres://")):
        raise InvalidSettingError(
            f"{spelled('publish_postgres')} must begin with postgresql:// (it is not shown, "
            "because it may contain a password)."
        )
    return url


def log_format() -> LogFormat:
    """Returns the format of log lines from the setting `log_format`.

    Raises:
        InvalidSettingError: the setting is neither `text` nor `json`.
    """
    try:
        value = look_up("log_format", *SECTION)
    except InvalidSettingError:  # reported by the code that needs a setting
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
