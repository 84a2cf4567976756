"""
``switchyard down`` leaves nothing: counted here, on a small yard with real processes, mounts, cgroups and a network.

Needs root, as the yard does. This one has an id, an address block and a state of its own: another may run beside it.
"""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from yardnode import bringup, mounts, network, node
from yardnode.cgroups import Branch
from yardnode.commands import output
from yardnode.errors import LeftBehind, Refused
from yardnode.network import Network
from yardnode.paths import Paths
from yardnode.preflight import check
from yardnode.processes import Board, Component, Entry, Process, boot_id, read_board, write_board, write_spec
from yardnode.readings import read
from yardnode.state import State, remember
from yardnode.waiting import wait_until

FOR_MORE = frozenset({"disk", "memory", "apt"})
"""What a whole yard needs and this one does not."""

STARTED_WITHIN_S = 10.0

# A child that leaves its parent, its session and its process group: only the cgroup still knows it.
ORPHAN = "setsid sleep 600 & sleep 600"
# Into a folder below the state, where other processes' mounts are looked for too.
MOUNTER = 'mkdir -p volume && mount -t tmpfs volume "$PWD/volume" && exec sleep 600'

START = """
import sys
from pathlib import Path
from yardnode import network, node, plan
own = network.Network(yard_id=sys.argv[2], block=int(sys.argv[3]))
node.start(plan.Plan(state=Path(sys.argv[1]), network=own, programs={}))
"""


@pytest.fixture(name="paths")
def _paths(tmp_path: Path) -> Paths:
    """Where the small yard is; skips where the machine does not allow one."""
    paths = Paths(checkout=tmp_path / "checkout", cache=tmp_path / "cache", state=tmp_path / "state")
    try:
        check(read(paths, environment=os.environ))
    except Refused as refused:
        problems = [str(problem) for problem in refused.problems if problem.name not in FOR_MORE]
        if problems:
            pytest.skip(f"no yard can stand here: {'; '.join(problems)}")
    return paths


@pytest.fixture(name="own")
def _own(paths: Paths) -> Iterator[Network]:
    """Its addresses and names; whatever a test leaves behind is taken away."""
    own = network.choose(paths.yard_id, taken=network.taken())
    yield own
    node.stop(paths.state, yard_id=own.yard_id)
    network.lower(own)


def _start(paths: Paths, own: Network) -> None:
    """Bring a yard up as the steps do, with two processes in place of a node's."""
    remember(paths.state, State(checkout=str(paths.checkout), network=own))
    network.lay(own)
    for folder in ("logs", "run"):
        (paths.state / folder).mkdir()
    write_spec(
        paths.state,
        tuple(Component(name=name, argv=("sh", "-c", text)) for name, text in (("a", ORPHAN), ("b", MOUNTER))),
    )
    # In a process that ends, as `switchyard up` does: the supervisor belongs to nobody afterwards.
    output([sys.executable, "-c", START, paths.state, own.yard_id, str(own.block)])
    wait_until(
        lambda: _traces(paths, own),
        ready=lambda found: len(found["process"]) == 5 and bool(found["mount in any namespace"]),
        what="two processes, an orphan, their supervisor and its shell, and a mount",
        within_s=STARTED_WITHIN_S,
    )


def _traces(paths: Paths, own: Network) -> dict[str, list[str]]:
    """Everything on this machine that bears the yard's name, addresses or folder, found without the package's help."""
    addresses = f"10.{own.block}."
    links = json.loads(output(["ip", "-json", "link"]))
    return {
        "process": [path.parent.name for path in Path("/proc").glob("[0-9]*/cgroup") if own.namespace in _text(path)],
        "mount in any namespace": [
            line
            for path in Path("/proc").glob("[0-9]*/mountinfo")
            for line in _text(path).splitlines()
            if str(paths.state) in line
        ],
        "network namespace": [name for name in os.listdir("/run/netns") if own.yard_id in name],
        "interface": [link["ifname"] for link in links if own.yard_id in link["ifname"]],
        "route": [line for line in output(["ip", "route", "show", "table", "all"]).splitlines() if addresses in line],
        "cgroup": [str(path) for path in Path("/sys/fs/cgroup").glob(f"**/*{own.yard_id}*") if path.is_dir()],
        "rule": [
            line
            for line in output(["nft", "list", "ruleset"]).splitlines()
            if addresses in line or own.yard_id in line or network.TABLE in line
        ],
    }


def _text(path: Path) -> str:
    """A file of a process; empty where it ended between being listed and being read, which leaves nothing."""
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    except OSError as exc:
        if exc.errno != errno.EINVAL:  # what a zombie's mounts answer
            raise
        return ""


def test_nothing_is_left_of_a_yard_that_was_up(paths: Paths, own: Network) -> None:
    """While it is up every kind is found, but for rules, which never are the host's; afterwards none is."""
    _start(paths, own)
    there = {kind for kind, found in _traces(paths, own).items() if found}
    assert there == {*_traces(paths, own)} - {"rule"}

    bringup.down(paths)

    assert {kind: found for kind, found in _traces(paths, own).items() if found} == {}
    assert {path.name for path in paths.state.iterdir()} <= node.KEPT


