"""Rules for redaction: no secret remains, and nothing else changes."""

from __future__ import annotations

import html
import json
import logging
import sys
from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from incorta_loads.redaction import REPLACEMENT, RedactingFilter, Redactor

SECRET = 'q7/Zt+Kp."secret"\\token~42%'

characters = st.characters(min_codepoint=0x21, max_codepoint=0x7E)
secrets = st.text(characters, min_size=4, max_size=30)
any_secrets = st.one_of(secrets, st.text(min_size=4, max_size=12))
texts = st.text(max_size=40)


def spellings(character: str) -> list[str]:
    r"""Plain, `%2f`, `%2F`, `\u002f`, `\u002F`, `\/` if JSON allows it, `&#47;` and `&#x2F;`."""
    percent = quote(character.encode(errors="surrogatepass"), safe="")
    if percent == character:
        percent = "".join(f"%{byte:02X}" for byte in character.encode())
    utf16 = character.encode("utf-16-be", "surrogatepass")
    units = [utf16[i : i + 2].hex() for i in range(0, len(utf16), 2)]
    lower = "".join(f"\\u{unit}" for unit in units)
    upper = "".join(f"\\u{unit.upper()}" for unit in units)
    short = {"/": "\\/"}.get(character) or json.dumps(character)[1:-1]
    numbers = [f"&#{ord(character)};", f"&#x{ord(character):X};"]
    return [character, percent, percent.lower(), lower, upper, short, *numbers]


@st.composite
def spelled(draw: st.DrawFn, secret: str) -> str:
    return "".join(draw(st.sampled_from(spellings(each))) for each in secret)


def pieces(cleaned: str) -> list[str]:
    return cleaned.split(REPLACEMENT)


@given(any_secrets, texts, texts, st.data())
def test_no_spelling_of_the_secret_remains(
    secret: str, before: str, after: str, data: st.DataObject
) -> None:
    """Each character may be plain, percent-encoded or JSON-escaped, in texts and in bytes."""
    echo = data.draw(spelled(secret))
    redactor = Redactor([secret])
    assume(not redactor.found_in(before.encode() + b"\0" + after.encode()))
    assert redactor.clean_text(echo) == REPLACEMENT
    for cleaned in (
        redactor.clean_text(before + echo + after),
        redactor.clean_bytes((before + echo + after).encode(errors="surrogatepass")).decode(
            errors="surrogatepass"
        ),
    ):
        assert REPLACEMENT in cleaned
        assert [piece for piece in pieces(cleaned) if echo in piece or secret in piece] == []
    assert redactor.found_in((before + echo + after).encode(errors="surrogatepass"))


@given(secrets, texts)
def test_text_without_the_secret_is_unchanged(secret: str, text: str) -> None:
    """Texts and bytes without the secret are returned unchanged."""
    redactor = Redactor([secret])
    assume(secret not in text)
    assume(not {"%", "\\", "&", "\0"} & set(text))
    assume(secret[:4] not in text)
    assert redactor.clean_text(text) == text
    assert redactor.clean_bytes(text.encode()) == text.encode()
    assert not redactor.found_in(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        'q7/Zt+Kp."secret"\\token~42',
        'Q7/ZT+KP."SECRET"\\TOKEN~42%',
        "q7%2FZt",
        r"\u0071\u0037",
        "100 % of \\ 42%",
        "",
    ],
)
def test_text_that_resembles_the_secret_is_unchanged(text: str) -> None:
    """A part of the secret, another case and other escapes are not redacted."""
    redactor = Redactor([SECRET])
    text += "!"  # at the end, it could be the beginning of a truncated secret
    assert redactor.clean_text(text) == text
    assert redactor.clean_bytes(text.encode()) == text.encode()


@given(secrets, texts, st.data())
def test_a_truncated_secret_is_redacted(secret: str, before: str, data: st.DataObject) -> None:
    """A body may end at its limit inside a character's escape or between two characters."""
    redactor = Redactor([secret])
    echo = data.draw(spelled(secret))
    cut = echo[: data.draw(st.integers(0, len(echo) - 1))]
    cleaned = redactor.clean_text(f"{before} {cut}")
    assert not cleaned.endswith(secret[:4])
    assert redactor.clean_bytes(f"{before} {cut}".encode()) == cleaned.encode()


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16"])
def test_a_secret_in_utf_16_is_redacted(encoding: str) -> None:
    """A page in another encoding must not hide the secret."""
    redactor = Redactor([SECRET])
    body = f"denied: {SECRET}!".encode(encoding)
    assert redactor.found_in(body)
    cleaned = redactor.clean_bytes(body)
    assert SECRET.encode(encoding)[1:-1] not in cleaned
    assert REPLACEMENT.encode() in cleaned


