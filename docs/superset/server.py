"""A Superset of one's own on loopback: its metadata in a directory, its API, its end."""

from __future__ import annotations

import io
import json
import os
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

CONFIG = """
SECRET_KEY = "of a try on loopback"
SQLALCHEMY_DATABASE_URI = "sqlite:///{directory}/superset.db"
WTF_CSRF_ENABLED = False
TALISMAN_ENABLED = False
RATELIMIT_ENABLED = False
"""

ADMIN = {"username": "admin", "password": "admin"}
ADMIN_USER = {**ADMIN, "firstname": "A", "lastname": "B", "email": "admin@example.com"}
START_SECONDS = 120


class Superset:
    """What the API of a running Superset does.

    Args:
        url: of the server.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()
        answer = self._session.post(
            f"{url}/api/v1/security/login",
            json={**ADMIN, "provider": "db", "refresh": False},
            timeout=60,
        )
        token = answer.json()["access_token"]
        self._session.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str) -> requests.Response:
        """The answer of GET /api/v1/…; raises an error if its status is not a success."""
        return self._checked(self._session.get(f"{self.url}/api/v1/{path}", timeout=120))

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """The JSON answer of POST /api/v1/…."""
        return self._checked(
            self._session.post(f"{self.url}/api/v1/{path}", json=body, timeout=120)
        ).json()

    def put(self, path: str, body: Mapping[str, Any]) -> Any:
        """The JSON answer of PUT /api/v1/…."""
        return self._checked(
            self._session.put(f"{self.url}/api/v1/{path}", json=body, timeout=120)
        ).json()

    def import_dashboard(self, files: Mapping[str, str]) -> None:
        """Makes the dashboard, its charts, datasets and database, from path → text."""
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as made:
            for path, text in files.items():
                made.writestr(f"dashboard/{path}", text)
        answer = self._session.post(
            f"{self.url}/api/v1/dashboard/import/",
            files={"formData": ("dashboard.zip", archive.getvalue(), "application/zip")},
            data={"overwrite": "true", "passwords": "{}"},
            timeout=120,
        )
        self._checked(answer)

    def export_dashboard(self, dashboard_id: int) -> dict[str, str]:
        """Path → text of what `import_dashboard` takes."""
        content = self.get(f"dashboard/export/?q=!({dashboard_id})").content
        with zipfile.ZipFile(io.BytesIO(content)) as made:
            return {
                name.partition("/")[2]: made.read(name).decode() for name in sorted(made.namelist())
            }

    def all(self, what: str) -> list[dict[str, Any]]:
        """Every chart, dashboard, dataset or database."""
        found: list[dict[str, Any]] = self.get(f"{what}/?q=(page_size:100)").json()["result"]
        return found

    def rows_of_chart(self, chart_id: int) -> int:
        """How many rows its query gives, asked as the browser asks, past every cache."""
        context = json.loads(self.get(f"chart/{chart_id}").json()["result"]["query_context"])
        (result,) = self.post("chart/data", {**context, "force": True})["result"]
        return int(result["rowcount"])

    def _checked(self, answer: requests.Response) -> requests.Response:
        if not answer.ok:
            raise RuntimeError(f"{answer.request.url}: {answer.status_code} {answer.text[:500]}")
        return answer


@contextmanager
def running_superset(directory: Path) -> Iterator[Superset]:
    """A fresh one, with one user, whose files are all in the directory."""
    directory.mkdir(parents=True)
    (directory / "superset_config.py").write_text(CONFIG.format(directory=directory))
    environment = os.environ | {
        "SUPERSET_CONFIG_PATH": str(directory / "superset_config.py"),
        "SUPERSET_HOME": str(directory),
        "FLASK_APP": "superset.app:create_app()",
        "SCARF_ANALYTICS": "false",
    }
    command = str(Path(sys.executable).with_name("superset"))
    log = directory / "log"
    for arguments in (
        ["db", "upgrade"],
        ["fab", "create-admin", *(f"--{name}={value}" for name, value in ADMIN_USER.items())],
        ["init"],
    ):
        with log.open("a") as output:
            subprocess.run(
                [command, *arguments], env=environment, stdout=output, stderr=output, check=True
            )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with log.open("a") as output:
        serving = [command, "run", "--host", "127.0.0.1", "--port", str(port), "--with-threads"]
        server = subprocess.Popen(serving, env=environment, stdout=output, stderr=output)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(url)
        yield Superset(url)
    finally:
        server.terminate()
        server.wait()


def _wait_for(url: str) -> None:
    ends = time.monotonic() + START_SECONDS
    while True:
        try:
            requests.get(f"{url}/health", timeout=5)
        except requests.ConnectionError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.5)
        else:
            return
