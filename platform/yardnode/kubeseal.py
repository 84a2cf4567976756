"""The one door to kubeseal: it encrypts for a controller's certificate, and decrypts with its keys, all offline."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from yardnode import commands

__all__ = ["Kubeseal", "Sealed"]

API_VERSION = "bitnami.com/v1alpha1"


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """One sealed Secret: good for this name in this namespace alone, and for nobody but who has the key."""

    name: str
    namespace: str
    encrypted: Mapping[str, str]
    """Key of the Secret -> base64."""

    @property
    def place(self) -> str:
        """``namespace/name``."""
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True)
class Kubeseal:
    """The program. Secrets travel by standard input and output: a list of processes shows none."""

    program: Path

    def seal(self, secrets: Iterable[Mapping[str, Any]], *, certificate: Path) -> tuple[Sealed, ...]:
        """
        Encrypt Secret objects, in their order.

        Args:
            certificate: PEM of the controller's certificate.

        Raises:
            CommandFailed: kubeseal refused, for example an expired certificate.
        """
        # Strict: a sealed value that is copied under another name or into another namespace does not open.
        text = self._run(
            "--format=yaml", "--scope=strict", f"--cert={certificate}", stdin=yaml.safe_dump_all([*secrets])
        )
        return tuple(
            Sealed(
                name=each["metadata"]["name"],
                namespace=each["metadata"]["namespace"],
                encrypted=each["spec"]["encryptedData"],
            )
            for each in yaml.safe_load_all(text)
            if each
        )

    def unseal(self, sealed: Sealed, *, keys: Path) -> dict[str, str]:
        """
        Decrypt one sealed Secret; returns key -> value.

        Args:
            keys: A backup of the controller's keys, or one private key in PEM.

        Raises:
            CommandFailed: None of the keys opens it.
        """
        document = {
            "apiVersion": API_VERSION,
            "kind": "SealedSecret",
            "metadata": {"name": sealed.name, "namespace": sealed.namespace},
            "spec": {"encryptedData": dict(sealed.encrypted)},
        }
        words = ("--format=yaml", "--recovery-unseal", f"--recovery-private-key={keys}")
        found = yaml.safe_load(self._run(*words, stdin=yaml.safe_dump(document)))
        return {key: base64.b64decode(value).decode() for key, value in found["data"].items()}

    def _run(self, *words: str, stdin: str) -> str:
        # An empty environment: kubeseal takes options from variables too, and a cluster is nobody to be asked here.
        return commands.output([self.program, *words], stdin=stdin, environment={})
