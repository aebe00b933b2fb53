"""Checks whether a file or directory holds certificates of certificate authorities."""

from __future__ import annotations

import ssl
from pathlib import Path


def no_certificates(path: Path) -> str | None:
    """Returns why the path holds no certificate, as text for an error, or None if it holds one."""
    try:
        if path.is_dir():
            next(path.iterdir(), None)
            ssl.create_default_context(capath=path)
        else:
            path.open("rb").close()  # its error names the reason, unlike OpenSSL's
            ssl.create_default_context(cafile=path)
    except ssl.SSLError:
        return "which holds no certificate in PEM form"
    except OSError as error:
        return f"which cannot be read ({error.strerror})"
    return None
