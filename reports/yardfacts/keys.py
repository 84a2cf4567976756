"""
Ed25519 keys: the private one signs evidence, the public one tells a reader, who got it elsewhere, that it did.

Private keys are PEM (PKCS 8, without a password) in a file that only its owner reads. Public keys are PEM files or one
line, ``ed25519:`` and 32 bytes in base64, which can be printed and read aloud.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

__all__ = ["NotAKey", "PublicKey", "SigningKey", "make_key", "public_file"]

SCHEME: Final = "ed25519:"
PRIVATE, PUBLIC = 0o600, 0o644


class NotAKey(ValueError):
    """What was given is no key of the wanted kind; the message never shows what a file holds."""


@dataclass(frozen=True)
class PublicKey:
    """The half that is given away."""

    raw: bytes
    """uint8[32], as RFC 8032 has it."""

    @property
    def text(self) -> str:
        """One line: ``ed25519:`` and the key in base64."""
        return SCHEME + base64.b64encode(self.raw).decode()

    @property
    def pem(self) -> bytes:
        """SubjectPublicKeyInfo, as ``openssl pkey -pubin`` reads it."""
        return self._key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    @property
    def keyid(self) -> str:
        """SHA-256 of the raw key, in hex: a hint which key to try, never a reason to trust it."""
        return hashlib.sha256(self.raw).hexdigest()

    def signed(self, message: bytes, signature: bytes) -> bool:
        """Whether *signature* is of *message*, by the private half of this key."""
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    @classmethod
    def of(cls, given: str) -> PublicKey:
        """
        Read a key: its one line, or the PEM file at a path.

        Raises:
            NotAKey: It is neither.
        """
        if given.startswith(SCHEME):
            try:
                raw = base64.b64decode(given.removeprefix(SCHEME), validate=True)
                Ed25519PublicKey.from_public_bytes(raw)
            except ValueError as exc:
                raise NotAKey(f"{given}: wanted {SCHEME} and 32 bytes in base64 ({exc})") from exc
            return cls(raw)
        try:
            key = serialization.load_pem_public_key(Path(given).read_bytes())
        except (OSError, ValueError) as exc:
            raise NotAKey(f"{given}: wanted the PEM file of a public key, or {SCHEME}BASE64 ({exc})") from exc
        if not isinstance(key, Ed25519PublicKey):
            raise NotAKey(f"{given}: wanted an Ed25519 key, got {type(key).__name__}")
        return cls(key.public_bytes_raw())

    @property
    def _key(self) -> Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(self.raw)


@dataclass(frozen=True)
class SigningKey:
    """The half that is kept. Its representation does not show it."""

    _key: Ed25519PrivateKey

    @property
    def public(self) -> PublicKey:
        """The half that may be given away."""
        return PublicKey(self._key.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """The signature: 64 bytes, the same for the same message."""
        return self._key.sign(message)

    def secrets(self) -> Iterator[str]:
        """Every form in which the key could turn up in a text, for a redactor; base64 of each it finds by itself."""
        raw = self._key.private_bytes_raw()
        yield raw.hex()
        yield base64.b64encode(raw).decode()
        yield from (line for line in _pem(self._key).decode().splitlines() if not line.startswith("-----"))

    @classmethod
    def load(cls, path: Path) -> SigningKey:
        """
        Read the PEM file of a private key.

        Raises:
            NotAKey: It is not there, is readable by others, or holds no Ed25519 key.
        """
        try:
            mode = path.stat().st_mode & 0o777
            if mode & 0o077:
                raise NotAKey(f"{path}: wanted a key that only its owner reads (mode 0600), got mode {mode:04o}: chmod")
            key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        except OSError as exc:
            raise NotAKey(f"{path}: wanted the PEM file of a private key, got {exc.strerror}") from exc
        except (TypeError, ValueError) as exc:
            if isinstance(exc, NotAKey):
                raise
            raise NotAKey(
                f"{path}: wanted the PEM file of an Ed25519 key without a password, got something else"
            ) from exc
        if not isinstance(key, Ed25519PrivateKey):
            raise NotAKey(f"{path}: wanted an Ed25519 key, got {type(key).__name__}")
        return cls(key)

    def __repr__(self) -> str:
        return f"SigningKey({self.public.text})"


def public_file(path: Path) -> Path:
    """Where the public half of the key at *path* is written."""
    return path.with_name(f"{path.name}.pub")


def make_key(path: Path) -> SigningKey:
    """
    Make a key pair: the private half at *path*, mode 0600, the public one beside it, ending in ``.pub``.

    Raises:
        FileExistsError: One of both is there; a key is never overwritten, for what it signed could not be told again.
        OSError: The folder cannot be written.
    """
    key = Ed25519PrivateKey.generate()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = SigningKey(key)
    if public_file(path).exists():
        raise FileExistsError(f"{public_file(path)} is there already")
    _create(path, _pem(key), mode=PRIVATE)
    _create(public_file(path), made.public.pem, mode=PUBLIC)
    return made


def _pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _create(path: Path, content: bytes, *, mode: int) -> None:
    """Whole or not at all, and only where there is nothing: another process may make its key at this moment."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
    try:
        os.link(part, path)
    finally:
        part.unlink()
