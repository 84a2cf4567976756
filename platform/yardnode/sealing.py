"""
Sealed secrets as they stand in git, and the memory that keeps them still.

Sealing the same value twice gives two texts. What was sealed is kept in ``sealed.yaml``, and only an entry whose values
or key have changed is sealed again: a bring-up that changes nothing serves the same commit.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import yaml

from yardnode import privatefile
from yardnode.credentials import Credentials
from yardnode.errors import Problem, Refused
from yardnode.kubeseal import Sealed
from yardnode.sealingkeys import SealingKeys
from yardnode.secretobjects import SECRETS, Declared, objects

__all__ = [
    "KEY_FILE",
    "SECRETS_FILE",
    "Entry",
    "Seal",
    "file_text",
    "forget",
    "generated",
    "key_text",
    "opened",
    "remembered",
    "sealed_text",
    "text",
]

SECRETS_FILE: Final = "gitops/profiles/embedded/secrets.yaml"
"""Where the served commit has the sealed secrets; chart ``secrets`` reads it."""
KEY_FILE: Final = "gitops/profiles/embedded/sealed-secrets.yaml"
"""Where it names the key that the controller waits for; chart ``sealed-secrets`` reads it."""


class Seal(Protocol):
    """``Kubeseal.seal``."""

    def __call__(self, secrets: Iterable[Mapping[str, Any]], *, certificate: Path) -> tuple[Sealed, ...]: ...


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One Secret as it was sealed."""

    digest: str
    """Of its values: 190 random bits and more, which nobody guesses from it."""
    key: str
    """Name of the sealing key."""
    since: str
    """When it first had these values; RFC 3339."""
    encrypted: dict[str, str]


def generated(state: Path, made: Mapping[str, Credentials], *, seal: Seal) -> dict[str, str]:
    """
    Path -> text of what the served commit has about secrets.

    Raises:
        CommandFailed: kubeseal refused.
    """
    sealed = file_text(state, made, seal=seal)
    return {SECRETS_FILE: sealed, KEY_FILE: key_text(state)}


def key_text(state: Path) -> str:
    """The content of ``KEY_FILE``: the newest key, for whose sake the controller is started anew."""
    return yaml.safe_dump({"sealingKey": SealingKeys.of(state).newest})


def file_text(state: Path, made: Mapping[str, Credentials], *, seal: Seal) -> str:
    """
    The content of ``SECRETS_FILE``: the sealed secrets of all environments, sealed with the active key.

    Args:
        seal: Encrypts what has changed; not called where nothing has.

    Raises:
        CommandFailed: kubeseal refused.
    """
    keys = SealingKeys.of(state)
    keys.ensure()
    kept, now = _read(state), datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    digests = {_place(each): _digest(each["stringData"]) for each in objects(made)}
    stale = {place for place, digest in digests.items() if not _fits(kept.get(place), digest=digest, key=keys.active)}
    chosen = [each for each in objects(made) if _place(each) in stale]
    for each in seal(chosen, certificate=keys.certificate(keys.active)) if chosen else ():
        before, digest = kept.get(each.place), digests[each.place]
        since = before.since if before is not None and before.digest == digest else now
        kept[each.place] = Entry(
            digest=digest, key=keys.active, since=since, encrypted=dict(sorted(each.encrypted.items()))
        )
    if chosen:
        _write(state, kept)
    return text({name: [_kept(secret, kept) for secret in objects({name: each})] for name, each in made.items()})


def sealed_text(made: Mapping[str, Credentials], *, certificate: Path, seal: Seal) -> str:
    """
    The same for a cluster of somebody's own: everything sealed now, nothing remembered.

    Raises:
        CommandFailed: kubeseal refused.
    """
    return text({name: seal(objects({name: each}), certificate=certificate) for name, each in made.items()})


def text(sealed: Mapping[str, Iterable[Sealed]]) -> str:
    """Values of chart ``secrets``: environment -> sealed secrets."""
    return yaml.safe_dump(
        {
            "sealed": {
                environment: [
                    {"name": each.name, "namespace": each.namespace, "encryptedData": dict(each.encrypted)}
                    for each in entries
                ]
                for environment, entries in sealed.items()
            }
        },
        sort_keys=False,
    )


def opened(sealed_text: str, *, unseal: Callable[[Sealed], Mapping[str, str]]) -> Mapping[str, Credentials]:
    """
    The values that a file of sealed secrets carries: what is left of a yard in git, made whole again.

    Args:
        unseal: Decrypts one; ``Kubeseal.unseal`` with the backup of the keys.

    Raises:
        CommandFailed: No key opens an entry.
        Refused: One value stands in two Secrets, and differs.
    """
    declared = {(each.name, each.service): each for each in SECRETS}
    found: dict[str, dict[str, str]] = {}
    for environment, entries in yaml.safe_load(sealed_text)["sealed"].items():
        gathered = found.setdefault(environment, {})
        for entry in entries:
            one = Sealed(name=entry["name"], namespace=entry["namespace"], encrypted=entry["encryptedData"])
            known = declared.get((one.name, one.namespace.removesuffix(f"-{environment}")))
            for name, value in _named(known, unseal(one)) if known is not None else ():
                if gathered.setdefault(name, value) != value:
                    raise Refused([_differing(f"{environment}.{name}", place=one.place)])
    return {environment: Credentials(gathered) for environment, gathered in found.items()}


def remembered(state: Path) -> Mapping[str, Entry]:
    """What is sealed, by ``namespace/name``; empty before the first time."""
    return _read(state)


def forget(state: Path) -> None:
    """Seal everything anew at the next ``file_text``; since when the values hold stays known."""
    _write(state, {place: Entry(**{**asdict(entry), "key": ""}) for place, entry in _read(state).items()})


def _fits(entry: Entry | None, *, digest: str, key: str) -> bool:
    return entry is not None and (entry.digest, entry.key) == (digest, key)


def _digest(plain: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def _kept(secret: Mapping[str, Any], kept: Mapping[str, Entry]) -> Sealed:
    metadata = secret["metadata"]
    return Sealed(name=metadata["name"], namespace=metadata["namespace"], encrypted=kept[_place(secret)].encrypted)


def _place(secret: Mapping[str, Any]) -> str:
    return f"{secret['metadata']['namespace']}/{secret['metadata']['name']}"


def _named(declared: Declared, plain: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    return ((declared.keys[key], value) for key, value in plain.items() if key in declared.keys)


def _differing(name: str, *, place: str) -> Problem:
    return Problem(
        name=name,
        wanted="one value in every Secret that carries it",
        got=f"another one in {place}",
        remedy="Take the file as one served commit has it.",
    )


def _file(state: Path) -> Path:
    return state / "sealed.yaml"


def _read(state: Path) -> dict[str, Entry]:
    file = _file(state)
    stored = (yaml.safe_load(file.read_text()) or {}) if file.exists() else {}
    return {place: Entry(**entry) for place, entry in stored.items()}


def _write(state: Path, kept: Mapping[str, Entry]) -> None:
    privatefile.write(_file(state), yaml.safe_dump({place: asdict(entry) for place, entry in kept.items()}).encode())
