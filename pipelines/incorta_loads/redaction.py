"""The one place where secrets are taken out of what the program keeps or writes.

A server may echo a secret as it is, percent-encoded (in a URL), JSON- or HTML-escaped (in a body),
also character by character, in UTF-16, or cut off by the limit of a body. Wherever one is found,
`REPLACEMENT` takes its place.
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
"""So many characters of a secret at the end of a text are taken for its beginning."""

_MOST_SPELLING = 12

_LEAST_SECRET = 6
"""Shorter parts of a URL are taken for words."""
_MAYBE_NUL = r"\0?"
"""Between two characters, as in UTF-16."""

_OPEN = {"", "%", "\\", "&", b"", b"%", b"\\", b"&"}

_JSON_SHORT_ESCAPES = {'"': '"', "\\": "\\", "/": "/"} | dict(
    zip("\b\t\n\f\r", "btnfr", strict=True)
)


class Redactor:
    """Finds and replaces secrets in texts and bytes, however a server escaped them."""

    def __init__(self, secrets: Iterable[str]) -> None:
        # The longest first: of two that begin alike the whole one is to be replaced.
        known = sorted(filter(None, secrets), key=len, reverse=True)
        pattern = "|".join(map(_pattern, known))
        self._secrets = list(map(_bytes, known))
        self._text = re.compile(pattern)
        self._bytes = re.compile(_bytes(pattern))
        self._text_parts = [[_text_part(each) for each in secret] for secret in known]
        self._bytes_parts = [[_bytes_part(each) for each in secret] for secret in known]

    def clean_text(self, text: str) -> str:
        """The text without the secrets."""
        if not self._secrets:
            return text
        text = self._text.sub(REPLACEMENT, text)
        end = min(_begin_of_cut_secret(text, parts) for parts in self._text_parts)
        return text if end == len(text) else text[:end] + REPLACEMENT

    def clean_bytes(self, body: bytes) -> bytes:
        """The bytes without the secrets."""
        if not self._secrets:
            return body
        if self.found_in(body):
            body = self._bytes.sub(REPLACEMENT.encode(), body)
        end = min(_begin_of_cut_secret(body, parts) for parts in self._bytes_parts)
        return body if end == len(body) else body[:end] + REPLACEMENT.encode()

    def found_in(self, body: bytes) -> bool:
        """Whether a secret stands in the bytes, escaped or not."""
        if any(secret in body for secret in self._secrets):
            return True
        # The pattern costs 40 ns a byte: only where something is escaped at all.
        may_be_escaped = any(sign in body for sign in (b"%", b"\\", b"&", b"\0"))
        return bool(self._secrets and may_be_escaped and self._bytes.search(body))


class RedactingFilter(logging.Filter):
    """Takes the secrets out of every log record, tracebacks included."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor
        self._formatter = logging.Formatter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Redacts the record in place; lets every record pass."""
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
    """A URL of Apprise, and its parts: any of them may be what lets one write there."""
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
    """Where the beginning of a secret stands at the very end of a text; else the end."""
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
    r"""One character as it is, as `%XX` of its UTF-8, as JSON's `\uXXXX` or `\/`, as `&#…;`."""
    percent = "".join(f"%{byte:02X}" for byte in _bytes(character))
    utf16 = character.encode("utf-16-be", "surrogatepass").hex()
    escapes = "".join(rf"\\u{utf16[i : i + 4]}" for i in range(0, len(utf16), 4))
    spellings = [f"(?i:{percent})", f"(?i:{escapes})"]
    spellings.append(rf"&#(?:0*{ord(character)}|[xX]0*(?i:{ord(character):x}));")
    spellings += [re.escape(f"&{name}") for name in _HTML_NAMES.get(character, [])]
    if character in _JSON_SHORT_ESCAPES:
        spellings.append(re.escape("\\" + _JSON_SHORT_ESCAPES[character]))
    spellings.append(re.escape(character))  # the last, since escapes begin with % and \
    return f"(?:{'|'.join(spellings)})"


def _bytes(text: str) -> bytes:
    """UTF-8; what the environment has in another encoding must not end the program."""
    return text.encode(errors="surrogatepass")
