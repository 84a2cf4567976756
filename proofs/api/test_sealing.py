"""The real kubeseal: what is sealed opens with the backup of the keys alone, under its own name alone."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from yardnode import credentials, sealing
from yardnode.credentials import Credentials
from yardnode.errors import CommandFailed
from yardnode.kubeseal import Kubeseal, Sealed
from yardnode.sealingkeys import SealingKeys

BUILT = "bin/kubernetes-agents-*/kubeseal"  # what `switchyard toolchain kubernetes-agents` leaves


def find_kubeseal(environment: Mapping[str, str]) -> Path:
    """
    ``SWITCHYARD_KUBESEAL``, or the newest of the cache.

    Raises:
        FileNotFoundError: There is none; says what makes one.
    """
    cache = Path(environment.get("SWITCHYARD_CACHE") or Path.home() / ".cache/switchyard")
    named = environment.get("SWITCHYARD_KUBESEAL")
    found = [Path(named)] if named else sorted(cache.glob(BUILT), key=os.path.getmtime)
    if not found:
        raise FileNotFoundError(f"no {cache}/{BUILT}: build it with `switchyard toolchain sealed-secrets`")
    return found[-1]


@pytest.fixture(name="kubeseal", scope="session")
def _kubeseal() -> Kubeseal:
    return Kubeseal(find_kubeseal(os.environ))


@pytest.fixture(name="made")
def _made(tmp_path: Path) -> Mapping[str, Credentials]:
    return credentials.ensure(credentials.path(tmp_path), environments=("dev", "prod"))


def backup(keys: SealingKeys, file: Path) -> Path:
    """What `switchyard secrets backup-key` writes."""
    file.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": keys.secrets()}))
    return file


def entries(text: str) -> list[Sealed]:
    """The sealed secrets of a served file."""
    return [
        Sealed(name=each["name"], namespace=each["namespace"], encrypted=each["encryptedData"])
        for environment in yaml.safe_load(text)["sealed"].values()
        for each in environment
    ]


def test_git_and_the_backup_are_all_that_a_restore_takes(
    tmp_path: Path, made: Mapping[str, Credentials], kubeseal: Kubeseal
) -> None:
    """
    The restore drill. A key was rotated half way through: part of what git has is sealed with each.

    The other yard gets the served file and the backup, nothing else; it has the same values, seals for the same keys,
    and serves what was served.
    """
    keys = SealingKeys.of(tmp_path)
    sealing.file_text(tmp_path, made, seal=kubeseal.seal)
    old = sealing.file_text(tmp_path, {"dev": made["dev"]}, seal=kubeseal.seal)
    keys.activate(keys.renew())
    text = sealing.file_text(tmp_path, made, seal=kubeseal.seal)
    kept = backup(keys, tmp_path / "backup.yaml")

    elsewhere = tmp_path / "elsewhere"
    SealingKeys.of(elsewhere).restore(yaml.safe_load(kept.read_text())["items"])
    restored = sealing.opened(text, unseal=lambda one: kubeseal.unseal(one, keys=kept))
    credentials.store(credentials.path(elsewhere), restored)

    assert credentials.ensure(credentials.path(elsewhere), environments=("dev", "prod")) == made
    assert SealingKeys.of(elsewhere).active == keys.active
    assert sealing.opened(old, unseal=lambda one: kubeseal.unseal(one, keys=kept)) == {"dev": made["dev"]}


def test_without_the_key_nothing_opens(tmp_path: Path, made: Mapping[str, Credentials], kubeseal: Kubeseal) -> None:
    """Whoever has git has nothing; the refusal names no value."""
    text = sealing.file_text(tmp_path, {"dev": made["dev"]}, seal=kubeseal.seal)
    other = SealingKeys(tmp_path / "other")
    other.ensure()
    kept = backup(other, tmp_path / "other.yaml")
    with pytest.raises(CommandFailed, match="no key could decrypt") as refused:
        kubeseal.unseal(entries(text)[0], keys=kept)
    assert not any(value in str(refused.value) for value in made["dev"].values.values())


@pytest.mark.parametrize(("name", "namespace"), [("stolen", "baseline-dev"), ("minio-root", "baseline-prod")])
def test_a_sealed_secret_opens_under_its_own_name_alone(
    tmp_path: Path, made: Mapping[str, Credentials], kubeseal: Kubeseal, *, name: str, namespace: str
) -> None:
    """Copied into another environment or under another name, it stays closed, key or no key."""
    text = sealing.file_text(tmp_path, {"dev": made["dev"]}, seal=kubeseal.seal)
    one = entries(text)[0]
    kept = backup(SealingKeys.of(tmp_path), tmp_path / "backup.yaml")
    assert kubeseal.unseal(one, keys=kept)["rootPassword"] == made["dev"]["minio_secret_key"]
    with pytest.raises(CommandFailed):
        kubeseal.unseal(dataclasses.replace(one, name=name, namespace=namespace), keys=kept)
