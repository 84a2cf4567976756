"""``switchyard secrets``: what there is, new values, new keys, a backup and the way back. No value is ever printed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import yaml

from yardnode import bootstrap, credentials, privatefile, rotation, sealing
from yardnode.cli import root_paths, told, yard_of
from yardnode.errors import Problem, Refused
from yardnode.kubeseal import Kubeseal
from yardnode.making import Making
from yardnode.paths import find_paths
from yardnode.progress import Progress
from yardnode.sealingkeys import SealingKeys
from yardnode.secretobjects import SECRETS, carriers
from yardnode.state import read_state
from yardnode.yard import Yard, alone

__all__ = ["secrets"]

FAMILY = "kubernetes-agents"
"""Of the toolchain; has kubeseal."""

ENVIRONMENT = click.option("--env", "chosen", multiple=True, help="One environment; repeated: several. Default: all.")
NEW_FILE = click.argument("file", type=click.Path(path_type=Path))
FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group()
def secrets() -> None:
    """Look after passwords, tokens and the keys that seal them. Prints names, never values."""


@secrets.command(name="list")
def list_() -> None:
    """List every Secret with its values' names, since when it has them, and the sealing keys."""
    with _yard() as yard:
        known = sealing.remembered(yard.paths.state)
        rows = [
            (declared.place(environment), ", ".join(declared.keys.values()), known[declared.place(environment)].since)
            for environment in _environments(yard)
            for declared in SECRETS
            if declared.place(environment) in known
        ]
        keys = SealingKeys.of(yard.paths.state).dated()
    if not rows:
        raise click.ClickException("Nothing is sealed yet: `switchyard up`.")
    place_width, names_width = (max(len(row[column]) for row in rows) for column in (0, 1))
    for place, names, since in rows:
        click.echo(f"{place:<{place_width}}  {names:<{names_width}}  since {since}")
    for key in keys:
        click.echo(f"{key.name}  made {key.made.isoformat(timespec='seconds')}{'  seals' if key.active else ''}")


@secrets.command()
@click.argument("name")
@ENVIRONMENT
def rotate(*, name: str, chosen: Sequence[str]) -> None:
    """Give the value NAME a new one, serve it sealed, and say who has to be restarted for it."""
    with _yard() as yard:
        environments = _environments(yard, chosen)
        running = rotation.runs(yard)
        found = rotation.renew_value(yard, name, environments=environments)
    click.echo(f"{name} is new in {', '.join(environments)}{'' if running else ' with the next `switchyard up`'}.")
    if any(declared.reread for declared in carriers(name)):
        click.echo("Whoever checks it reads it again by itself within about a minute.")
    if found:
        click.echo("These read it when they start; in this order, because whoever checks it comes first:")
        for consumer in found:
            click.echo(f"  {consumer}")


@secrets.command(name="rotate-key")
def rotate_key() -> None:
    """Make a new sealing key and seal everything with it; older keys stay, so that older commits still open."""
    with _yard() as yard:
        name = rotation.renew_key(yard)
    click.echo(f"Sealed with {name}. Make a new backup: `switchyard secrets backup-key FILE`.")


@secrets.command()
def reseal() -> None:
    """Seal every value again with the active key."""
    with _yard() as yard:
        rotation.seal_anew(yard)
    click.echo("Sealed anew.")


@secrets.command(name="backup-key")
@NEW_FILE
def backup_key(*, file: Path) -> None:
    """Write all sealing keys to FILE (0600), which must not be there: with it, whoever has git has every secret."""
    with _yard() as yard:
        keys = SealingKeys.of(yard.paths.state).secrets()
    if not keys:
        raise click.ClickException("There is no sealing key yet: `switchyard up`.")
    with told():
        _create(file, keys)
    click.echo(f"{len(keys)} in {file}. Keep it where neither git nor the cluster is.")


