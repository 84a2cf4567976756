"""
A rebuild that dies of SIGKILL half way, in a pod of the platform's own: its number is taken, one replica has switched.

Sent into the pod as text (see ``losing``), where it is the program; nothing of the platform knows of it.
"""

from __future__ import annotations

import os
import signal
import sys
from functools import partialmethod
from typing import Any, Final

from yardflow import operating
from yardflow.flow import Flow, opened
from yardflow.gateway import Gateway
from yardflow.lock import Lock
from yardflow.settings import FlowSettings

__all__ = ["revive"]

LEASE_S: Final = 1.0
"""The lock of who was killed is over before the next pod runs; with the platform's own it would be waited for."""
ACTOR, REASON = "proof", "made again, and killed by a proof"


def revive(flow: Flow, deploy_id: str) -> None:
    """Make the ledger again, and die right after the first replica has switched."""
    real = Gateway.reload

    def reload(*arguments: Any) -> bool:
        real(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("wanted to be dead, got to go on")

    setattr(Gateway, "reload", reload)  # noqa: B010 - mypy lets nobody assign a method
    setattr(Lock, "take", partialmethod(Lock.take, lease_s=LEASE_S))  # noqa: B010 - as above
    operating.rebuild(flow, deploy_id=deploy_id, actor=ACTOR, reason=REASON)


def main() -> None:
    """Revive, in a child: the first process of a container is spared by SIGKILL from inside."""
    child = os.fork()
    if child:
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        sys.exit(code if code >= 0 else 128 - code)
    with opened(FlowSettings(), tell=_tell) as flow:  # type: ignore[call-arg]  # the environment gives the arguments
        revive(flow, sys.argv[1])


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
