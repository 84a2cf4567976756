"""
A proof that is made to die: a process of its own that toggles on command, under lease and watchdog, and no more.

It reads ``detach LAYER`` and ``attach LAYER`` from standard input, one a line, and ends when that ends. On standard
output it says ``ready``, ``done <command>`` and, like every proof, what it is doing.
"""

from __future__ import annotations

import argparse
import os
import select
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from switchyard.errors import SwitchyardError
from switchyard.ground import held_ground
from switchyard.publishing import Places
from switchyard.recorder import Place
from switchyard.session import ProofSession, open_session
from switchyard.settings import load_yard
from switchyard.targets import find_target, open_target
from yardfacts.journal import Ending


def main() -> int:
    """Do what is asked until nothing more is; an interruption restores, as it does in every proof."""
    parser = argparse.ArgumentParser()
    for name in ("config", "kubeconfig", "proof"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--context", required=True)
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, _interrupted)
    session = open_session(
        checkout=chosen.config.parent,
        places=Places(proof=chosen.proof, audit=chosen.proof, recipe=chosen.proof, cache=chosen.proof),
        budgets={},
        arguments=["mortal"],
        tell=_say,
    )
    try:
        _prove(session, config=chosen.config, kubeconfig=chosen.kubeconfig, context=chosen.context)
    except KeyboardInterrupt:
        session.recorder.end(Ending.INTERRUPTED, message="interrupted, and restored")
        return 130
    except SwitchyardError as exc:
        _say(f"{type(exc).__name__}: {exc}")
        session.recorder.end(Ending.ABORTED, message=str(exc))
        return exc.exit_code
    session.recorder.end(Ending.COMPLETED)
    return 0


def _prove(session: ProofSession, *, config: Path, kubeconfig: Path, context: str) -> None:
    declared = load_yard(config)
    target = find_target(checkout=declared.checkout, kubeconfig=kubeconfig, context=context)
    session.meet(target)
    session.recorder.enter(Place(test="mortal", stage="mortal"))
    with held_ground(open_target(target), yard=declared, target=target, recorder=session.recorder) as ground:
        _say("ready")
        for line in _orders(sys.stdin.fileno()):
            verb, layer = line.split()
            done = {"detach": ground.detach, "attach": ground.attach}[verb](layer)
            session.recorder.record(verb, done.facts)
            _say(f"done {verb}")


def _orders(source: int) -> Iterator[str]:
    """
    The lines of *source*, read so that no signal is slept through.

    One that comes in the moment before a read blocks is seen when the read returns, and whoever sent it waits for what
    it does: nothing more would be read for ever. Its handler in C writes a byte, for which is waited as well.
    """
    awoken, alarm = os.pipe()
    os.set_blocking(alarm, False)
    signal.set_wakeup_fd(alarm)
    held = b""
    while True:
        readable, _, _ = select.select([source, awoken], [], [])
        if source not in readable:
            continue  # a signal's: its handler in Python runs before the next look
        chunk = os.read(source, 4096)
        if not chunk:
            return
        *lines, held = (held + chunk).split(b"\n")
        yield from (line.decode() for line in lines)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _interrupted(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt(f"signal {number}")


if __name__ == "__main__":
    raise SystemExit(main())