def test_html_entities_do_not_hide_the_secret() -> None:
    """`html.escape` uses entities, and some servers also have one for the slash."""
    redactor = Redactor([SECRET])
    named = SECRET.replace("/", "&sol;").replace('"', "&quot;").replace("+", "&plus;")
    assert redactor.clean_text(html.escape(SECRET)) == REPLACEMENT
    assert redactor.clean_text(f"<p>{named}</p>") == f"<p>{REPLACEMENT}</p>"


def test_a_token_echoed_by_a_server_is_redacted() -> None:
    """The token is redacted in a message, a URL and a JSON body."""
    redactor = Redactor([SECRET])
    assert redactor.clean_text(f"Invalid Token [{SECRET}]!") == "Invalid Token [[redacted]]!"
    url = f"https://c/?t={quote(SECRET, safe='')}&u=1"
    assert redactor.clean_text(url) == "https://c/?t=[redacted]&u=1"
    body = json.dumps({"message": f"no {SECRET}", "again": SECRET}).encode()
    assert redactor.clean_bytes(body) == b'{"message": "no [redacted]", "again": "[redacted]"}'


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_bytes_need_not_be_text(before: bytes, after: bytes) -> None:
    """Bytes around the secret are kept, even if they are not valid text."""
    redactor = Redactor([SECRET])
    body = before + quote(SECRET, safe="").encode() + after
    assert redactor.clean_bytes(body) == before + REPLACEMENT.encode() + after


def test_all_secrets_are_replaced() -> None:
    """If one secret begins with another, the longer one is replaced, whatever their order."""
    for given_secrets in (["abcd", "abcdefgh"], ["abcdefgh", "abcd"]):
        redactor = Redactor(given_secrets)
        assert redactor.clean_text("abcdefgh abcd") == "[redacted] [redacted]"


@pytest.mark.parametrize("given_secrets", [[], [""], ["", ""]])
def test_without_secrets_nothing_changes(given_secrets: list[str]) -> None:
    """No secrets, or an empty one, change nothing."""
    redactor = Redactor(given_secrets)
    assert redactor.clean_text("a %41 \\u0041") == "a %41 \\u0041"
    assert redactor.clean_bytes(b"a %41 \\u0041") == b"a %41 \\u0041"
    assert not redactor.found_in(b"a %41 \\u0041")


def test_a_secret_that_is_not_utf_8_is_redacted() -> None:
    """The environment may contain bytes that are not UTF-8."""
    assert Redactor(["tok\udcff\ud800en"]).clean_text("x tok\udcff\ud800en") == "x [redacted]"


# --- Log records ---------------------------------------------------------------------------------


def logged(record: logging.LogRecord) -> str:
    assert RedactingFilter(Redactor([SECRET])).filter(record)
    return logging.Formatter("%(message)s").format(record)


def record(message: object, *arguments: object) -> logging.LogRecord:
    return logging.LogRecord("x", logging.INFO, "x.py", 1, message, arguments, None)


def test_a_log_record_is_redacted() -> None:
    """The secret may be in the message, in an argument, or in both together."""
    assert logged(record(f"token {SECRET} refused")) == "token [redacted] refused"
    assert logged(record("token %s refused after %d", SECRET, 3)) == (
        "token [redacted] refused after 3"
    )
    assert logged(record("%s" + SECRET[1:].replace("%", "%%"), SECRET[0])) == "[redacted]"
    assert logged(record(ValueError(SECRET))) == "[redacted]"


def test_a_traceback_is_redacted() -> None:
    """The texts of the error and its causes are redacted; the rest of the traceback is kept."""
    try:
        try:
            dict[str, str]()[SECRET]
        except KeyError as error:
            raise ValueError("for " + quote(SECRET)) from error
    except ValueError:
        failed = record("failed")
        failed.exc_info = sys.exc_info()
    text = logged(failed)
    assert SECRET not in text
    assert text.splitlines()[-1] == "ValueError: for [redacted]"
    assert text.splitlines()[0] == "failed"
    assert "test_a_traceback_is_redacted" in text


def test_a_formatted_traceback_is_redacted() -> None:
    """Another handler, or a queue, may have formatted it before."""
    failed = record("failed")
    failed.exc_text = f"ValueError: {SECRET}"
    assert logged(failed) == "failed\nValueError: [redacted]"


def test_a_record_with_mismatched_arguments_is_redacted() -> None:
    """A library's wrong log call raises no error, and logging itself does not print it."""
    assert logged(record("%d of %s", SECRET)) == "%d of %s ('[redacted]',)"
