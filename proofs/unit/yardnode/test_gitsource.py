"""The git source serves exactly what the checkout is, and never touches it. Real git, no cluster."""

from __future__ import annotations

import socket
import subprocess
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Final, cast

import pytest

from yardnode.errors import Refused
from yardnode.gitsource import BRANCH, PORT, Served, amend, component, repository, serve
from yardnode.plan import Plan
from yardnode.waiting import wait_until

CLIENTS: Final = 48
"""More than the 32 that git daemon serves unless told otherwise."""
ANSWER_S: Final = 30.0

NODE_FILE = "gitops/node.yaml"


def git(folder: Path, *words: str) -> str:
    """Run git in *folder* as somebody."""
    identity = ["-c", "user.name=somebody", "-c", "user.email=somebody@localhost"]
    done = subprocess.run(["git", *identity, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture(name="checkout")
def _checkout(tmp_path: Path) -> Path:
    """A repository with one commit, an ignore file, and something staged by nobody."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    (folder / ".gitignore").write_text("ignored\n")
    (folder / "file").write_text("first\n")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=first")
    return folder


@pytest.fixture(name="state")
def _state(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir()
    return folder


def put(checkout: Path, state: Path) -> Served:
    """Serve the checkout with one generated file."""
    return serve(checkout, state=state, generated={NODE_FILE: "images: {}\n"})


def shown(state: Path, path: str) -> str:
    """A file as the git source serves it."""
    return git(repository(state), "show", f"{BRANCH}:{path}")


def test_a_clean_checkout_is_served_as_its_head(checkout: Path, state: Path) -> None:
    """The commit under test is HEAD; what is served is one generated commit above it."""
    served = put(checkout, state)
    assert (served.commit, served.dirty) == (git(checkout, "rev-parse", "HEAD"), False)
    assert git(repository(state), "rev-parse", BRANCH) == served.served
    assert git(repository(state), "rev-parse", f"{BRANCH}^") == served.commit
    assert git(repository(state), "diff", "--name-only", served.commit, served.served) == NODE_FILE


def test_uncommitted_changes_go_into_a_scratch_commit(checkout: Path, state: Path) -> None:
    """Changed, new and deleted files are served; ignored ones are not."""
    (checkout / "file").write_text("changed\n")
    (checkout / "new").write_text("new\n")
    (checkout / "ignored").write_text("secret\n")
    served = put(checkout, state)
    assert served.dirty
    assert served.commit != git(checkout, "rev-parse", "HEAD")
    assert (shown(state, "file"), shown(state, "new")) == ("changed", "new")
    assert "ignored" not in git(repository(state), "ls-tree", "-r", "--name-only", BRANCH).split()


def test_the_checkout_is_left_as_it_was(checkout: Path, state: Path) -> None:
    """Index, branches, stash and even the object store stay untouched."""
    (checkout / "file").write_text("staged\n")
    git(checkout, "add", "file")
    (checkout / "file").write_text("changed after staging\n")

    def everything() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in sorted((checkout / ".git").rglob("*")) if path.is_file()}

    before = everything()
    put(checkout, state)
    assert everything() == before


def test_the_same_tree_gives_the_same_commit(checkout: Path, state: Path) -> None:
    """A second bring-up of the same changes changes nothing on the node."""
    (checkout / "file").write_text("changed\n")
    assert put(checkout, state) == put(checkout, state)


def test_a_new_commit_replaces_the_old_one(checkout: Path, state: Path) -> None:
    """The branch follows the checkout, whatever a proof has put on it meanwhile."""
    put(checkout, state)
    (checkout / "file").write_text("second\n")
    git(checkout, "commit", "--quiet", "--all", "--message=second")
    served = put(checkout, state)
    assert (served.commit, served.dirty) == (git(checkout, "rev-parse", "HEAD"), False)
    assert shown(state, "file") == "second"


def test_what_was_served_can_still_be_fetched(checkout: Path, state: Path, tmp_path: Path) -> None:
    """Whoever read a commit before it was replaced works with it: a run of a DAG that has not ended, for one."""
    before = serve(checkout, state=state, generated={NODE_FILE: "images: {}\n"})
    amended = amend(before, state=state, generated={NODE_FILE: "images: {a: b}\n"})
    (checkout / "file").write_text("second\n")
    put(checkout, state)
    git(tmp_path, "clone", "--quiet", repository(state).as_uri(), "reader")
    for served in (before, amended):
        assert git(tmp_path / "reader", "show", f"{served.served}:file") == "first"


def test_a_checkout_in_the_middle_of_history_is_served_without_its_branches(checkout: Path, state: Path) -> None:
    """A detached HEAD, as CI has it, is as good as a branch."""
    git(checkout, "checkout", "--quiet", "--detach")
    assert not put(checkout, state).dirty


def test_a_generated_file_in_git_is_refused(checkout: Path, state: Path) -> None:
    """It would be a second copy of what the node knows."""
    (checkout / "gitops").mkdir()
    (checkout / NODE_FILE).write_text("images: {}\n")
    with pytest.raises(Refused, match=rf"git rm {NODE_FILE}"):
        put(checkout, state)


def test_an_amended_file_is_served_without_a_look_at_the_checkout(checkout: Path, state: Path) -> None:
    """A rotated secret brings no half-done work of somebody's editor with it; other generated files stay."""
    before = serve(checkout, state=state, generated={NODE_FILE: "images: {}\n", "sealed": "old\n"})
    (checkout / "file").write_text("half done\n")
    after = amend(before, state=state, generated={"sealed": "new\n"})
    assert (after.commit, after.dirty) == (before.commit, False)
    assert (shown(state, "file"), shown(state, "sealed"), shown(state, NODE_FILE)) == ("first", "new", "images: {}")


def test_an_amended_commit_is_the_one_that_a_bring_up_makes(checkout: Path, state: Path) -> None:
    """So that the next bring-up finds everything settled."""
    before = serve(checkout, state=state, generated={NODE_FILE: "images: {}\n", "sealed": "old\n"})
    after = amend(before, state=state, generated={"sealed": "new\n"})
    assert serve(checkout, state=state, generated={NODE_FILE: "images: {}\n", "sealed": "new\n"}) == after


def test_nothing_is_amended_over_somebody_elses_commit(checkout: Path, state: Path) -> None:
    """A proof that commits on the branch does not lose its commit to a rotation."""
    before = put(checkout, state)
    (checkout / "file").write_text("second\n")
    put(checkout, state)
    with pytest.raises(Refused, match="A proof is at work"):
        amend(before, state=state, generated={NODE_FILE: "images: {a: b}\n"})


def test_a_folder_without_a_commit_is_refused(tmp_path: Path, state: Path) -> None:
    """An unpacked archive has no commit that evidence could name."""
    with pytest.raises(Refused, match="Clone the repository"):
        put(tmp_path, state)


def _asked(port: int) -> socket.socket:
    """A client that asks for the branches, and takes its time."""
    client = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_S)
    request = "git-upload-pack /switchyard.git\0host=127.0.0.1\0"
    client.sendall(f"{len(request) + 4:04x}{request}".encode())
    return client


def test_many_are_served_at_once(checkout: Path, state: Path) -> None:
    """Argo CD compares dozens of Applications at one moment: nobody's connection is taken for another one's."""
    put(checkout, state)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    plan = cast(Plan, SimpleNamespace(state=state, network=SimpleNamespace(node_address="127.0.0.1")))
    argv = [f"--port={port}" if word == f"--port={PORT}" else word for word in component(plan).argv]
    with subprocess.Popen(argv) as daemon, ExitStack() as asking:
        asking.callback(daemon.terminate)
        wait_until(lambda: not _refused(port), ready=bool, within_s=ANSWER_S, what="git daemon to listen")
        clients = [asking.enter_context(_asked(port)) for _ in range(CLIENTS)]
        assert [client.recv(4) != b"" for client in clients] == [True] * CLIENTS
        # Who was served first is still there when the last one is.
        for client in clients:
            client.sendall(b"0000")
            while client.recv(4096):
                continue


def _refused(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
