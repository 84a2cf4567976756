"""All parts of a node put together: prepared, started, stopped, and looked for when it should be gone."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from yardnode import controlplane, dns, gitsource, kubelet, mounts, network, policy, runtime
from yardnode.cgroups import Branch
from yardnode.plan import Plan
from yardnode.processes import Component, Process, read_board, write_spec
from yardnode.waiting import wait_until

__all__ = ["KEPT", "components", "leftovers", "others", "prepare", "start", "stop", "tracked", "wipe"]

KEPT = frozenset({"volumes", "secrets.yaml", "git", "logs", "logs.before"})
"""
What of the state survives ``down``. All volumes do or none: a ledger that outlives the registry of its versions decides
about versions that nobody knows. With them stay the credentials that are written into them, and the commits that
Airflow's database names; and logs, because a failure is understood by them.
"""

START_WITHIN_S = 60.0
ANSWER_WITHIN_S = 5.0
STOP_WITHIN_S = 15.0


def components(plan: Plan) -> tuple[Component, ...]:
    """Everything that runs, in the order of the bring-up."""
    return (
        *controlplane.components(plan),
        runtime.component(plan),
        *kubelet.components(plan),
        dns.component(plan),
        policy.component(plan),
        gitsource.component(plan),
    )


def prepare(plan: Plan, *, oom_adjustable: bool) -> None:
    """
    Make folders, certificates and configuration files, as far as missing.

    Args:
        oom_adjustable: Whether oom_score_adj may be lowered on this machine.
    """
    plan.state.mkdir(parents=True, exist_ok=True)
    plan.state.chmod(0o700)
    for folder in ("logs", "run", "etc", "git"):
        (plan.state / folder).mkdir(exist_ok=True)
    for part in (controlplane, kubelet, dns, policy):
        part.issue(plan)
    runtime.configure(plan, oom_adjustable=oom_adjustable)
    for part in (kubelet, dns):
        part.configure(plan)
    write_spec(plan.state, components(plan))


def start(plan: Plan) -> None:
    """
    Start the supervisor, or let a living one start what is not running.

    Raises:
        TimedOut: The supervisor did not answer.
        Violated: It ended at once.
    """
    board = read_board(plan.state)
    if board is None or not board.supervised():
        Branch.of(plan.yard_id).grow()
        _launch(plan)
        return
    board.supervisor.send(signal.SIGHUP)
    wait_until(
        lambda: read_board(plan.state),
        ready=lambda now: now is not None and not now.dead(),
        what="the supervisor to take the dead components off its board",
        within_s=ANSWER_WITHIN_S,
    )


def stop(state: Path, *, yard_id: str) -> None:
    """
    End every process of the yard and remove its cgroups; what is not there is fine.

    Raises:
        TimedOut: A process survived SIGKILL.
    """
    board = read_board(state)
    if board is not None and board.supervised():
        board.supervisor.send(signal.SIGTERM)
        wait_until(
            board.supervisor.alive,
            ready=lambda alive: not alive,
            what="the supervisor to end",
            within_s=STOP_WITHIN_S,
        )
    branch = Branch.of(yard_id)
    if branch.counting.is_dir():
        branch.kill()  # containers, shims and components that a killed supervisor left
    branch.cut()


def wipe(state: Path) -> None:
    """Remove the state but for what is ``KEPT``."""
    for entry in state.iterdir() if state.is_dir() else ():
        if entry.name in KEPT:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def others(yard: network.Network) -> list[str]:
    """Namespaces of other yards on this machine."""
    found = network.NAMESPACES.glob("switchyard-*") if network.NAMESPACES.is_dir() else ()
    return [path.name for path in found if path.name != yard.namespace]


def tracked(state: Path) -> tuple[Process, ...]:
    """Processes that the supervisor's board knows, itself included, dead or alive."""
    board = read_board(state)
    if board is None:
        return ()
    return (board.supervisor, *(entry.process for entry in board.entries if entry.process is not None))


def leftovers(state: Path, *, yard: network.Network, processes: Sequence[Process]) -> list[str]:
    """
    What is still there of a yard that should be gone, one sentence each.

    Args:
        processes: What was ``tracked`` before.
    """
    return [
        *(f"process {process.pid}" for process in processes if process.alive()),
        *(f"mount {point}" for point in mounts.below(state)),
        *Branch.of(yard.yard_id).leftovers(),
        *network.leftovers(yard),
    ]


def _launch(plan: Plan) -> None:
    (plan.state / "components.json").unlink(missing_ok=True)
    logs, before = plan.state / "logs", plan.state / "logs.before"
    if any(logs.iterdir()):  # of the life before; one is kept
        if before.exists():
            shutil.rmtree(before)
        logs.rename(before)
        logs.mkdir()
    with (plan.state / "logs" / "supervisor.log").open("ab") as log:
        supervisor = subprocess.Popen(
            [
                *mounts.entering(),
                *network.inside(plan.network),
                sys.executable,
                "-m",
                "yardnode.supervisor",
                str(plan.state),
                plan.yard_id,
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            start_new_session=True,  # Ctrl-C in the terminal is for the command, not for the node
        )
    wait_until(
        lambda: (supervisor.poll(), read_board(plan.state)),
        ready=lambda seen: seen[1] is not None,
        failed=lambda seen: seen[0] is not None,
        what=f"the supervisor to start (log {plan.state}/logs/supervisor.log)",
        within_s=START_WITHIN_S,
    )