def test_nothing_is_left_of_a_yard_whose_supervisor_was_killed(paths: Paths, own: Network) -> None:
    """Nobody is there to end what it had started; the cgroup still tells who it was."""
    _start(paths, own)
    board = read_board(paths.state)
    assert board is not None
    os.kill(board.supervisor.pid, 9)

    bringup.down(paths)

    assert {kind: found for kind, found in _traces(paths, own).items() if found} == {}


def test_volumes_stay_together_with_the_credentials_written_into_them(paths: Paths) -> None:
    """A ledger without the registry of its versions, or a database without its password, is worse than neither."""
    kept = [
        paths.volumes / "models/dev/state/wine/1.json",
        paths.volumes / "postgres/dev/base",
        paths.state / "secrets.yaml",
    ]
    gone = [paths.state / "etcd/member", paths.state / "models/dev/of-an-earlier-release", paths.state / "sealed.yaml"]
    for file in (*kept, *gone):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()

    bringup.down(paths)

    assert [file.exists() for file in kept] == [True] * 3
    assert [file.exists() for file in gone] == [False] * 3


def test_what_down_cannot_take_away_it_names(paths: Paths, own: Network) -> None:
    """A process outside of the yard's cgroup and a mount in what it keeps: two sentences, in one error."""
    kept = paths.volumes / "models"
    kept.mkdir(parents=True)
    with subprocess.Popen(["sleep", "600"]) as escaped:
        process = Process.of(escaped.pid)
        assert process is not None
        entry = Entry(name="escaped", process=process, log="")
        board = Board(boot=boot_id(), supervisor=Process(escaped.pid, 0), log="", entries=(entry,))
        write_board(paths.state, board)
        output(["mount", "-t", "tmpfs", "volume", kept])
        try:
            with pytest.raises(LeftBehind) as raised:
                bringup.down(paths)
            assert raised.value.left == (f"process {escaped.pid}", f"mount {kept}")
        finally:
            output(["umount", kept])
            escaped.kill()
    bringup.down(paths)


def _namespace(own: Network) -> str:
    output(["ip", "netns", "add", own.namespace])
    return f"network namespace {own.namespace}"


def _interface(own: Network) -> str:
    output(["ip", "link", "add", own.link, "type", "bridge"])
    return f"interface {own.link}"


def _route(own: Network) -> str:
    output(["ip", "link", "add", own.link, "type", "bridge"])
    output(["ip", "link", "set", own.link, "up"])
    output(["ip", "route", "add", str(own.pods), "dev", own.link])
    return f"route {own.pods}"


def _cgroup(own: Network) -> str:
    branch = Branch.of(own.yard_id)
    branch.counting.mkdir()
    return f"cgroup {branch.counting}"


@pytest.mark.parametrize("plant", [_namespace, _interface, _route, _cgroup])
def test_one_leftover_of_each_kind_is_named(paths: Paths, own: Network, plant: Callable[[Network], str]) -> None:
    """What is found is told by its kind and its name; what is taken away is not."""
    told = plant(own)
    assert told in node.leftovers(paths.state, yard=own, processes=())
    bringup.down(paths)
    assert node.leftovers(paths.state, yard=own, processes=()) == []


def test_a_neighbour_in_the_same_block_is_nobodys_leftover(paths: Paths, own: Network) -> None:
    """Two ids may point at one block: who has its routes there is another yard, known by the name of its cable."""
    other = Network(yard_id="00c0ffee", block=own.block)
    try:
        told = _route(other)
        assert node.leftovers(paths.state, yard=own, processes=()) == []
        assert told in node.leftovers(paths.state, yard=other, processes=())
    finally:
        network.lower(other)


def test_a_process_in_the_cgroup_is_named(paths: Paths, own: Network) -> None:
    """Whoever it is: it is in the yard's branch, so it is the yard's."""
    branch = Branch.of(own.yard_id)
    branch.grow()
    with subprocess.Popen(["sleep", "600"]) as stray:
        (branch.counting / "node" / "cgroup.procs").write_text(str(stray.pid))
        told = f"process {stray.pid} in cgroup /switchyard-{own.yard_id}"
        assert told in node.leftovers(paths.state, yard=own, processes=())
        stray.kill()
    bringup.down(paths)


def test_a_rule_on_the_host_is_named(own: Network) -> None:
    """Our table belongs into the yard's namespace; here a namespace of its own stands for the host."""
    look = (
        "import sys; from yardnode import commands, network; commands.output(['nft', 'add', *network.TABLE.split()]);"
        "print(network.leftovers(network.Network(yard_id=sys.argv[1], block=int(sys.argv[2]))))"
    )
    told = output(["unshare", "--net", sys.executable, "-c", look, own.yard_id, str(own.block)])
    assert told.strip() == str([network.TABLE])


def test_mounts_of_others_are_nobodys_leftovers(paths: Paths) -> None:
    """A folder whose name only begins like the state's is another one."""
    assert mounts.below(paths.state.with_name("st")) == []
