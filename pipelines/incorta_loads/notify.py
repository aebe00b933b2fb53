"""Messages to people, through Apprise: a chat, a mail, a webhook, whatever its URLs name.

A URL of Apprise is a secret, since it has what it takes to write there. It is never shown: a
receiver is named by its place in the list and by the beginning of its hash.
"""

from __future__ import annotations

import hashlib
import logging
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
            self._by_name[_name(url)] = receiver

    @property
    def names(self) -> list[str]:
        """All of them, without what is secret."""
        return list(self._by_name)

    def tell(self, message: Message, names: Sequence[str]) -> list[str]:
        """Sends a message to some of them; returns those that did not take it."""
        missed = []
        for name in names:
            if name in self._by_name and not _send(self._by_name[name], message):
                missed.append(name)
                logger.warning(
                    "receiver %d of %d in [sources.incorta.notify] urls did not take the "
                    "notification; the next run tries again",
                    self.names.index(name) + 1,
                    len(self._by_name),
                )
        return missed


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
