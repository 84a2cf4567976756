"""A run small enough, and clean enough, to stand in git: what a reader sees before he runs anything himself."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import click

from switchyard.errors import Refused
from switchyard.publishing import links_of
from switchyard.settings import Settings
from switchyard.signing import signing_key
from yardfacts.bundle import JOURNAL, Bundle, Damaged, digest, verify
from yardfacts.facts import Malformed
from yardfacts.journal import read
from yardfacts.keys import SigningKey
from yardfacts.raw import FOLDERS, raw_faults
from yardfacts.redact import Redactor
from yardfacts.render.availability import windows
from yardfacts.render.page import page
from yardfacts.sealing import seal
from yardfacts.summary import outcome
from yardfacts.views import Source, views, write_view

__all__ = ["curate", "curated"]

KEPT: Final = (JOURNAL, "junit.xml")
"""Copied, beside the raw files that facts were made of; everything else is rendered from the journal again."""

LARGEST_BYTES: Final = 4 * 2**20
"""More than this is no sample."""


@click.command()
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.pass_obj
def curate(settings: Settings, run: Path, folder: Path) -> None:
    """Copy a small, redacted part of the sealed RUN into FOLDER, which git may keep; it is sealed with your key."""
    redactor = Redactor(places={str(Path.cwd()): ".", str(Path.home()): "~"})
    curated(run, folder, redactor=redactor, key=signing_key(settings))
    click.echo(f"{folder}: {sum(path.stat().st_size for path in folder.rglob('*')) // 1024} KiB")


def curated(run: Path, folder: Path, *, redactor: Redactor, key: SigningKey) -> None:
    """
    Copy the journal, the raw files and junit.xml of a sealed *run*, redacted once more, and render the rest from them.

    An older sample in *folder* is replaced when the new one is complete. What is redacted only now breaks the journal's
    chain or a raw file's digest: then this is no sample, and the run was redacted badly.

    Raises:
        Refused: The run is not sealed, was changed, was redacted badly, or is too large for a sample.
    """
    try:
        verify(run)
        making = folder.with_name(f".{folder.name}.making")
        _remove(making)
        bundle = Bundle(making, redactor=redactor)
        for path in (*(run / name for name in KEPT), *(path for place in FOLDERS for path in (run / place).rglob("*"))):
            if path.is_file():
                bundle.text(path.relative_to(run).as_posix(), path.read_text())
        history = read(bundle.journal)
        faults = tuple(raw_faults(making, history))
        made = outcome(history, journal_sha256=digest(bundle.journal))
    except (Damaged, Malformed) as exc:
        raise Refused(f"{run}: {exc}; only a sealed run can be a sample", status=0) from exc
    if faults:
        raise Refused(f"{run}: {faults[0]}; only what was redacted when it was written can be a sample", status=0)
    reckoning, about = made.reckoning, made.about
    for name, content in made.files.items():
        bundle.json(name, content)
    for view in views(history):
        source = Source(run=about.run, journal_sha256=about.journal_sha256)
        write_view(view, making / "views" / f"{view.kind}_{view.stamp}", source=source)
    links = links_of(making, base="..")
    bundle.text("report/index.html", page(reckoning, about=about, windows=windows(history), links=links))
    bundle.scrub()
    seal(bundle, made, key=key, sample=True)
    size = sum(path.stat().st_size for path in making.rglob("*") if path.is_file())
    if size > LARGEST_BYTES:
        raise Refused(f"{run}: {size} bytes are no sample; wanted at most {LARGEST_BYTES}", status=0)
    _remove(folder)
    making.rename(folder)


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
