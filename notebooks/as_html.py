"""Writes the notebook as one page that works without a network.

    python notebooks/as_html.py SNAPSHOT PAGE

Charts are pictures and tables are whole. marimo's own export loads its scripts from the network.
"""

from __future__ import annotations

import runpy
import sys
from html import escape
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import altair as alt
import duckdb
import vl_convert
from marimo import ui

PLACES = "SELECT cluster, tenant FROM load_analysis.coverage ORDER BY ALL"
NOTEBOOK = Path(__file__).with_name("failure_analysis.py")
CHART_WIDTH = 900

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>What fails in the load plans</title>
<style>
body {{ margin: 1rem auto; max-width: 70rem; padding: 0 1rem; font: 15px system-ui, sans-serif; }}
.wide {{ max-height: 30rem; overflow: auto; }}
table {{ border-collapse: collapse; }}
th, td {{ border-bottom: 1px solid #d5d9dd; padding: 0.2rem 0.6rem; text-align: left; }}
svg {{ max-width: 100%; height: auto; }}
</style>
{body}
</html>
"""


def page(snapshot: Path) -> str:
    """Returns the page, with the cells in their order, for each cluster and tenant."""
    with duckdb.connect(snapshot, read_only=True) as warehouse:
        places = warehouse.execute(PLACES).fetchall()
    parts = []
    for place in places:
        # instead of the cell in which a reader chooses one
        chosen = {"place": SimpleNamespace(value=list(place))}
        outputs, defined = runpy.run_path(str(NOTEBOOK))["app"].run(
            defs={"snapshot": snapshot, **chosen}
        )
        title, *rest = [part for output in outputs if (part := _part(output))]
        heading = [title] if not parts else []
        if len(places) > 1:
            heading.append(f"<h1>{escape(', '.join(place))}</h1>")
        parts += [*heading, f"<p><b>{escape(defined['state'])}</b></p>", *rest]
    return PAGE.format(body="\n".join(parts))


def _part(output: Any) -> str:
    """Returns the HTML of what a cell shows; choices cannot be made without Python."""
    if isinstance(output, alt.LayerChart | alt.Chart):
        chart = output.properties(width=CHART_WIDTH)
        return str(vl_convert.vegalite_to_svg(chart.to_dict(), vl_version="v6.1"))
    if isinstance(output, ui.table):
        rows = output.data.astype(object)
        rows = rows.where(rows.notna(), "–")
        table = rows.to_html(index=False, border=0, float_format="{:.3g}".format)
        return f'<div class="wide">{table}</div>'
    if type(output).__name__ == "_md":  # marimo has no public name for a text
        return str(output.text)
    return ""


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(page(Path(sys.argv[1])), "utf-8")
