"""Renders the document, styles, scripts and data into one file that makes no network requests."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import duckdb
import jinja2

from incorta_loads.analysis.rows import Row
from incorta_loads.publication.report.data import report_data
from incorta_loads.publication.report.news import LastReport
from incorta_loads.restarted_ids import RestartedIds
from incorta_loads.text import in_utc

REPORT = "report.html"

_NO_REPORT = LastReport()

STYLES = ("vendor/tabulator_simple.min.css", "vendor/uPlot.min.css", "assets/report.css")
SCRIPTS = (
    *("vendor/tabulator.min.js", "vendor/uPlot.iife.min.js"),
    *("assets/data.js", "assets/words.js", "assets/choice.js", "assets/cells.js"),
    *(
        *("assets/links.js", "assets/tables.js", "assets/grid.js", "assets/trend.js"),
        *(
            "assets/times.js",
            "assets/episodes.js",
            "assets/card.js",
            "assets/sections.js",
            "assets/page.js",
        ),
    ),
)
"""Scripts in order of dependency."""

_UNSAFE_IN_SCRIPTS = {ord(each): f"\\u{ord(each):04x}" for each in "<>&\u2028\u2029"}
_SOURCE_MAP = "//# sourceMappingURL="


def write_report(
    connection: duckdb.DuckDBPyConnection,
    published_at: datetime,
    target: Path,
    before: LastReport = _NO_REPORT,
) -> None:
    """Writes the page.

    Args:
        connection: connection to the warehouse.
        published_at: time of publication that the page shows, in UTC.
        target: the file to write.
        before: the report before this one.

    Raises:
        WarehouseError: there is no analysis yet.
    """
    target.write_text(render(report_data(connection, published_at, before)), "utf-8")


def render(data: Mapping[str, Any]) -> str:
    """Returns the page as HTML, rendered from the result of `report_data`."""
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
        open_incident=_open_incident(data),
        restarted=lambda row: RestartedIds(row["cluster"], row["tenant"], row["highest_loaded_id"]),
        json=_json(data),
        styles=styles,
        scripts=scripts,
        policy=_policy(styles, scripts),
    )


def _coverage(data: Mapping[str, Any]) -> list[Row]:
    """Converts the coverage back to rows for the template, which states it in words."""
    names = data["names"]
    return [
        row | {name: names[row[name]] for name in ("cluster", "tenant")}
        for row in _rows(data["coverage"])
    ]


def _open_incident(data: Mapping[str, Any]) -> Row | None:
    """Returns the newest open incident, with the number of open ones, or None."""
    found = [row for row in _rows(data["incidents"]) if row["is_open"]]
    if not found:
        return None
    schema = data["names"][found[0]["schema_name"]] if found[0]["schemas"] == 1 else None
    return found[0] | {"number": len(found), "schema": schema}


def _rows(columns: Mapping[str, Sequence[Any]]) -> list[Row]:
    return [
        dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)
    ]


def _text(package: Traversable, name: str) -> str:
    """Returns a file of the package without its source map line.

    That line would make developer tools request another file.
    """
    lines = package.joinpath(name).read_text("utf-8").splitlines()
    return "\n".join(line for line in lines if not line.startswith(_SOURCE_MAP))


def _json(data: Mapping[str, Any]) -> str:
    """Returns JSON that cannot close the script element around it."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.translate(_UNSAFE_IN_SCRIPTS)


def _policy(styles: list[str], scripts: list[str]) -> str:
    """Returns a content security policy that allows only these styles and scripts.

    Nothing may be loaded from elsewhere; images may be data URLs.
    """
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
