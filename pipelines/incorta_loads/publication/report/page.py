"""The document, the styles, the scripts and the data in one file that asks nobody for anything."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import duckdb
import jinja2

from incorta_loads.analysis.rows import Row
from incorta_loads.publication.report.data import report_data
from incorta_loads.restarted_ids import RestartedIds
from incorta_loads.text import in_utc

REPORT = "report.html"

STYLES = ("vendor/tabulator_simple.min.css", "vendor/uPlot.min.css", "assets/report.css")
SCRIPTS = (
    *("vendor/tabulator.min.js", "vendor/uPlot.iife.min.js"),
    *("assets/data.js", "assets/words.js", "assets/choice.js", "assets/cells.js"),
    *(
        "assets/tables.js",
        "assets/grid.js",
        "assets/trend.js",
        "assets/sections.js",
        "assets/page.js",
    ),
)
"""In the order in which they build on each other."""

_UNSAFE_IN_SCRIPTS = {ord(each): f"\\u{ord(each):04x}" for each in "<>&\u2028\u2029"}
_SOURCE_MAP = "//# sourceMappingURL="


def write_report(
    connection: duckdb.DuckDBPyConnection, published_at: datetime, target: Path
) -> None:
    """Writes the page.

    Args:
        connection: to the warehouse.
        published_at: the time that the page says it is from, in UTC.
        target: the file.

    Raises:
        WarehouseError: there is no analysis yet.
    """
    target.write_text(render(report_data(connection, published_at)), "utf-8")


def render(data: Mapping[str, Any]) -> str:
    """The page of what `report_data` returned."""
    package = resources.files("incorta_loads.publication.report")
    styles = [_text(package, name) for name in STYLES]
    scripts = [_text(package, name) for name in SCRIPTS]
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("incorta_loads.publication.report", "assets"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template("report.html.jinja")
    return template.render(
        data=data,
        utc=lambda seconds: in_utc(datetime.fromtimestamp(seconds, tz=UTC)),
        coverage=_coverage(data),
        restarted=lambda row: RestartedIds(row["cluster"], row["tenant"], row["highest_loaded_id"]),
        json=_json(data),
        styles=styles,
        scripts=scripts,
        policy=_policy(styles, scripts),
    )


def _coverage(data: Mapping[str, Any]) -> list[Row]:
    """The coverage as rows again: the state is said by the template."""
    columns, names = data["coverage"], data["names"]
    rows = [
        dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)
    ]
    return [row | {name: names[row[name]] for name in ("cluster", "tenant")} for row in rows]


def _text(package: Traversable, name: str) -> str:
    """A file of the package, without the line that would make developer tools ask for another."""
    lines = package.joinpath(name).read_text("utf-8").splitlines()
    return "\n".join(line for line in lines if not line.startswith(_SOURCE_MAP))


def _json(data: Mapping[str, Any]) -> str:
    """As JSON that cannot end the element it stands in."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.translate(_UNSAFE_IN_SCRIPTS)


def _policy(styles: list[str], scripts: list[str]) -> str:
    """The content security policy: these styles and scripts, and nothing from anywhere."""
    return "; ".join(
        [
            "default-src 'none'",
            f"style-src {_hashes(styles)}",
            f"script-src {_hashes(scripts)}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _hashes(texts: list[str]) -> str:
    sums = (hashlib.sha256(text.encode()).digest() for text in texts)
    return " ".join(f"'sha256-{base64.b64encode(each).decode()}'" for each in sums)