@secrets.command()
@click.argument("backup", type=FILE)
@click.argument("sealed", type=FILE)
def restore(*, backup: Path, sealed: Path) -> None:
    """Give a yard that has never been up the keys in BACKUP and the values of the file SEALED from git."""
    with _yard() as yard, _kubeseal() as kubeseal:
        state, file = yard.paths.state, credentials.path(yard.paths.state)
        if file.exists() or read_state(state) is not None:
            problem = Problem(
                name="yard",
                wanted="one without values of its own",
                got=f"{file} or a node",
                remedy="Run `switchyard down` first, if its values may go.",
            )
            raise Refused([problem])
        made = sealing.opened(sealed.read_text(), unseal=lambda one: kubeseal.unseal(one, keys=backup))
        listed = yaml.safe_load(backup.read_text())
        SealingKeys.of(state).restore(listed.get("items") or [] if isinstance(listed, dict) else [])
        credentials.store(file, made)
    click.echo(f"{', '.join(made)}: as they were sealed. `switchyard up` takes them.")


@secrets.command()
@click.option("--cert", type=FILE, required=True, help="Certificate of the cluster's controller, PEM.")
@click.option(
    "--values",
    "file",
    type=click.Path(path_type=Path),
    required=True,
    help="YAML, environment -> name -> value. Made and completed (0600) where values are missing; never for git.",
)
@ENVIRONMENT
def seal(*, cert: Path, file: Path, chosen: Sequence[str]) -> None:
    """Seal values for a cluster of your own, and print what belongs in git."""
    with told():
        environments = tuple(chosen) or bootstrap.environments(find_paths(os.environ).checkout / "gitops")
        made = credentials.ensure(file, environments=environments)
        with _kubeseal() as kubeseal:
            click.echo(sealing.sealed_text(made, certificate=cert, seal=kubeseal.seal), nl=False)


@secrets.command(name="new-key")
@NEW_FILE
def new_key(*, file: Path) -> None:
    """Make a sealing key for a cluster of your own: FILE (0600, for kubectl apply) and FILE.crt (the certificate)."""
    with told(), tempfile.TemporaryDirectory() as folder:
        keys = SealingKeys(Path(folder))
        name = keys.renew()
        _create(file, keys.secrets())
        _create_public(file.with_name(f"{file.name}.crt"), keys.certificate(name).read_bytes())
    click.echo(f"{name}: kubectl apply --filename {file}, and `sealingKey: {name}` in git.")


def _create(file: Path, keys: Sequence[Mapping[str, Any]]) -> None:
    _once(file, yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": [*keys]}).encode(), mode=0o600)


def _create_public(file: Path, content: bytes) -> None:
    _once(file, content, mode=0o644)


def _once(file: Path, content: bytes, *, mode: int) -> None:
    try:
        privatefile.create(file, content, mode=mode)
    except FileExistsError as exc:
        problem = Problem(
            name=str(file), wanted="a file that is not there", got="one", remedy="Name another: no key is overwritten."
        )
        raise Refused([problem]) from exc


@contextmanager
def _yard() -> Iterator[Yard]:
    """The yard of this checkout, for nobody else meanwhile."""
    with told():
        paths = root_paths()
        with alone(paths):
            yield yard_of(paths)


@contextmanager
def _kubeseal() -> Iterator[Kubeseal]:
    """From the cache, built where it is missing."""
    with Making(find_paths(os.environ), progress=Progress(), environment=os.environ) as making:
        yield Kubeseal(making.build([FAMILY]).path(f"{FAMILY}/kubeseal"))


def _environments(yard: Yard, chosen: Sequence[str] = ()) -> tuple[str, ...]:
    known = bootstrap.environments(yard.gitops)
    unknown = [each for each in chosen if each not in known]
    if unknown:
        problem = Problem(
            name="--env", wanted=f"one of {', '.join(known)}", got=", ".join(unknown), remedy="See `list`."
        )
        raise Refused([problem])
    return tuple(chosen) or known
