"""Every run finds a key: the one that is named, or one of the user's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from switchyard.errors import Misconfigured
from switchyard.settings import Settings
from switchyard.signing import own_key, signing_key
from yardfacts.keys import make_key, public_file


@pytest.fixture(name="home")
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SWITCHYARD_SIGNING_KEY", raising=False)
    return tmp_path


def test_a_users_own_key_is_made_once(home: Path) -> None:
    """The first run makes it, below the configuration of its user; later ones take it."""
    made = signing_key(Settings())
    assert own_key() == home / ".config/switchyard/signing.key"
    assert own_key().stat().st_mode & 0o777 == 0o600
    assert signing_key(Settings()).public == made.public


def test_a_named_key_is_taken(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the environment, as CI names one; then none is made."""
    named = make_key(home / "ci.key")
    monkeypatch.setenv("SWITCHYARD_SIGNING_KEY", str(home / "ci.key"))
    assert signing_key(Settings()).public == named.public
    assert not own_key().exists()


def test_a_named_key_that_is_not_there_is_never_made(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever names a key means that one: a new one would seal in nobody's name."""
    monkeypatch.setenv("SWITCHYARD_SIGNING_KEY", str(home / "lost.key"))
    with pytest.raises(Misconfigured, match=r"SWITCHYARD_SIGNING_KEY: wanted .*, got '.*lost\.key"):
        signing_key(Settings())
    assert not (home / "lost.key").exists()


def test_a_public_half_without_its_private_one_is_said(home: Path) -> None:
    """A key that was lost is not replaced quietly: what it signed would be a stranger's from now on."""
    signing_key(Settings())
    own_key().unlink()
    with pytest.raises(Misconfigured, match="wanted the PEM file of a private key"):
        signing_key(Settings())
    assert public_file(own_key()).exists()
    assert home in own_key().parents
