"""What is written about a proof that died: into its journal, which is ended, and into a log beside it."""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final, TextIO

from switchyard.errors import Late
from switchyard.recorder import Place, Recorder
from switchyard.restoring import Mended
from switchyard.waiting import wait_until
from switchyard.watchdog import DYING_S, Charge
from yardfacts.bundle import COMPLETE, Bundle, digest
from yardfacts.facts import Malformed, Timing
from yardfacts.journal import Ending, InUse, Journal, read
from yardfacts.summary import outcome

__all__ = ["LOG", "PHASE", "STAGE", "Obituary"]

LOG: Final = "watchdog.log"
STAGE: Final = "watchdog"
"""Stage under which the journal has what was done after the death."""
PHASE: Final = "watchdog.restore"
"""Timing: from the noticed death until everything was as it had been found."""


class Obituary:
    """
    A context manager. Entering takes the journal at once, so that no proof that begins meanwhile ends it.

    A bundle that is sealed already, or gone, is left alone: then nothing is written anywhere.
    """

    def __init__(self, charge: Charge) -> None:
        self._charge, self._start_s = charge, time.monotonic()
        self._recorder: Recorder | None = None
        self._open = ExitStack()

    def __enter__(self) -> Obituary:
        folder = self._charge.bundle
        is_open = folder.is_dir() and not (folder / COMPLETE).exists()
        self._log: TextIO = self._open.enter_context((folder / LOG if is_open else Path(os.devnull)).open("a"))
        if is_open:
            self._recorder = self._taken()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        if exc is not None:
            self._write("".join(traceback.format_exception(exc)))
            self._end(f"the process died, and its watchdog after it: {type(exc).__name__}")
        self._open.close()

    def say(self, line: str) -> None:
        """One line for a person who reads afterwards, in the log and in the journal."""
        if self._recorder is None:
            self._write(line)
        else:
            self._recorder.note(line)

    def restored(self, mended: Iterable[Mended], *, took_s: float) -> None:
        """Everything is as it was found: record it, end the journal, and say what the run amounts to."""
        mended = tuple(mended)
        told = ", ".join(f"{one.what}: {one.left}" for one in mended) or "somebody was faster, nothing was left to do"
        self._conclude(mended, took_s=took_s, told=f"restored in {took_s:.1f} s ({told})")

    def unrestored(self, wrong: str, *, mended: Iterable[Mended], took_s: float) -> None:
        """Something is not, or that is not known: record it, end the journal, and leave it to the next command."""
        told = f"not restored by the watchdog, {took_s:.1f} s: {wrong}; every later command restores first"
        self._conclude(mended, took_s=took_s, told=told)

    def _conclude(self, mended: Iterable[Mended], *, took_s: float, told: str) -> None:
        self.say(told)
        if self._recorder is not None:
            for one in mended:
                detail = str(one.error) if one.error else ""
                self._recorder.restored(layer=one.what, found=one.wanted, left=one.left, detail=detail)
            self._recorder.record(STAGE, [Timing(phase=PHASE, took_s=took_s)])
        self._end(f"the process died; its watchdog: {told}")

    def _end(self, message: str) -> None:
        recorder, self._recorder = self._recorder, None
        if recorder is None:
            return
        recorder.end(Ending.INTERRUPTED, message=message)
        bundle = recorder.bundle
        try:
            made = outcome(read(bundle.journal), journal_sha256=digest(bundle.journal))
        except (Malformed, LookupError) as exc:
            self._write(f"no verdict can be computed from the journal: {exc}")
            return
        for name, content in made.files.items():
            bundle.json(name, content)
        reckoning = made.reckoning
        self._write(f"verdict: {reckoning.word} ({reckoning.detail}), exit code {reckoning.exit_code}")

    def _taken(self) -> Recorder | None:
        """Whoever writes into the journal of the dead; None where it ended before its process did."""
        bundle = Bundle(self._charge.bundle, redactor=self._charge.redactor)
        if not bundle.journal.is_file():
            self._write("there is no journal")
            return None
        try:
            journal = self._journal(bundle.journal)
        except (Late, Malformed, OSError) as exc:
            self._write(f"the journal cannot be written: {exc}")
            return None
        if journal.ended:
            journal.close()
            self._write("the journal had ended before its process did")
            return None
        self._open.callback(journal.close)
        place = Place(stage=STAGE)
        return Recorder(bundle=bundle, journal=journal, run_id=self._charge.run_id, tell=self._write, place=place)

    def _journal(self, path: Path) -> Journal:
        """The journal, once nobody else has it: the kernel may close the pipe of the dying before their journal."""
        taken: list[Journal] = []

        def attempt() -> str:
            try:
                taken.append(Journal(path, redactor=self._charge.redactor))
            except InUse as exc:
                return str(exc)
            return ""

        wait_until(attempt, what="the journal is free", ready=lambda wrong: not wrong, within_s=DYING_S)
        return taken[0]

    def _write(self, text: str) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        took_s = time.monotonic() - self._start_s
        for line in self._charge.redactor.text(text).strip().splitlines():
            self._log.write(f"{at} {took_s:8.3f} s  {line.strip()}\n")
        self._log.flush()
