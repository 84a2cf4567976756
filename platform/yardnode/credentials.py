"""
Passwords, tokens and keys of a yard: made once, kept in ``secrets.yaml`` (0600), never printed.

``secretobjects`` says which Secret carries which of them, and ``sealing`` how they come into git.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import yaml
from cryptography.fernet import Fernet

from yardnode import privatefile
from yardnode.errors import Problem, Refused

__all__ = ["LABELS", "VALUES", "Credentials", "Value", "argocd_redis", "ensure", "path", "renew", "store"]

# Letters and digits alone: whole in a URL, on a command line and in a shell. MinIO takes 40 characters at most.
CHARACTERS: Final = string.ascii_letters + string.digits
LENGTH: Final = 32  # 190 bits

LABELS: Final[Mapping[str, str]] = MappingProxyType(
    {"app.kubernetes.io/part-of": "switchyard", "app.kubernetes.io/managed-by": "yardnode"}
)
"""On what bring-up applies itself."""


def _password() -> str:
    return "".join(secrets.choice(CHARACTERS) for _ in range(LENGTH))


def _fernet_key() -> str:
    return Fernet.generate_key().decode()


def _signing_key() -> str:
    # As long as the block of the hash that Airflow signs with; its library warns of anything shorter.
    return _password() + _password()


def _replaced(_: str) -> str:
    return _password()


def _prepended(kept: str) -> str:
    # Airflow encrypts with the first key and decrypts with any: what it has stored stays readable.
    return f"{_fernet_key()},{kept}"


@dataclass(frozen=True, kw_only=True)
class Value:
    """How one value is made, and what a new one asks for."""

    make: Callable[[], str] = _password
    renew: Callable[[str], str] = _replaced
    """The next value, made from the present one."""


VALUES: Final[Mapping[str, Value]] = MappingProxyType(
    {
        "minio_access_key": Value(),
        "minio_secret_key": Value(),
        "gateway_token": Value(),
        "postgres_password": Value(),
        "exporter_database_password": Value(),
        "mlflow_database_password": Value(),
        "mlflow_admin_password": Value(),
        "mlflow_flask_secret": Value(),
        "airflow_database_password": Value(),
        "airflow_admin_password": Value(),
        "airflow_fernet_key": Value(make=_fernet_key, renew=_prepended),
        "airflow_jwt_secret": Value(make=_signing_key, renew=lambda _: _signing_key()),
        "airflow_api_secret": Value(),
        "slack_token": Value(),
    }
)
"""Every value of an environment by its name; probes and proofs know them by these names."""


@dataclass(frozen=True)
class Credentials:
    """The values of one environment by name. ``repr`` shows none of them."""

    values: Mapping[str, str] = field(repr=False)

    def __getitem__(self, name: str) -> str:
        return self.values[name]


def path(state: Path) -> Path:
    """The file that probes read them from."""
    return state / "secrets.yaml"


def ensure(file: Path, *, environments: Sequence[str]) -> Mapping[str, Credentials]:
    """
    Credentials by environment from *file*; values that are missing are made and stored, others stay as they are.

    Raises:
        Refused: The file has a value that nothing here knows.
    """
    stored: dict[str, dict[str, str]] = (yaml.safe_load(file.read_text()) or {}) if file.exists() else {}
    unknown = [f"{each}.{name}" for each, values in stored.items() for name in values if name not in VALUES]
    if unknown:
        raise Refused(
            [
                Problem(
                    name=str(file),
                    wanted="the values that platform/yardnode/credentials.py lists, below each environment",
                    got=", ".join(unknown),
                    remedy="Correct the name, or remove it.",
                )
            ]
        )
    made = {environment: _completed(stored.get(environment, {})) for environment in environments}
    if any(made[environment] != stored.get(environment) for environment in environments):
        _write(file, {**stored, **made})
    return {environment: Credentials(values) for environment, values in made.items()}


def store(file: Path, made: Mapping[str, Credentials]) -> None:
    """Write all values (0600), replacing the file."""
    _write(file, {environment: dict(each.values) for environment, each in made.items()})


def renew(made: Mapping[str, Credentials], name: str, *, environments: Sequence[str]) -> Mapping[str, Credentials]:
    """
    The same credentials with the next value of *name* in *environments*; nothing is stored.

    Raises:
        Refused: There is no such value.
    """
    value = VALUES.get(name)
    if value is None:
        problem = Problem(name=name, wanted=f"one of {', '.join(VALUES)}", got="another name", remedy="See `list`.")
        raise Refused([problem])
    return {
        environment: Credentials({**each.values, name: value.renew(each[name])})
        if environment in environments
        else each
        for environment, each in made.items()
    }


def argocd_redis() -> dict[str, Any]:
    """Argo CD's password for its cache; made before anything of Argo CD starts, so that nothing waits for it."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "argocd-redis", "namespace": "argocd", "labels": dict(LABELS)},
        "type": "Opaque",
        "stringData": {"auth": _password()},
    }


def _completed(stored: Mapping[str, str]) -> dict[str, str]:
    return {name: stored.get(name) or value.make() for name, value in VALUES.items()}


def _write(file: Path, values: Mapping[str, Mapping[str, str]]) -> None:
    privatefile.write(file, yaml.safe_dump({name: dict(each) for name, each in values.items()}).encode())
