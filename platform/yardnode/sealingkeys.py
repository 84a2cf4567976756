"""
The key pairs of the sealed-secrets controller: made by bring-up, not by the controller.

So the certificate is there before anything runs, sealing needs no cluster, and a backup exists wherever the state does.
The controller opens with every key that it finds; new values are sealed with the *active* one. A renewed key becomes
active only after the controller has read it: until then nothing is sealed that it cannot open.
"""

from __future__ import annotations

import base64
import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from yardnode import privatefile
from yardnode.credentials import LABELS
from yardnode.errors import Problem, Refused

__all__ = ["NAMESPACE", "Dated", "SealingKeys"]

NAMESPACE: Final = "sealed-secrets-shared"
LABEL: Final = {"sealedsecrets.bitnami.com/sealed-secrets-key": "active"}
"""By this the controller finds its keys; its own meaning of active is only: to be used for opening."""

BITS: Final = 4096  # the controller's own choice
LIFETIME: Final = datetime.timedelta(days=3650)  # as the controller's own: kubeseal refuses an expired certificate
SKEW: Final = datetime.timedelta(minutes=5)  # a clock that was just set back must not refuse its own certificates
DIGITS: Final = 12  # of the certificate's fingerprint, in the name


@dataclass(frozen=True, kw_only=True)
class Dated:
    """One key pair, as a person may see it."""

    name: str
    made: datetime.datetime
    active: bool


@dataclass(frozen=True)
class SealingKeys:
    """A folder of key pairs (0600), each named after its certificate."""

    folder: Path
    bits: int = BITS

    @classmethod
    def of(cls, state: Path) -> SealingKeys:
        """Those of a yard."""
        return cls(state / "sealing")

    def ensure(self) -> None:
        """Make the first pair unless there is one."""
        if not self.names():
            self.renew()

    def renew(self) -> str:
        """Make a further pair and return its name; it is not active yet, unless it is the first."""
        made = datetime.datetime.now(datetime.UTC) - SKEW
        if self.names():
            self.activate(self.active)
            # The newest is the one with the latest beginning, and certificates count in seconds.
            made = max(made, self._certificate(self.newest).not_valid_before_utc + datetime.timedelta(seconds=1))
        key = rsa.generate_private_key(public_exponent=65537, key_size=self.bits)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAMESPACE)])
        signed = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(made)
            .not_valid_after(made + LIFETIME)
            .sign(key, hashes.SHA256())
        )
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return self._keep(signed.public_bytes(serialization.Encoding.PEM), pem)

    def names(self) -> tuple[str, ...]:
        """Names of all pairs, oldest first; they are the names of the controller's Secrets."""
        found = [path.stem for path in self.folder.glob("*.key")]
        return tuple(sorted(found, key=lambda name: self._certificate(name).not_valid_before_utc))

    @property
    def newest(self) -> str:
        """The pair that the controller has to have before it starts."""
        return self.names()[-1]

    @property
    def active(self) -> str:
        """The pair that is sealed with; the newest where nothing says otherwise."""
        return self._active.read_text() if self._active.exists() else self.newest

    def activate(self, name: str) -> None:
        """Seal with the pair *name* from now on."""
        privatefile.write(self._active, name.encode())

    def dated(self) -> tuple[Dated, ...]:
        """All pairs, oldest first."""
        return tuple(
            Dated(name=name, made=self._certificate(name).not_valid_before_utc.astimezone(), active=name == self.active)
            for name in self.names()
        )

    def certificate(self, name: str) -> Path:
        """The public half, PEM; it is no secret."""
        return self.folder / f"{name}.crt"

    def key(self, name: str) -> Path:
        """The private half, PEM, 0600."""
        return self.folder / f"{name}.key"

    def secrets(self) -> list[dict[str, Any]]:
        """The pairs as the controller reads them, and as a backup keeps them."""
        return [
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": name, "namespace": NAMESPACE, "labels": {**LABELS, **LABEL}},
                "type": "kubernetes.io/tls",
                "data": {"tls.crt": _inline(self.certificate(name)), "tls.key": _inline(self.key(name))},
            }
            for name in self.names()
        ]

    def restore(self, secrets: Sequence[Mapping[str, Any]]) -> None:
        """
        Take in pairs as ``secrets`` gave them.

        Raises:
            Refused: There are pairs already, or an object is no pair.
        """
        problems = []
        if self.names():
            problems.append(_problem(str(self.folder), wanted="no sealing key yet", got=", ".join(self.names())))
        pairs = [(each.get("data") or {}) for each in secrets]
        if not pairs or not all({"tls.crt", "tls.key"} <= pair.keys() for pair in pairs):
            problems.append(_problem("backup", wanted="Secrets with tls.crt and tls.key", got="something else"))
        if problems:
            raise Refused(problems)
        for pair in pairs:
            self._keep(base64.b64decode(pair["tls.crt"]), base64.b64decode(pair["tls.key"]))
        self.activate(self.newest)

    @property
    def _active(self) -> Path:
        return self.folder / "active"

    def _certificate(self, name: str) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.certificate(name).read_bytes())

    def _keep(self, certificate: bytes, key: bytes) -> str:
        fingerprint = x509.load_pem_x509_certificate(certificate).fingerprint(hashes.SHA256())
        name = f"sealing-key-{fingerprint.hex()[:DIGITS]}"
        # The key last: a pair whose key exists is complete.
        privatefile.write(self.certificate(name), certificate, mode=0o644)
        privatefile.write(self.key(name), key)
        return name


def _problem(name: str, *, wanted: str, got: str) -> Problem:
    return Problem(name=name, wanted=wanted, got=got, remedy="Nothing was changed.")


def _inline(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
