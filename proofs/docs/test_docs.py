"""The documentation keeps its promises: links resolve, named commands exist, nothing private slipped in."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import click
import pytest

from switchyard.cli import main

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "gitops").rglob("*.md")]
)
REQUIRED = (
    "docs/overview/architecture.md",
    "docs/overview/e2e-flow.md",
    "docs/overview/argocd-boundary.md",
    "docs/runbook/optional-toggle.md",
    "docs/security/secrets.md",
)
README_LINES_AT_MOST = 120  # one page: what does not fit belongs to docs/


def _tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_resolves(page: Path) -> None:
    """A link in a page leads to a file of this repository."""
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text())
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert not missing, f"{page.relative_to(ROOT)} links to {missing}, which do not exist"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_make_target_named_in_a_page_exists(page: Path) -> None:
    """`make something` in a page is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:`|^\$ )make ([a-z-]+)", page.read_text(), re.MULTILINE))
    assert named <= targets, (
        f"{page.relative_to(ROOT)} names {sorted(named - targets)}; the Makefile has {sorted(targets)}"
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_switchyard_command_named_in_a_page_exists(page: Path) -> None:
    """`switchyard something --option` in a page is a command with that option."""
    lines = re.findall(r"(?:`|^\$ )switchyard ([^`\n]+)", page.read_text(), re.MULTILINE)
    assert [line for line in lines if not _can_be_typed(line.split())] == []


def _can_be_typed(words: list[str]) -> bool:
    command: click.Command | None = main
    names = iter(words)
    while isinstance(command, click.Group) and (name := next(names, "")):
        command = command.get_command(click.Context(command), name)
    if command is None:
        return False
    known = {name for parameter in command.params for name in parameter.opts}
    options = (word.strip("[]").partition("=")[0] for word in names)
    return {option for option in options if option.startswith("--")} <= known


def test_the_required_pages_exist() -> None:
    """R35: the pages that reviewers ask for are there."""
    assert [name for name in REQUIRED if not (ROOT / name).is_file()] == []


def test_the_readme_is_one_page() -> None:
    """The README is read in one sitting."""
    lines = len((ROOT / "README.md").read_text().splitlines())
    assert lines <= README_LINES_AT_MOST, f"README has {lines} lines; wanted at most {README_LINES_AT_MOST}"


def test_every_decision_is_indexed() -> None:
    """A decision that the index does not list will not be found."""
    index = (ROOT / "docs/adr/README.md").read_text()
    files = sorted(path.name for path in (ROOT / "docs/adr").glob("0*.md"))
    assert [name for name in files if f"({name})" not in index] == []


def test_no_file_names_a_package_registry() -> None:
    """A clone is not tied to anybody's package host: files are accepted by hash, addresses belong to the machine."""
    hosts = re.compile(
        "|".join(("pypi" + r"\.org", "pythonhosted" + r"\.org", "registry.npmjs" + r"\.org", "proxy.golang" + r"\.org"))
    )
    named = [str(path.relative_to(ROOT)) for path in _tracked() if hosts.search(path.read_text(errors="replace"))]
    assert named == []
