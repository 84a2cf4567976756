"""The key that seals evidence: where it is found, and the command that makes one."""

from __future__ import annotations

from pathlib import Path

import click

from switchyard.errors import Misconfigured
from switchyard.settings import Settings
from yardfacts.keys import NotAKey, SigningKey, make_key, public_file

__all__ = ["key", "own_key", "signing_key"]

VARIABLE = "SWITCHYARD_SIGNING_KEY"


def own_key() -> Path:
    """Where the user's own key is."""
    return Path.home() / ".config" / "switchyard" / "signing.key"


def signing_key(settings: Settings) -> SigningKey:
    """
    The key that *settings* name; else the user's own, which is made at first use, so that every run is sealed.

    Raises:
        Misconfigured: The key that was named is none, or the user's own cannot be made.
    """
    path = settings.signing_key or own_key()
    try:
        if settings.signing_key is None and not path.exists():
            return make_key(path)
        return SigningKey.load(path)
    except FileExistsError:
        # Another run of the same user made it a moment ago, or only its public half is left, which loading then says.
        return _loaded(path)
    except (NotAKey, OSError) as exc:
        raise _wrong(exc) from exc


def _loaded(path: Path) -> SigningKey:
    try:
        return SigningKey.load(path)
    except NotAKey as exc:
        raise _wrong(exc) from exc


def _wrong(error: Exception) -> Misconfigured:
    wanted = "a private Ed25519 key in PEM, as `switchyard key new` makes it"
    return Misconfigured(where="environment", key=VARIABLE, wanted=wanted, got=str(error))


@click.group()
def key() -> None:
    """Make keys that seal evidence."""


@key.command()
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="The private half; default: your own key.")
def new(out: Path | None) -> None:
    """
    Make a key pair, and print the public half, which readers give to `switchyard verify --key`.

    The private half is readable by you alone; the public one stands beside it, in a file ending in .pub. Nothing is
    ever overwritten. A run finds the key by the environment variable SWITCHYARD_SIGNING_KEY, or takes your own one.
    """
    path = out or own_key()
    try:
        made = make_key(path)
    except OSError as exc:
        raise Misconfigured(where="key new", key="--out", wanted="a path where nothing is yet", got=str(exc)) from exc
    click.echo(f"private   {path}")
    click.echo(f"public    {public_file(path)}")
    click.echo(made.public.text)
