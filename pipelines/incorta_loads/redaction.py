"""Removes secrets from everything that the program stores or prints.

A server may echo a secret unchanged, percent-encoded (in a URL), JSON- or HTML-escaped (in a body),
escaped character by character, in UTF-16, or truncated by the limit of a body. Each is replaced by
`REPLACEMENT`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Sequence
from functools import cache
from html.entities import html5
from typing import AnyStr
from urllib.parse import unquote

REPLACEMENT = "[redacted]"

_HTML_NAMES: dict[str, list[str]] = {}
for _name, _character in html5.items():
    _HTML_NAMES.setdefault(_character, []).append(_name)

_LEAST_CUT = 4
"""Minimum number of characters at the end of a text that count as a truncated secret."""

_MOST_SPELLING = 12

_LEAST_SECRET = 6
"""Minimum length of a part of a URL that counts as a secret."""
_MAYBE_NUL = r"\0?"
"""What may be between two characters, as in UTF-16."""

_OPEN = {"", "%", "\\", "&", b"", b"%", b"\\", b"&"}

_JSON_SHORT_ESCAPES = {'"': '"', "\\": "\\", "/": "/"} | dict(
    zip("\b\t\n\f\r", "btnfr", strict=True)
)


class Redactor:
    """Finds and replaces secrets in texts and bytes, however a server escaped them."""

    def __init__(self, secrets: Iterable[str]) -> None:
        # The longest first, so that a secret that starts with another one is replaced as a whole.
        known = sorted(filter(None, secrets), key=len, reverse=True)
        pattern = "|".join(map(_pattern, known))
        self._secrets = list(map(_bytes, known))
        self._text = re.compile(pattern)
        self._bytes = re.compile(_bytes(pattern))
        self._text_parts = [[_text_part(each) for each in secret] for secret in known]
        self._bytes_parts = [[_bytes_part(each) for each in secret] for secret in known]

    def clean_text(self, text: str) -> str:
        """Returns the text without the secrets."""
        if not self._secrets:
            return text
        text = self._text.sub(REPLACEMENT, text)
        end = min(_begin_of_cut_secret(text, parts) for parts in self._text_parts)
        return text if end == len(text) else text[:end] + REPLACEMENT

    def clean_bytes(self, body: bytes) -> bytes:
        """Returns the bytes without the secrets."""
        if not self._secrets:
            return body
        if self.found_in(body):
            body = self._bytes.sub(REPLACEMENT.encode(), body)
        end = min(_begin_of_cut_secret(body, parts) for parts in self._bytes_parts)
        return body if end == len(body) else body[:end] + REPLACEMENT.encode()

    def found_in(self, body: bytes) -> bool:
        """Returns whether the bytes contain a secret, escaped or not."""
        if any(secret in body for secret in self._secrets):
            return True
        # The pattern costs 40 ns a byte, so it is used only if something is escaped.
        may_be_escaped = any(sign in body for sign in (b"%", b"\\", b"&", b"\0"))
        return bool(self._secrets and may_be_escaped and self._bytes.search(body))


class RedactingFilter(logging.Filter):
    """Removes secrets from every log record, including tracebacks."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor
        self._formatter = logging.Formatter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Redacts the record in place and accepts it."""
        record.msg, record.args = self._redactor.clean_text(_message(record)), None
        if record.exc_info:
            record.exc_text = self._formatter.formatException(record.exc_info)
            record.exc_info = None
        if record.exc_text:
            record.exc_text = self._redactor.clean_text(record.exc_text)
        return True


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 (what logging itself would print then is not redacted)
        return f"{record.msg} {record.args}"


def secrets_in_url(url: str) -> list[str]:
    """Returns an Apprise URL and its parts, any of which may grant access to the receiver."""
    _, _, rest = url.partition("://")
    parts = re.split(r"[/?&=:@#;,\s]+", rest)
    decoded = [unquote(part) for part in parts]
    is_machine = re.compile(r"[\w-]+(\.[\w-]+)+|localhost|\d{,5}", re.ASCII).fullmatch
    long_enough = {each for each in (*parts, *decoded) if len(each) >= _LEAST_SECRET}
    return [url, *sorted(each for each in long_enough if not is_machine(each))]


@cache
def _text_part(character: str) -> re.Pattern[str]:
    return re.compile(_any_spelling(character) + _MAYBE_NUL)


@cache
def _bytes_part(character: str) -> re.Pattern[bytes]:
    return re.compile(_bytes(_any_spelling(character) + _MAYBE_NUL))


def _begin_of_cut_secret(text: AnyStr, parts: Sequence[re.Pattern[AnyStr]]) -> int:
    """Returns the index of a truncated secret at the end of a text, or the length of the text."""
    for begin in range(max(0, len(text) - _MOST_SPELLING * len(parts)), len(text)):
        position, found = begin, 0
        while found < len(parts) and (match := parts[found].match(text, position)):
            position, found = match.end(), found + 1
        rest = text[position:]
        is_cut = len(rest) < _MOST_SPELLING and rest[:1] in _OPEN
        if _LEAST_CUT <= found < len(parts) and is_cut:
            return begin
    return len(text)


def _pattern(secret: str) -> str:
    return _MAYBE_NUL.join(map(_any_spelling, secret))


def _any_spelling(character: str) -> str:
    r"""Returns a pattern for a character: unchanged, `%XX`, JSON's `\uXXXX` or `\/`, or `&#…;`."""
    percent = "".join(f"%{byte:02X}" for byte in _bytes(character))
    utf16 = character.encode("utf-16-be", "surrogatepass").hex()
    escapes = "".join(rf"\\u{utf16[i : i + 4]}" for i in range(0, len(utf16), 4))
    spellings = [f"(?i:{percent})", f"(?i:{escapes})"]
    spellings.append(rf"&#(?:0*{ord(character)}|[xX]0*(?i:{ord(character):x}));")
    spellings += [re.escape(f"&{name}") for name in _HTML_NAMES.get(character, [])]
    if character in _JSON_SHORT_ESCAPES:
        spellings.append(re.escape("\\" + _JSON_SHORT_ESCAPES[character]))
    spellings.append(re.escape(character))  # last, because escapes begin with % and \
    return f"(?:{'|'.join(spellings)})"


def _bytes(text: str) -> bytes:
    """Encodes as UTF-8; a variable in another encoding must not end the program."""
    return text.encode(errors="surrogatepass")
