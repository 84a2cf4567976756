"""
What a watchdog does: waits for the end of its proof, and after a death restores, tidies, records and ends.

``python -m switchyard.aftermath`` reads its charge from standard input, and is started by ``watchdog`` alone.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from switchyard.errors import Held, Late, SwitchyardError
from switchyard.holder import is_dead, watchdog_of
from switchyard.kube import Kube
from switchyard.lease import Lease, held_lease
from switchyard.obituary import Obituary
from switchyard.restoring import Mended, mend
from switchyard.targets import open_target
from switchyard.waiting import wait_until
from switchyard.watchdog import DYING_S, FAREWELL, READY, Charge
from yardfacts.verdict import UNRESTORED

__all__ = ["Aftermath", "main"]


@dataclass
class Aftermath:
    """One death, and what is made of it."""

    charge: Charge
    kube: Kube
    obituary: Obituary
    mended: tuple[Mended, ...] = ()
    """Of the last attempt, and what those before it brought about."""
    heir: str = ""
    """Somebody alive who took the lease before us, and so restores."""
    _wrong: str = field(default="not attempted", init=False)

    def settle(self) -> int:
        """Restore until it is done, somebody else does it, or patience ends; return the exit code, 0 or 13."""
        say, start_s = self.obituary.say, time.monotonic()
        say(f"proof {self.charge.run_id} ended without a farewell; restoring {dict(self.charge.found)}")
        try:
            wait_until(
                lambda: is_dead(self.charge.holder),
                what="the proof's process is gone",
                ready=lambda dead: dead is not False,
                within_s=DYING_S,
            )
            wait_until(
                self._attempt,
                what="everything is as it was found",
                ready=lambda wrong: not wrong or bool(self.heir),
                within_s=self.charge.patience_s,
            )
        except Late as exc:
            self._wrong = str(exc)
        took_s = round(time.monotonic() - start_s, 3)
        if self._wrong:
            self.obituary.unrestored(self._wrong, mended=self._unmended(), took_s=took_s)
        else:
            self.obituary.restored(self.mended, took_s=took_s)
        return UNRESTORED if self._wrong else 0

    def _attempt(self) -> str:
        """Take the lease and restore once; why that failed, empty when it did not."""
        # What is done stays done where only the lease could not be given back.
        self.mended = tuple(one for one in self.mended if one.error is None)
        try:
            with held_lease(
                self.kube,
                namespace=self.charge.yard.namespace,
                run_id=watchdog_of(self.charge.run_id),
                restore={},
                recover=self._recover,
                progress=self.obituary.say,
            ):
                self._wrong = ""
        except Held as exc:
            # The last renewal of the dead may cross our first write; then there is nobody to leave it to.
            self.heir = "" if is_dead(exc.holder) or exc.holder == "nobody" else exc.holder
            self._wrong = f"left to {self.heir}, who restores first" if self.heir else str(exc)
        except SwitchyardError as exc:
            self._wrong = f"{type(exc).__name__}: {exc}"
            self.obituary.say(self._wrong)
        return self._wrong

    def _recover(self, lease: Lease, left: Mapping[str, str]) -> None:
        say, run_id = self.obituary.say, watchdog_of(self.charge.run_id)
        self.mended = mend(self.kube, yard=self.charge.yard, lease=lease, wanted=left, run_id=run_id, progress=say)
        for one in self.mended:
            if one.error is not None:
                raise one.error

    def _unmended(self) -> tuple[Mended, ...]:
        """What came of every layer, also where nothing could be tried; nothing where it is somebody else's affair."""
        if self.heir or self.mended:
            return self.mended
        return tuple(Mended(what=name, wanted=state, left="unknown") for name, state in self.charge.found.items())


def main() -> int:
    """Watch over the charge on standard input; the exit code is 0 after a farewell or a restore, else 13."""
    for ignored in (signal.SIGINT, signal.SIGHUP):
        # Both are meant for the proof, which answers them by itself.
        signal.signal(ignored, signal.SIG_IGN)
    charge: Charge = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the process that started us, through its pipe
    kube = open_target(charge.target)
    sys.stdout.buffer.write(READY)
    sys.stdout.flush()
    _close_output()
    if sys.stdin.buffer.read() == FAREWELL:
        return 0
    with Obituary(charge) as obituary:
        return Aftermath(charge, kube, obituary).settle()


def _close_output() -> None:
    """Nobody reads it any more."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):
        os.dup2(nothing, number)
    os.close(nothing)


if __name__ == "__main__":
    raise SystemExit(main())
