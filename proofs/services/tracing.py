"""One version on its way: what the registry names champion, what Triton serves, and what answered at the gateway."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from .inquiry import Inquiry
from .mlflow import Mlflow
from .rest import Rest

__all__ = ["Trace", "follow"]

ALIAS: Final = "champion"
DIGEST: Final = "switchyard.digest"
"""Tag of a registered version: the sha256 of the folder that is served."""
REGISTERED_S: Final = 60.0
"""The job that registers what was seeded starts when MLflow answers."""


@dataclass(frozen=True)
class Trace:
    """The three places where the version stands, and what was packaged."""

    mlflow: Mlflow
    triton: Rest
    gateway: Rest
    inference: Any
    """Body of an inference that the model answers."""
    golden: Path
    """Names model, version and digest of what is packaged; from the commit under test."""
    kept: Mapping[str, Any]
    """Version of the champion when the proof began, and the digest that its training kept beside it."""


def follow(trace: Trace, inquiry: Inquiry) -> None:
    """Ask each place for the version that it has; the digest where it is known."""
    packaged = json.loads(trace.golden.read_text())
    model, version = str(packaged["model"]), int(trace.kept["version"])
    wanted = f"{model} version {version}"
    # Of the first version git knows the digest; of one that was promoted, whoever trained it.
    source = packaged if version == packaged["version"] else trace.kept
    inquiry.ask("version-in-registry", wanted=wanted, got=lambda: _registered(trace, model), within_s=REGISTERED_S)
    inquiry.ask("digest-in-registry", wanted=str(source["digest"]), got=lambda: _digest(trace, model))
    inquiry.ask("version-in-triton", wanted=wanted, got=lambda: _served(trace, model, version))
    inquiry.ask("version-in-answer", wanted=wanted, got=lambda: _answered(trace))


def _registered(trace: Trace, model: str) -> str:
    version = trace.mlflow.aliased(model, ALIAS)
    return f"{version['name']} version {version['version']}"


def _digest(trace: Trace, model: str) -> str:
    tags = {tag["key"]: str(tag["value"]) for tag in trace.mlflow.aliased(model, ALIAS).get("tags") or ()}
    return tags.get(DIGEST, "no digest")


def _served(trace: Trace, model: str, version: int) -> str:
    index = trace.triton.post("/v2/repository/index", {"ready": True})
    versions = sorted(str(one.get("version")) for one in index if one["name"] == model)
    # Others may be loaded beside it: what a rollback returns to, and what is on trial.
    return f"{model} version {version if str(version) in versions else ', '.join(versions) or 'none'}"


def _answered(trace: Trace) -> str:
    reply = trace.gateway.send("POST", f"/v1/{ALIAS}/infer", body=trace.inference)
    model, version = (reply.headers.get(f"x-switchyard-{name}", "none") for name in ("model", "version"))
    return f"{model} version {version}" if reply.is_success else f"HTTP {reply.status_code}"
