"""The end of a run: reckon, render, scrub, seal, and show it under the names that people know."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from switchyard import allure_page
from yardfacts.bundle import ENVELOPE, MANIFEST, UNLISTED, Bundle, digest, switch
from yardfacts.journal import History, read
from yardfacts.keys import SigningKey
from yardfacts.reckoning import Reckoning
from yardfacts.render.allure import UnknownPage, attach, label, write_properties
from yardfacts.render.availability import Window, steps, windows
from yardfacts.render.lanes import bars, undrawn
from yardfacts.render.page import About, page, told
from yardfacts.sealing import seal
from yardfacts.summary import Outcome, outcome
from yardfacts.views import Source, views, write_view

__all__ = ["RESULTS", "Places", "Published", "links_of", "publish"]

RESULTS = "report/allure-results"
PYTEST = "report/pytest.html"
REPORTS: Mapping[str, str] = {
    "Allure": "report/allure.html",
    "pytest": PYTEST,
    "junit.xml": "junit.xml",
    "claims.json": "claims.json",
    "timings.json": "timings.json",
    "verdict.json": "verdict.json",
    "journal": "journal.jsonl",
    "manifest": MANIFEST,
    "signed statement": ENVELOPE,
}
"""Title to file of what a bundle holds for people; linked from its page where it is there."""


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where a run is published."""

    proof: Path
    """Holds ``runs/``, the views, and ``latest``."""
    audit: Path
    """Holds the audit's views."""
    recipe: Path
    """Allure's package and configuration."""
    cache: Path


@dataclass(frozen=True, kw_only=True)
class Published:
    """What came of it."""

    reckoning: Reckoning
    about: About
    notes: tuple[str, ...]
    """What could not be made, one line each; none of it is needed for the verdict."""
    signer: str
    """Public key of who sealed the run, in one line."""


def publish(bundle: Bundle, *, places: Places, key: SigningKey) -> Published:
    """
    Render a bundle whose journal has ended, seal it with *key*, write its views, and switch ``latest``.

    The verdict is computed from the journal first; whatever fails afterwards cannot change it.

    Raises:
        Malformed: The journal cannot be read.
        Damaged: Something got into the bundle that nobody could have redacted.
    """
    history = read(bundle.journal)
    made = outcome(history, journal_sha256=digest(bundle.journal))
    reckoning, about, seen = made.reckoning, made.about, windows(history)
    for name, content in made.files.items():
        bundle.json(name, content)
    bundle.scrub()
    notes = (*_allure(bundle, places=places, made=made, seen=seen), *_pytest(bundle, made=made, seen=seen))
    links = links_of(bundle.folder, base="..")
    bundle.text("report/index.html", page(reckoning, about=about, windows=seen, links=links))
    seal(bundle, made, key=key)
    source = Source(run=about.run, journal_sha256=about.journal_sha256)
    faces = _write_views(history, places=places, source=source)
    face = _face(places.proof, run=bundle.folder, views=faces)
    links = {**links_of(bundle.folder, base="run"), **{name: f"{name}/" for name in faces}}
    (face / "index.html").write_text(page(reckoning, about=about, windows=seen, links=links))
    _switch(places.proof, face)
    return Published(reckoning=reckoning, about=about, notes=notes, signer=key.public.text)


def _allure(bundle: Bundle, *, places: Places, made: Outcome, seen: Sequence[Window]) -> Iterator[str]:
    results = bundle.folder / RESULTS
    if not results.is_dir():
        yield "no Allure results were written, so there is no Allure page"
        return
    reckoning, about = made.reckoning, made.about
    ran = {"verdict": reckoning.word, "run": about.run, "journal": about.journal_sha256, **about.environment}
    write_properties(results, environment=ran, run=about.run)
    label(results, made.history)
    attach(results, reckoning=reckoning, windows=seen)
    if left := undrawn(seen):
        yield f"Allure's timeline has no room for {len(left)} lanes; all are on the availability page"
    proved = sum(judged.finding.verdict == 0 for judged in reckoning.claims)
    try:
        allure_page.render(
            results,
            recipe=places.recipe,
            cache=places.cache,
            page=bundle.folder / "report" / "allure.html",
            name=f"{reckoning.word} · {proved} of {len(reckoning.claims)} claims proved",
            bars=tuple(bars(seen, steps(made.history))),
        )
    except allure_page.Unavailable as exc:
        yield str(exc)


def _pytest(bundle: Bundle, *, made: Outcome, seen: Sequence[Window]) -> Iterator[str]:
    page_of_pytest = bundle.folder / PYTEST
    if not page_of_pytest.is_file():
        yield "pytest-html wrote no page"
        return
    try:
        html = told(page_of_pytest.read_text(), made.reckoning, about=made.about, windows=seen)
    except UnknownPage as exc:
        yield f"pytest-html's page does not carry the verdict: {exc}"
    else:
        bundle.text(PYTEST, html)


def links_of(bundle: Path, *, base: str) -> dict[str, str]:
    """Addresses of what is there; what sealing writes will be."""
    return {title: f"{base}/{name}" for title, name in REPORTS.items() if name in UNLISTED or (bundle / name).is_file()}


def _write_views(history: History, *, places: Places, source: Source) -> dict[str, Path]:
    """Write every view of the run; kind to folder, the last of each kind."""
    written: dict[str, Path] = {}
    for view in views(history):
        home = places.audit if view.kind == "audit" else places.proof / view.kind
        folder = home / view.stamp
        write_view(view, folder, source=source)
        written[view.kind] = folder
    return written


def _face(proof: Path, *, run: Path, views: Mapping[str, Path]) -> Path:
    """
    Make the folder that ``latest`` will point at: links to this run and to the newest view of every kind.

    A view that this run did not make stays the one that was the latest before.
    """
    face = proof / ".faces" / run.name
    face.mkdir(parents=True)
    before = proof / "latest"
    old = {entry.name: entry.resolve() for entry in before.iterdir() if entry.is_symlink()} if before.is_dir() else {}
    for name, target in {**old, **views, "run": run}.items():
        if target.is_dir():
            switch(face / name, target)
    return face


def _switch(proof: Path, face: Path) -> None:
    """Point ``latest`` at *face*, then remove the faces before it: they are links and a copy, no evidence."""
    switch(proof / "latest", face)
    for other in (proof / ".faces").iterdir():
        if other != face:
            shutil.rmtree(other)
