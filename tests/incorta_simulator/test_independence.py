from __future__ import annotations

import ast
import sys
from pathlib import Path

import incorta_simulator


def imported(file: Path) -> set[str]:
    """The packages that a file imports."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(str(node.module).partition(".")[0])
    return names


def test_the_simulator_imports_the_standard_library_only() -> None:
    """It must not share errors with the client that is tested against it."""
    (folder,) = incorta_simulator.__path__
    needed = set().union(*map(imported, Path(folder).rglob("*.py")))

    assert needed - sys.stdlib_module_names == {"incorta_simulator"}
