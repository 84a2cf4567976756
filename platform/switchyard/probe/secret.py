"""Credentials that probes need, out of the target's secrets file. They never reach a fact or a message."""

from __future__ import annotations

from pathlib import Path

import yaml

from switchyard.errors import Misconfigured
from switchyard.objects import dig

__all__ = ["secret"]


def secret(file: Path | None, *, environment: str, key: str) -> str:
    """
    One value below *environment*.

    Raises:
        Misconfigured: There is no file, it cannot be read, or the key is missing.
    """
    where = str(file or "no secrets file")
    path = f"{environment}.{key}"
    try:
        parsed = yaml.safe_load(file.read_text()) if file else None
    except (OSError, yaml.YAMLError) as exc:
        raise Misconfigured(where=where, key=path, wanted="YAML that can be read", got=type(exc).__name__) from exc
    value = dig(parsed, environment, key)
    if not isinstance(value, str) or not value:
        raise Misconfigured(where=where, key=path, wanted="a credential (SWITCHYARD_SECRETS names the file)", got=None)
    return value
