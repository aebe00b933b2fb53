"""Whether a file or directory holds certificates of authorities."""

from __future__ import annotations

import ssl
from pathlib import Path


def no_certificates(path: Path) -> str | None:
    """Why it does not, for an error; None: it does."""
    try:
        if path.is_dir():
            next(path.iterdir(), None)
            ssl.create_default_context(capath=path)
        else:
            path.open("rb").close()  # whose error names the reason, unlike that of OpenSSL
            ssl.create_default_context(cafile=path)
    except ssl.SSLError:
        return "which holds no certificate in PEM form"
    except OSError as error:
        return f"which cannot be read ({error.strerror})"
    return None
