"""Allure's single page, where Node is present: installed once into the cache by its lock file, rendered offline."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from yardfacts.render.allure import UnknownPage, anonymous, quiet
from yardfacts.render.lanes import Bar, laned

__all__ = ["Unavailable", "render"]

PACKAGE: Final = ("package.json", "package-lock.json")
CONFIG: Final = "allurerc.mjs"

INSTALL_S: Final = 300.0
"""160 packages, 53 MB: ten seconds from a near registry, minutes from a far one."""
RENDER_S: Final = 120.0
"""A second and a half for this suite; fifteen megabytes of results still take below two."""


class Unavailable(RuntimeError):
    """The page could not be made; the verdict does not need it. The message says why."""


def render(results: Path, *, recipe: Path, cache: Path, page: Path, name: str, bars: Sequence[Bar] = ()) -> None:
    """
    Render Allure *results* into one self-contained *page* that loads nothing from anywhere.

    Args:
        results: Raw results; host and thread names in them are replaced.

        recipe: Folder with the package, its lock file and Allure's configuration.

        cache: Where the package is installed, by the digest of its lock file.

        page: The file to write.

        name: What the page says above everything else.

        bars: Shown in the timeline beside the tests.

    Raises:
        Unavailable: Node is missing, the package could not be installed or run, or its page is not as expected.
    """
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise Unavailable("node and npm are not installed, so there is no Allure page; the verdict does not need it")
    if not recipe.is_dir():
        raise Unavailable(f"{recipe} is not there, so there is no Allure page; the verdict does not need it")
    anonymous(results)
    home = _installed(recipe, cache=cache)
    with tempfile.TemporaryDirectory(prefix="switchyard-allure-") as folder:
        # The configuration stands beside the packages; Allure would pick one up from the working folder by itself.
        command = ["node", str(home / "node_modules/allure/cli.js"), "generate", "--config", str(home / CONFIG)]
        command += ["--report-name", name, "--output", folder, str(results.absolute())]
        _run(command, folder=home, within_s=RENDER_S)
        rendered = Path(folder) / "index.html"
        if not rendered.is_file():
            raise Unavailable(f"Allure ended well, but wrote no page; in its output: {sorted(os.listdir(folder))}")
        try:
            page.write_text(quiet(laned(rendered.read_text(), bars)))
        except UnknownPage as exc:
            raise Unavailable(f"Allure's page cannot be made fit for evidence: {exc}") from exc


def _installed(recipe: Path, *, cache: Path) -> Path:
    """The folder with the installed package; made beside and renamed, so that a half install is never used."""
    key = hashlib.sha256(b"".join((recipe / name).read_bytes() for name in (*PACKAGE, CONFIG))).hexdigest()[:16]
    home = cache / "allure" / key
    if home.is_dir():
        return home
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent, prefix=".installing-") as name:
        making = Path(name) / "made"
        making.mkdir()
        for part in (*PACKAGE, CONFIG):
            shutil.copy(recipe / part, making / part)
        # No scripts of packages: rendering needs none, and they would run as whoever proves.
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=dev"]
        _run(command, folder=making, within_s=INSTALL_S)
        making.rename(home)
    return home


def _run(command: list[str], *, folder: Path, within_s: float) -> None:
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=within_s, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise Unavailable(f"{' '.join(command[:2])}: {exc}") from exc
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-5:]
        raise Unavailable(f"{' '.join(command[:2])} ended with {done.returncode}: {' | '.join(said)}")
