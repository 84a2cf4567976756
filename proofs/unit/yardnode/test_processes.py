"""A death is noticed at once and named; an id alone never identifies a process. Real processes, no root."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from yardnode.errors import ComponentDied
from yardnode.processes import Board, Component, Process, boot_id, read_board, read_spec, write_spec
from yardnode.supervisor import LOG_BYTES, LOG_KEPT_BYTES, accepts, bound, tail
from yardnode.waiting import wait_until

# The loop as it is, on a branch that has no cgroup to kill.
SUPERVISE = """
import sys
from pathlib import Path
from yardnode.supervisor import Supervisor
class Branch:
    def kill(self, *, spare, reap): reap()
Supervisor(Path(sys.argv[1]), branch=Branch()).run()
"""


class Yard:
    """A state folder and a supervisor on it."""

    def __init__(self, state: Path) -> None:
        self.state = state
        (state / "logs").mkdir()
        self.supervisor: subprocess.Popen[bytes] | None = None

    def run(self, *components: Component) -> None:
        """Start the supervisor on *components*."""
        write_spec(self.state, components)
        self.supervisor = subprocess.Popen([sys.executable, "-c", SUPERVISE, str(self.state)])

    def board(self) -> Board | None:
        """What the supervisor has published."""
        return read_board(self.state)

    def wait(self, *, started: int = 0, dead: int = 0) -> Board:
        """Wait for a board with so many started and so many dead components."""

        def ready(board: Board | None) -> bool:
            if board is None:
                return False
            return sum(entry.process is not None for entry in board.entries) >= started and len(board.dead()) == dead

        board = wait_until(self.board, ready=ready, what="the board", within_s=10)
        assert board is not None
        return board


@pytest.fixture(name="yard")
def _yard(tmp_path: Path) -> Iterator[Yard]:
    yard = Yard(tmp_path)
    yield yard
    if yard.supervisor is not None:
        yard.supervisor.terminate()
        yard.supervisor.wait(10)


def shell(name: str, text: str, *, after: tuple[str, ...] = ()) -> Component:
    """A component that runs a line of shell."""
    return Component(name=name, argv=("sh", "-c", text), after=after)


def test_a_specification_survives_its_file(tmp_path: Path) -> None:
    """What is written is what is read."""
    component = Component(name="one", argv=("true",), after=("unix:/x",), environment={"A": "b"})
    write_spec(tmp_path, (component,))
    assert read_spec(tmp_path) == (component,)


def test_without_a_supervisor_there_is_no_board(tmp_path: Path) -> None:
    """A yard that never ran is not a broken one."""
    assert read_board(tmp_path) is None


def test_a_death_is_recorded_with_its_last_words(yard: Yard) -> None:
    """The board names the component, its status and what it said; the others go on."""
    yard.run(shell("doomed", "echo last words; exit 3"), shell("healthy", "exec sleep 60"))
    board = yard.wait(started=2, dead=1)
    (dead,) = board.dead()
    assert (dead.name, dead.ending.partition(" at ")[0]) == ("doomed", "ended with status 3")
    assert dead.last_words == ("last words",)
    healthy = next(entry for entry in board.entries if entry.name == "healthy")
    assert healthy.process is not None
    assert healthy.process.alive()
    with pytest.raises(ComponentDied, match=r"doomed died: ended with status 3.*\n.*last words"):
        board.check()


def test_a_killed_component_is_named_with_the_signal(yard: Yard) -> None:
    """SIGKILL leaves no last words, so the board says what happened."""
    yard.run(shell("victim", "exec sleep 60"))
    process = yard.wait(started=1).entries[0].process
    assert process is not None
    process.send(signal.SIGKILL)
    assert "killed by SIGKILL" in yard.wait(dead=1).dead()[0].ending


def test_hup_starts_what_is_dead_and_leaves_the_rest_alone(yard: Yard) -> None:
    """Bringing a yard up again repairs it without touching what runs."""
    yard.run(shell("flaky", "test -e again || exit 1; exec sleep 60"), shell("steady", "exec sleep 60"))
    before = yard.wait(started=2, dead=1)
    (yard.state / "again").touch()
    before.supervisor.send(signal.SIGHUP)
    after = yard.wait(started=2, dead=0)
    assert [entry.process for entry in after.entries if entry.name == "steady"] == [
        entry.process for entry in before.entries if entry.name == "steady"
    ]


def test_a_component_waits_for_what_it_needs(yard: Yard) -> None:
    """It is on the board without a process until then."""
    yard.run(shell("early", "exec sleep 60"), shell("late", "exec sleep 60", after=(f"file:{yard.state}/sign",)))
    board = yard.wait(started=1)
    assert not board.complete()
    (yard.state / "sign").touch()
    assert yard.wait(started=2).complete()


def test_children_die_with_a_killed_supervisor(yard: Yard) -> None:
    """A yard never runs unwatched; and who looks sees that the supervisor is gone."""
    yard.run(shell("child", "exec sleep 60"))
    board = yard.wait(started=1)
    child = board.entries[0].process
    assert child is not None
    assert yard.supervisor is not None
    yard.supervisor.kill()
    yard.supervisor.wait(10)
    wait_until(child.alive, ready=lambda alive: not alive, what="the child to die", within_s=10)
    with pytest.raises(ComponentDied, match="supervisor died"):
        board.check()


def test_terminating_the_supervisor_ends_a_child_that_ignores_it(yard: Yard) -> None:
    """No farewell takes for ever."""
    yard.run(shell("stubborn", "trap '' TERM; echo ready; while :; do sleep 1; done"))
    child = yard.wait(started=1).entries[0].process
    assert child is not None
    wait_until(lambda: tail(yard.state / "logs/stubborn.log"), ready=bool, what="the trap to be set", within_s=10)
    assert yard.supervisor is not None
    yard.supervisor.terminate()
    yard.supervisor.wait(10)
    assert not child.alive()


def test_a_recycled_id_is_somebody_else() -> None:
    """The same id with another start time is another process, and is not signalled."""
    myself = Process.myself()
    other = Process(myself.pid, myself.started_ticks + 1)
    assert myself.alive()
    assert not other.alive()
    other.send(signal.SIGKILL)  # would end this very test


def test_a_board_of_another_boot_is_not_supervised() -> None:
    """After a restart of the machine ids and start times mean nothing."""
    board = Board(boot="another", supervisor=Process.myself(), log="", entries=())
    assert not board.supervised()
    assert Board(boot=boot_id(), supervisor=Process.myself(), log="", entries=()).supervised()


def test_a_log_that_grew_too_large_keeps_its_end(tmp_path: Path) -> None:
    """The end moves aside, the file starts again."""
    log = tmp_path / "one.log"
    with log.open("wb") as stream:
        stream.truncate(LOG_BYTES)
        stream.seek(0, os.SEEK_END)
        stream.write(b"the end")
    bound(tmp_path)
    assert log.stat().st_size == 0
    kept = log.with_suffix(".old").read_bytes()
    assert len(kept) == LOG_KEPT_BYTES
    assert kept.endswith(b"the end")


def test_an_endpoint_that_nobody_listens_on_does_not_accept(tmp_path: Path) -> None:
    """A socket file alone is not a server."""
    assert not accepts(f"unix:{tmp_path}/none.sock")
    assert not accepts(f"file:{tmp_path}/none")
    assert accepts(f"file:{tmp_path}")
