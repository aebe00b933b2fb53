"""A real S3 server on loopback: SeaweedFS, in a temporary directory."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from support.patience import HANG_SECONDS

KEY, SECRET = "key-of-the-test", "s3cret-of-the-test"
PROGRAM = Path(sys.executable).with_name("weed")


def _free_ports(number: int) -> list[int]:
    """Ports that are free, also 10,000 above, where SeaweedFS listens too."""
    found: list[int] = []
    with ExitStack() as stack:
        while len(found) < number:
            one = stack.enter_context(socket.socket())
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
            if port > 50_000:
                continue
            other = stack.enter_context(socket.socket())
            with suppress(OSError):
                other.bind(("127.0.0.1", port + 10_000))
                found.append(port)
    return found


@contextmanager
def s3_server() -> Iterator[dict[str, str]]:
    """Runs the server; yields the environment of its clients."""
    s3, master, volume, filer = _free_ports(4)
    with tempfile.TemporaryDirectory(prefix="s3-") as name:
        directory = Path(name)
        identity = {
            "name": "test",
            "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        config = directory / "s3.json"
        config.write_text(json.dumps({"identities": [identity]}))
        data = directory / "data"
        data.mkdir()
        server = subprocess.Popen(
            [
                *(PROGRAM, "server", f"-dir={data}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"),
                *("-s3", f"-s3.port={s3}", f"-s3.config={config}", f"-master.port={master}"),
                *(f"-volume.port={volume}", f"-filer.port={filer}"),
                *("-master.volumeSizeLimitMB=64", "-volume.max=50", "-master.telemetry=false"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=directory,
        )
        try:
            _await(f"http://127.0.0.1:{s3}/", server)
            yield {
                "AWS_ACCESS_KEY_ID": KEY,
                "AWS_SECRET_ACCESS_KEY": SECRET,
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{s3}",
                "AWS_REGION": "us-east-1",
                "AWS_ALLOW_HTTP": "true",
            }
        finally:
            server.kill()
            server.wait()
            shutil.rmtree(data, ignore_errors=True)


def _await(url: str, server: subprocess.Popen[bytes]) -> None:
    """Waits until the server answers."""
    until = time.monotonic() + HANG_SECONDS
    while time.monotonic() < until:
        assert server.poll() is None, "the S3 server ended"
        try:
            urllib.request.urlopen(url, timeout=5)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(url)
