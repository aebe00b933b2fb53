"""Sends notifications through Apprise: to chats, mail, webhooks and whatever else its URLs name.

An Apprise URL is a secret, because it contains the right to write to the receiver. It is never
shown: a receiver is named by its position in the list and by the beginning of its hash.
"""

from __future__ import annotations

import hashlib
import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from incorta_loads.errors import InvalidSettingError

if TYPE_CHECKING:
    import apprise

logger = logging.getLogger(__name__)

_MOST_SECONDS = 30.0
"""A receiver that takes longer has missed the notification."""

_NAME_DIGITS = 12

_was_interrupted = False
"""Whether a signal ended the wait for receivers, which Apprise does not record."""


@dataclass(frozen=True, slots=True)
class Notification:
    """A notification as plain text.

    Attributes:
        title: one line.
        body: further lines.
        is_bad_news: shown in another color by some receivers.
    """

    title: str
    body: str
    is_bad_news: bool


class Receivers:
    """The receivers of notifications.

    Args:
        urls: Apprise URLs.

    Raises:
        InvalidSettingError: Apprise does not know what one means.
    """

    def __init__(self, urls: Sequence[str]) -> None:
        self._by_name: dict[str, apprise.NotifyBase] = {}
        self._down: set[str] = set()
        if not urls:
            return
        import apprise  # noqa: PLC0415 (takes 0.1 s; needed only with receivers)

        # A redirect is no delivery: its target would get the notification without the body, or a
        # stranger would get it. `redirect=yes` in a URL overrides this.
        asset = apprise.AppriseAsset(http_redirects=False)
        for number, url in enumerate(urls, 1):
            name = _name(url)
            receiver = apprise.Apprise.instantiate(
                url, asset=asset, tag=name, suppress_exceptions=True
            )
            if not isinstance(receiver, apprise.NotifyBase):
                raise InvalidSettingError(
                    f"URL {number} of {len(urls)} in the setting urls under "
                    "[sources.incorta.notify] is not a URL that Apprise supports (it is not shown, "
                    "because it may contain a secret); see https://github.com/caronc/apprise/wiki."
                )
            _wait_longer(receiver)
            self._by_name[name] = receiver

    @property
    def names(self) -> list[str]:
        """Names of all receivers, without secrets."""
        return list(self._by_name)

    def send(self, notification: Notification, names: Sequence[str]) -> list[str]:
        """Sends a notification to some receivers at once; returns those that missed it.

        A receiver that missed one is skipped from then on: each attempt may take half a minute.
        """
        known = [name for name in names if name in self._by_name]
        asked = {name: self._by_name[name] for name in known if name not in self._down}
        taken = _send(asked, notification) if asked else set()
        for name in [each for each in asked if each not in taken]:
            self._down.add(name)
            logger.warning(
                "receiver %d of %d in [sources.incorta.notify] urls did not take the "
                "notification; the next run tries again",
                self.names.index(name) + 1,
                len(self._by_name),
            )
        return [name for name in known if name not in taken]


def is_still_sending() -> bool:
    """Whether a receiver that was given up still holds a thread of this process."""
    if "apprise" not in sys.modules:
        return False
    from apprise.apprise import any_abandoned_calls_still_running  # noqa: PLC0415 (it is there)

    return _was_interrupted or bool(any_abandoned_calls_still_running())


def _wait_longer(receiver: apprise.NotifyBase) -> None:
    """Raises Apprise's timeout of four seconds, after which a slow receiver counts as missed.

    `rto` and `cto` in the URL take precedence.
    """
    usual = type(receiver)
    if receiver.socket_read_timeout == usual.socket_read_timeout:
        receiver.socket_read_timeout = _MOST_SECONDS
    if receiver.socket_connect_timeout == usual.socket_connect_timeout:
        receiver.socket_connect_timeout = _MOST_SECONDS


def _send(receivers: Mapping[str, apprise.NotifyBase], notification: Notification) -> set[str]:
    """Names of the receivers that confirmed it."""
    import apprise  # noqa: PLC0415 (as above)

    global _was_interrupted  # noqa: PLW0603 (global, as Apprise's threads are)
    service = apprise.Apprise(list(receivers.values()))
    kind = apprise.NotifyType.FAILURE if notification.is_bad_news else apprise.NotifyType.SUCCESS
    try:
        results = service.notify(
            body=notification.body,
            title=notification.title,
            notify_type=kind,
            body_format=apprise.NotifyFormat.TEXT,
            timeout=_MOST_SECONDS,
        )
        return {name for each in results if each for name in each.tag}
    except Exception as error:  # noqa: BLE001 (a plugin of Apprise must not end a run)
        logger.debug("the notification failed: %r", error)
        return set()
    except KeyboardInterrupt:
        _was_interrupted = True
        raise


def _name(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()[:_NAME_DIGITS]
