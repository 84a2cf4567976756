"""The node's commands on the ``switchyard`` command line."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click

from yardnode import argocd, bringup, tables
from yardnode.errors import Problem, Refused, YardError
from yardnode.families import FAMILIES
from yardnode.making import Making
from yardnode.paths import Paths, find_paths
from yardnode.processes import Board, read_board
from yardnode.progress import Progress
from yardnode.state import State, read_state
from yardnode.steps import Timing
from yardnode.troubles import troubles
from yardnode.yard import Yard, alone

__all__ = ["destroy", "down", "env", "root_paths", "status", "told", "toolchain", "up", "yard_of"]

INTERRUPTED = 130  # as a shell reports it


@contextmanager
def told() -> Iterator[None]:
    """Print what went wrong as a message, without a traceback; anything else is a defect and keeps its traceback."""
    try:
        yield
    except YardError as exc:
        raise click.ClickException(str(exc)) from exc
    except KeyboardInterrupt:
        click.echo("\nInterrupted. Nothing is lost: the same command goes on from here.", err=True)
        sys.exit(INTERRUPTED)


@click.command()
@click.option(
    "--within",
    "within_s",
    type=click.FloatRange(min=0, min_open=True),
    default=Yard.settled_within_s,
    show_default=True,
    metavar="SECONDS",
    help="How long all Applications together may take to settle.",
)
def up(*, within_s: float) -> None:
    """Bring the yard up, from nothing or from wherever it is; does nothing where nothing is to be done."""
    with told():
        paths = root_paths()
        progress = Progress()
        with alone(paths), Making(paths, progress=progress, environment=os.environ) as making:
            yard = Yard(
                paths=paths, progress=progress, environment=os.environ, making=making, settled_within_s=within_s
            )
            timings = bringup.up(yard)
    if progress.finished:
        click.echo(tables.made(progress.finished))
        click.echo()
    click.echo(_steps(timings))


@click.command()
def down() -> None:
    """Stop the yard and leave nothing of it but its volumes, their credentials and logs."""
    with told():
        paths = root_paths()
        with alone(paths):
            bringup.down(paths)
    click.echo("Down: no process, mount, namespace, interface, cgroup or route is left.")


@click.command()
@click.option("--cache", is_flag=True, help="Remove binaries and images too; every checkout shares them.")
def destroy(*, cache: bool) -> None:
    """Take the yard down and remove its state, volumes included."""
    with told():
        paths = root_paths()
        with alone(paths):
            bringup.destroy(paths, cache=cache)
    click.echo(f"Gone: {paths.state}{f' and {paths.cache}' if cache else ''}.")


@click.command()
def status() -> None:
    """Say what runs, what died, and how every Application is; ends with 0 only where all is well."""
    with told():
        paths = root_paths()
        state, board = read_state(paths.state), read_board(paths.state)
        if state is None or board is None:
            click.echo("The yard is down: `switchyard up`.")
            sys.exit(1)
        well = _say_components(board)
        well = well and _say_applications(paths, state)
    sys.exit(0 if well else 1)


@click.command()
@click.argument("families", nargs=-1)
def toolchain(*, families: Sequence[str]) -> None:
    """Build FAMILIES of binaries (default: all) unless the cache has them, and print their folders."""
    with told():
        paths = find_paths(os.environ)
        progress = Progress()
        with Making(paths, progress=progress, environment=os.environ) as making:
            built = making.build(families or FAMILIES)
    if progress.finished:
        click.echo(tables.made(progress.finished), err=True)  # scripts read the folders
    for folder in built.folders.values():
        click.echo(folder)


@click.command()
def env() -> None:
    """Print shell lines that make kubectl, argocd and helm work against the yard: eval "$(switchyard env)"."""
    with told():
        paths = root_paths()
        state = read_state(paths.state)
        if state is None or not state.programs:
            raise click.ClickException("The yard is down, so there is nothing to point at: `switchyard up`.")
        plan = yard_of(paths).plan
        folders = sorted({str(plan.programs[name].parent) for name in ("kubectl", "argocd", "helm")})
        click.echo(f"export KUBECONFIG={shlex.quote(str(plan.kubeconfig))}")
        click.echo("export ARGOCD_OPTS=--core")
        click.echo(f'export PATH={shlex.quote(":".join(folders))}:"$PATH"')


def root_paths() -> Paths:
    """
    The roots, for root.

    Raises:
        Refused: Somebody else called, or the roots cannot be understood.
    """
    paths = find_paths(os.environ)
    if os.geteuid() != 0:
        problem = Problem(
            name="user",
            wanted="root, whom the yard's processes and files belong to",
            got=f"user {os.geteuid()}",
            remedy="Run the command with sudo.",
        )
        raise Refused([problem])
    return paths


def yard_of(paths: Paths) -> Yard:
    """The yard of *paths*, for a command that makes nothing."""
    progress = Progress()
    making = Making(paths, progress=progress, environment=os.environ)
    return Yard(paths=paths, progress=progress, environment=os.environ, making=making)


def _say_components(board: Board) -> bool:
    supervised = board.supervised()
    click.echo(f"supervisor  {'runs' if supervised else 'DEAD: killed, or the machine restarted'}")
    well = supervised
    for entry in board.entries:
        alive = entry.process is not None and entry.process.alive()
        if entry.death is not None or (entry.process is not None and not alive):
            well = False
            click.echo(f"{entry.name}  DEAD: {entry.ending or 'killed together with the supervisor'}; log {entry.log}")
            for line in entry.last_words:
                click.echo(f"    {line}")
        else:
            click.echo(f"{entry.name}  {'runs' if alive else 'waits for what it needs'}")
    if not well:
        click.echo("`switchyard up` starts again what is dead.")
    return well


def _say_applications(paths: Paths, state: State) -> bool:
    cluster = yard_of(paths).cluster
    found = argocd.applications(cluster)
    if state.git is not None:
        click.echo(f"commit  {state.git.commit}{' with uncommitted changes' if state.git.dirty else ''}")
    for each in found:
        click.echo(str(each))
    unready = troubles(cluster)
    for trouble in unready:
        click.echo(str(trouble))
    return bool(found) and not unready and all((each.sync, each.health) == ("Synced", "Healthy") for each in found)


def _steps(timings: Sequence[Timing]) -> str:
    rows = [(each.step, None if each.already_done else each.took_s) for each in timings]
    node_s = sum(each.took_s for each in timings if each.step in bringup.NODE_STEPS)
    rows += [("node processes to Ready", node_s), ("total", sum(each.took_s for each in timings))]
    return tables.seconds("step", rows)
