"""Where the gateway finds its neighbours, and how long it waits for them. What is deployed stands in gitops/."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AnyHttpUrl, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["GatewaySettings"]

Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
"""A wait has an end: zero, negative and endless ones are refused at the start."""


class GatewaySettings(BaseSettings):
    """Settings of one gateway process, read from the environment with the prefix ``YARDGATE_``."""

    model_config = SettingsConfigDict(env_prefix="YARDGATE_", frozen=True, extra="forbid")

    ledger_dir: Path
    """Folder with ``<12 digits>.outcome.json``: the highest committed one says what stands behind each alias."""

    ledger_period_s: Seconds = 0.5
    """Pause between two looks at the ledger."""

    cards_dir: Path
    """Folder with ``<model>/card.json`` for each model whose features may be looked up by key."""

    triton_url: AnyHttpUrl
    """Triton's HTTP endpoint, without a path: predictions go there."""

    triton_grpc_port: Annotated[int, Field(gt=0, lt=65536)] = 8001
    """Triton's gRPC port on the same host: control calls go there, because over HTTP a load stalls predictions."""

    features_url: AnyHttpUrl
    """The feature server's endpoint, without a path. It may be absent; the gateway finds out by itself."""

    reload_token_file: Path
    """File with the token that a reload must carry. Read each time, so that a rotated Secret counts at once."""

    listen_host: str = "0.0.0.0"  # noqa: S104  inside a pod the pod's network decides who may connect
    """Address to serve on."""

    listen_port: Annotated[int, Field(gt=0, lt=65536)] = 8080
    """Port to serve on."""

    connect_deadline_s: Seconds = 3.0
    """
    For one connection to Triton or the feature server. In one cluster it takes milliseconds or fails, but for a machine
    that stands still: two busy cores of which others took half did so for four seconds.
    """

    predict_deadline_s: Seconds = 10.0
    """For one prediction, from the first byte of the request to the last of the answer."""

    check_deadline_s: Seconds = 1.0
    """For one readiness question to Triton; below the kubelet's own patience, so that /ready can name the reason."""

    features_deadline_s: Annotated[float, Field(ge=0.01, allow_inf_nan=False)] = 0.5
    """For one online read. Below 10 ms not even a local feature server answers reliably."""

    features_period_s: Seconds = 1.0
    """Pause between two checks whether the feature server is there."""

    body_limit_bytes: Annotated[int, Field(gt=0)] = 1024 * 1024
    """Largest request body. The largest batch of the served model is 64 rows, about 16 KiB of JSON."""

    inflight_limit: Annotated[int, Field(gt=0)] = 256
    """Predictions in flight at once; more are answered 429 instead of queueing beyond their deadline."""
