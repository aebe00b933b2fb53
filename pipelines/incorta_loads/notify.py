"""Messages to people, through Apprise: a chat, a mail, a webhook, whatever its URLs name.

A URL of Apprise is a secret, since it has what it takes to write there. It is never shown: a
receiver is named by its place in the list and by the beginning of its hash.
"""

from __future__ import annotations

import hashlib
import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from incorta_loads.errors import InvalidSettingError

if TYPE_CHECKING:
    import apprise

logger = logging.getLogger(__name__)

_MOST_SECONDS = 30.0
"""A receiver that takes longer did not take the message."""

_NAME_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Message:
    """A message as plain text.

    Attributes:
        title: in one line.
        body: the rest.
        is_bad_news: which some receivers show in another colour.
    """

    title: str
    body: str
    is_bad_news: bool


class Receivers:
    """Who gets messages.

    Args:
        urls: of Apprise.

    Raises:
        InvalidSettingError: Apprise does not know what one means.
    """

    def __init__(self, urls: Sequence[str]) -> None:
        self._by_name: dict[str, apprise.NotifyBase] = {}
        self._down: set[str] = set()
        if not urls:
            return
        import apprise  # noqa: PLC0415 (0.1 s, which only who notifies should pay)

        for number, url in enumerate(urls, 1):
            receiver = apprise.Apprise.instantiate(url, suppress_exceptions=True)
            if not isinstance(receiver, apprise.NotifyBase):
                raise InvalidSettingError(
                    f"URL {number} of {len(urls)} in the setting urls under "
                    "[sources.incorta.notify] is none that Apprise knows (it is not shown here, "
                    "since it may hold a secret); its forms are listed at "
                    "https://github.com/caronc/apprise/wiki."
                )
            _wait_longer(receiver)
            self._by_name[_name(url)] = receiver

    @property
    def names(self) -> list[str]:
        """All of them, without what is secret."""
        return list(self._by_name)

    def tell(self, message: Message, names: Sequence[str]) -> list[str]:
        """Sends a message to some of them; returns those that did not take it.

        Who did not take one is not asked to take another: each may cost half a minute.
        """
        return [each for each in names if each in self._by_name and not self._takes(each, message)]

    def _takes(self, name: str, message: Message) -> bool:
        if name in self._down:
            return False
        if _send(self._by_name[name], message):
            return True
        self._down.add(name)
        logger.warning(
            "receiver %d of %d in [sources.incorta.notify] urls did not take the notification; "
            "the next run tries again",
            self.names.index(name) + 1,
            len(self._by_name),
        )
        return False


def is_still_sending() -> bool:
    """Whether a receiver that was given up still holds a thread of this process."""
    if "apprise" not in sys.modules:
        return False
    from apprise.apprise import any_abandoned_calls_still_running  # noqa: PLC0415 (it is there)

    return bool(any_abandoned_calls_still_running())


def _wait_longer(receiver: apprise.NotifyBase) -> None:
    """Apprise waits four seconds; what is taken without an answer would be sent by each run.

    `rto` and `cto` in the URL go before.
    """
    usual = type(receiver)
    if receiver.socket_read_timeout == usual.socket_read_timeout:
        receiver.socket_read_timeout = _MOST_SECONDS
    if receiver.socket_connect_timeout == usual.socket_connect_timeout:
        receiver.socket_connect_timeout = _MOST_SECONDS


def _send(receiver: apprise.NotifyBase, message: Message) -> bool:
    import apprise  # noqa: PLC0415 (as above)

    service = apprise.Apprise()
    service.add(receiver)
    kind = apprise.NotifyType.FAILURE if message.is_bad_news else apprise.NotifyType.SUCCESS
    try:
        return bool(
            service.notify(
                body=message.body,
                title=message.title,
                notify_type=kind,
                body_format=apprise.NotifyFormat.TEXT,
                timeout=_MOST_SECONDS,
            )
        )
    except Exception as error:  # noqa: BLE001 (a plugin of Apprise must not end a run)
        logger.debug("the notification failed: %r", error)
        return False


def _name(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()[:_NAME_DIGITS]
