"""One pytest session that proves: opens the record before anything happens, and closes it whatever happened."""

from __future__ import annotations

import os
import platform
import secrets
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from switchyard.errors import Misconfigured
from switchyard.gitsource import short_sha
from switchyard.publishing import Places, Published, publish
from switchyard.recorder import Recorder
from switchyard.settings import Settings
from switchyard.signing import signing_key
from switchyard.stages import Gate
from yardfacts.accounting import RECORD as ACCOUNT
from yardfacts.accounting import account, body_of
from yardfacts.bundle import COMPLETE, Bundle, run_name
from yardfacts.catalogue import digests
from yardfacts.claims import Claim
from yardfacts.facts import Malformed
from yardfacts.journal import FORMAT, Ending, InUse, Journal, read
from yardfacts.keys import SigningKey
from yardfacts.redact import Redactor
from yardfacts.target import Target

__all__ = ["SESSION", "ProofSession", "open_session"]

DISTRIBUTIONS: Final = ("pytest", "pytest-order", "pytest-html", "allure-pytest", "kubernetes", "httpx")


@dataclass
class ProofSession:
    """What the plugin keeps while proofs run."""

    recorder: Recorder
    places: Places
    redactor: Redactor
    key: SigningKey
    """Seals the evidence."""
    damaged: Sequence[str] = ()
    """Earlier runs whose journals nobody can read or go on writing, in words."""
    gate: Gate = field(default_factory=Gate)
    claims: Mapping[str, Claim] = field(default_factory=dict)
    """By name, once the claims are loaded; a run that never came to judge anything has none."""
    ending: Ending = Ending.COMPLETED
    published: Published | None = None

    @property
    def bundle(self) -> Bundle:
        """The run's folder."""
        return self.recorder.bundle

    def plan(self, tests: Iterable[Mapping[str, Any]], *, partial: bool, left_out: Iterable[str]) -> None:
        """Record which tests are about to run (one that does not end is missed later), and which controls are not."""
        self.recorder.journal.write("plan", tests=list(tests), partial=partial, left_out=list(left_out))

    def meet(self, target: Target) -> None:
        """The cluster is known: its secrets are redacted from now on, its name and commit are evidence."""
        self.learn(target)
        self.recorder.journal.write(
            "target", target=target.name, commit=target.commit, dirty=str(target.dirty).lower(), context=target.context
        )
        self.recorder.record("bring-up", target.timings)

    def learn(self, target: Target) -> None:
        """Redact the cluster's secrets as they are now; they may change during a run."""
        self.redactor.learn(_secrets(target.secrets_file))

    def close(self, *, message: str = "") -> Published:
        """
        End the journal and publish; once.

        Raises:
            Malformed, Damaged: The evidence cannot be sealed.
        """
        for one in account(read(self.bundle.journal), self.claims):
            self.recorder.journal.write(ACCOUNT, **body_of(one))
        self.recorder.end(self.ending, message=message)
        self.published = publish(self.bundle, places=self.places, key=self.key)
        return self.published


SESSION: Final = pytest.StashKey[ProofSession]()
"""Where the plugin keeps it; absent in a session without proofs."""


def open_session(
    *, checkout: Path, places: Places, budgets: Mapping[str, float], arguments: list[str], tell: Callable[[str], None]
) -> ProofSession:
    """
    Make the run's folder and open its journal; whatever was left open by a dead process is ended first.

    Raises:
        UsageError: There is no key to sign with: better told now than after the run.
    """
    try:
        key = signing_key(Settings())
    except Misconfigured as exc:
        raise pytest.UsageError(str(exc)) from exc
    places_of_ours = {str(checkout): ".", str(Path.home()): "~", platform.node(): "yard"}
    redactor = Redactor(secrets=key.secrets(), places=places_of_ours)
    damaged: list[str] = []
    left = tuple(_end_abandoned(places.proof / "runs", redactor=redactor, leave=damaged.append))
    run_id = secrets.token_hex(3)
    name = run_name(at=datetime.now(UTC), sha=short_sha(checkout), run_id=run_id)
    bundle = Bundle(places.proof / "runs" / name, redactor=redactor)
    journal = Journal(bundle.journal, redactor=redactor)
    journal.write(
        "begin",
        format=FORMAT,
        run=name,
        run_id=run_id,
        command=shlex.join(["pytest", *arguments]),
        environment=_environment(),
        budgets=dict(budgets),
        claims=digests(checkout / "proofs" / "claims"),
        ended_for_others=left,
        left_as_they_are=damaged,
    )
    recorder = Recorder(bundle=bundle, journal=journal, run_id=run_id, tell=tell, budgets=budgets)
    return ProofSession(recorder=recorder, places=places, redactor=redactor, key=key, damaged=damaged)


def _end_abandoned(runs: Path, *, redactor: Redactor, leave: Callable[[str], None]) -> Iterator[str]:
    """
    End the journals of runs whose process died; their folders stay incomplete, as they are.

    Nobody goes on writing where a journal is damaged, or of another format: *leave* hears why, and it stays so.
    """
    for folder in sorted(runs.glob("*")) if runs.is_dir() else ():
        path = folder / "journal.jsonl"
        if (folder / COMPLETE).exists() or not path.is_file():
            continue
        try:
            journal = Journal(path, redactor=redactor)
        except InUse:
            continue
        except Malformed as exc:
            leave(str(exc))
            continue
        if journal.ended:
            journal.close()
        else:
            journal.end(Ending.INTERRUPTED, message="the process died; ended by the next run")
            yield folder.name


def _environment() -> dict[str, str]:
    """What ran, and on what; never whose machine it was."""
    return {
        "python": platform.python_version(),
        "kernel": f"{platform.system()} {platform.release()}",
        "machine": f"{platform.machine()}, {os.cpu_count()} CPUs",
        **{name: version(name) for name in DISTRIBUTIONS},
    }


def _secrets(file: Path | None) -> Iterator[str]:
    """Every value of the generated credentials, however deep; of a list of keys, such as "new,old", each one too."""
    if file is None or not file.is_file():
        return
    todo: list[Any] = [yaml.safe_load(file.read_text())]
    while todo:
        value = todo.pop()
        if isinstance(value, dict):
            todo.extend(value.values())
        elif isinstance(value, list):
            todo.extend(value)
        elif value is not None:
            yield from {str(value), *str(value).split(",")}
