"""The pages match the program: commands, options, settings, exit codes and links."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from incorta_loads.cli.commands import app
from incorta_loads.config.fleet import CLUSTER_SETTINGS
from incorta_loads.config.lookup import environment_variable
from incorta_loads.config.settings import SETTINGS
from journeys.shell import CHECKOUT, User

GROUP = typer.main.get_command(app)
COMMANDS = GROUP.commands  # type: ignore[attr-defined]
PAGES = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md"))]
OF_EVERY_COMMAND = {"--help", "-h", "--quiet", "-q", "--verbose", "-v", "--debug"}
MOST_LINES = 130


def page(name: str) -> str:
    """The text of a page."""
    return (CHECKOUT / name).read_text()


def cells(name: str, heading: str) -> list[list[str]]:
    """The rows of the table below a heading."""
    section = page(name).partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")]
    return [re.split(r"(?<!\\) ?\| ?", row.strip("| ")) for row in rows[1:] if "---" not in row]


def options(command: str) -> set[str]:
    """The options of a command."""
    parameters = COMMANDS[command].params
    return {name for each in parameters for name in (*each.opts, *each.secondary_opts)}


def command_lines() -> Iterator[tuple[str, list[str]]]:
    """The page and the words of each `incorta-loads …` in code."""
    for path in PAGES:
        code = re.findall(
            r"```[a-z]*\n(.*?)```|`(incorta-loads [^`]*)`", path.read_text(), re.DOTALL
        )
        for line in "\n".join(block or inline for block, inline in code).splitlines():
            for found in re.findall(r"(?<![\w/-])incorta-loads ([a-z-].*?)(?=&&|\||$)", line):
                yield path.name, shlex.split(found)


def test_the_readme_is_short() -> None:
    """It has two or three screens; everything else is on other pages."""
    assert len(page("README.md").splitlines()) <= MOST_LINES


def test_the_commands_are_those_of_the_design() -> None:
    """There are no more and no fewer."""
    assert set(COMMANDS) == {
        *("ingest", "analyze", "publish", "run"),
        *("failures", "incidents", "health", "regressions", "backtest", "conflicts", "fix-first"),
        *("coverage", "executions", "show", "table", "history", "diff", "changes"),
        *("durations", "report"),
        *("sql", "watch", "init", "check", "simulate"),
    }


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_help_and_on_both_pages(user: User, command: str) -> None:
    """New users find each command in all three places."""
    assert f"Usage: incorta-loads {command}" in user.runs(command, "--help").stdout
    assert f"\n| `{command}` |" in page("README.md")
    assert f"\n| `{command}" in page("docs/commands.md")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_on_the_page_of_commands(command: str) -> None:
    """The option is written as it is typed."""
    text = page("docs/commands.md")
    of_command = {name for name in options(command) if name.startswith("--")}
    assert {name for name in of_command if f"{name}" not in text} - OF_EVERY_COMMAND == set()


def test_every_command_line_on_a_page_is_valid() -> None:
    """Its command and its options exist."""
    lines = list(command_lines())
    assert len(lines) > 15
    for name, (command, *words) in lines:
        if command.startswith("--"):
            continue
        assert command in COMMANDS, (name, command)
        given = {word.partition("=")[0] for word in words if word.startswith("-") and word != "--"}
        assert given <= options(command) | OF_EVERY_COMMAND, (name, command, given)


def test_every_setting_is_on_its_page() -> None:
    """Each setting is there once, and nothing else."""
    named = [row[0].strip("`") for row in cells("docs/configuration.md", "Settings")]
    assert named == sorted(named, key=named.index)
    assert set(named) == set(SETTINGS)


def test_every_variable_on_a_page_is_a_setting() -> None:
    """A misspelled variable would have no effect."""
    of_clusters = (f"clusters.berlin.{name}" for name in CLUSTER_SETTINGS)
    known = {*map(environment_variable, [*SETTINGS, *of_clusters]), "SOURCES__INCORTA__"}
    for path in PAGES:
        assert set(re.findall(r"SOURCES__INCORTA__\w*", path.read_text())) <= known, path.name


def test_every_link_has_a_target() -> None:
    """The target is an existing file and, if given, a heading in it."""
    for path in [*PAGES, CHECKOUT / "CONTRIBUTING.md", CHECKOUT / "DECISIONS.md"]:
        for link in re.findall(r"\]\((?!https?:)([^)]+)\)", path.read_text()):
            file, _, heading = link.partition("#")
            target = (path.parent / file) if file else path
            assert target.exists(), (path.name, link)
            if heading:
                assert heading in headings(target), (path.name, link)


def headings(path: Path) -> set[str]:
    """The anchors that GitHub generates for the headings of a page."""
    found = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in found}


def test_the_index_links_every_page() -> None:
    """Each page of `docs` is in the index."""
    linked = set(re.findall(r"\]\(([\w]+\.md)\)", page("docs/README.md")))
    assert linked == {path.name for path in (CHECKOUT / "docs").glob("*.md")} - {"README.md"}
