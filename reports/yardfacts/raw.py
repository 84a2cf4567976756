"""
Raw files of a bundle, against the facts that were made of them.

A fact that carries ``file`` and ``sha256`` speaks of a raw file; the file has to be there and to be that one, and every
raw file of a completed run has to be spoken of. Where a fold is known for a folder, the facts are made of its files
once more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from yardfacts.bundle import digest
from yardfacts.facts import Fact, Malformed
from yardfacts.folding import fold
from yardfacts.journal import Ending, History

__all__ = ["FOLDERS", "FOLDS", "Fold", "raw_faults"]

FOLDERS: Final = ("probes", "watch")
"""Folders of a bundle that hold raw files and nothing else."""

Fold = Callable[[str, bytes], Iterable[Fact]]
"""Name and content of a raw file to all facts that were made of it, in whatever order."""

FOLDS: Final[Mapping[str, Fold]] = {"probes": fold}
"""By folder. What is not listed is checked by its digest alone."""


def raw_faults(folder: Path, history: History, *, folds: Mapping[str, Fold] = FOLDS) -> Iterator[str]:
    """
    Yield where a bundle's raw files are not what its facts say, each with the file's name and the fact's line.

    Raises:
        Malformed: A recorded fact has not the shape of its type.
    """
    sound: dict[tuple[str, str], dict[str, bytes]] = {}
    told: set[str] = set()
    for record in history.of("fact"):
        stored: Mapping[str, Any] = record.body["fact"]
        if not {"file", "sha256"} <= stored.keys():
            continue
        name = str(stored["file"])
        told.add(name)
        what = f"{name}: {record.body['type']} in line {record.seq + 1} of the journal"
        path = folder / name
        if ".." in Path(name).parts or not path.is_file():
            yield f"{what} was made of it, and it is missing"
        elif digest(path) != stored["sha256"]:
            yield f"{what} was made of another file of this name: its lines were changed"
        elif Path(name).parts[0] in folds:
            sound.setdefault((record.body["stage"], record.body["moment"]), {})[name] = path.read_bytes()
    for place, files in sound.items():
        yield from _folded(files, history, place=place, folds=folds)
    # A run that was interrupted may have written samples, and died before it made facts of them.
    for home in FOLDERS if history.ending is Ending.COMPLETED else ():
        for path in sorted((folder / home).rglob("*")):
            if path.is_file() and (name := path.relative_to(folder).as_posix()) not in told:
                yield f"{name}: no fact of the journal was made of it"


def _folded(
    files: Mapping[str, bytes], history: History, *, place: tuple[str, str], folds: Mapping[str, Fold]
) -> Iterator[str]:
    """Facts of one stage and moment, as recorded and as made again; a fact counts as often as it stands there."""
    again: Counter[Fact] = Counter()
    names = ", ".join(files)
    for name, content in files.items():
        try:
            again.update(folds[Path(name).parts[0]](name, content))
        except (Malformed, ValueError, LookupError, TypeError) as exc:
            yield f"{name}: no facts can be made of it: {type(exc).__name__}: {exc}"
            return
    kinds = {type(fact) for fact in again}
    here = (r.entry for r in history.of("fact") if (r.body["stage"], r.body["moment"]) == place)
    recorded = Counter(fact for _, fact in here if type(fact) in kinds)
    for fact in recorded - again:
        yield f"{names}: its samples do not give the recorded {fact!r:.300}"
    for fact in again - recorded:
        yield f"{names}: its samples give {fact!r:.300}, which is not recorded in {place[0]} at {place[1]}"
