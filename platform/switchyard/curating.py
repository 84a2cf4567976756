"""A run small enough, and clean enough, to stand in git: what a reader sees before he runs anything himself."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import click

from switchyard.errors import Refused
from switchyard.publishing import links_of
from yardfacts.bundle import JOURNAL, Bundle, Damaged, digest, verify
from yardfacts.facts import Malformed
from yardfacts.journal import read
from yardfacts.reckoning import reckon
from yardfacts.redact import Redactor
from yardfacts.render.page import About, page
from yardfacts.summary import summaries
from yardfacts.views import Source, views, write_view

__all__ = ["curate", "curated"]

KEPT: Final = (JOURNAL, "junit.xml")
"""Copied; everything else is rendered from the journal again."""

LARGEST_BYTES: Final = 4 * 2**20
"""More than this is no sample."""


@click.command()
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def curate(run: Path, folder: Path) -> None:
    """Copy a small, redacted part of the sealed RUN into FOLDER, which git may keep."""
    curated(run, folder, redactor=Redactor(places={str(Path.cwd()): ".", str(Path.home()): "~"}))
    click.echo(f"{folder}: {sum(path.stat().st_size for path in folder.rglob('*')) // 1024} KiB")


def curated(run: Path, folder: Path, *, redactor: Redactor) -> None:
    """
    Copy the journal and junit.xml of a sealed *run*, redacted once more, and render the rest from them.

    An older sample in *folder* is replaced when the new one is complete.

    Raises:
        Refused: The run is not sealed, was changed, or is too large for a sample.
    """
    try:
        verify(run)
        making = folder.with_name(f".{folder.name}.making")
        _remove(making)
        bundle = Bundle(making, redactor=redactor)
        for name in KEPT:
            if (run / name).is_file():
                bundle.text(name, (run / name).read_text())
        history = read(bundle.journal)
        reckoning, about = reckon(history), About.of(history, journal_sha256=digest(bundle.journal))
    except (Damaged, Malformed) as exc:
        raise Refused(f"{run}: {exc}; only a sealed run can be a sample", status=0) from exc
    for name, content in summaries(reckoning, about=about):
        bundle.json(name, content)
    for view in views(history):
        source = Source(run=about.run, journal_sha256=about.journal_sha256)
        write_view(view, making / "views" / f"{view.kind}_{view.stamp}", source=source)
    bundle.text("report/index.html", page(reckoning, about=about, links=links_of(making, base="..")))
    bundle.scrub()
    bundle.seal(run=about.run, verdict=reckoning.word, exit_code=reckoning.exit_code, sample=True)
    size = sum(path.stat().st_size for path in making.rglob("*") if path.is_file())
    if size > LARGEST_BYTES:
        raise Refused(f"{run}: {size} bytes are no sample; wanted at most {LARGEST_BYTES}", status=0)
    _remove(folder)
    making.rename(folder)


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
