"""Where the life cycle finds its neighbours, and what git decided about it; the only reader of the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AnyHttpUrl, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["FlowSettings"]


class FlowSettings(BaseSettings):
    """Settings of one environment, with the prefix ``FLOW_``; MLflow's client and Airflow's hook read their own."""

    model_config = SettingsConfigDict(env_prefix="FLOW_", frozen=True, extra="forbid")

    env: Annotated[str, Field(pattern=r"^[a-z]+$")]
    """``dev`` or ``prod``."""

    model: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
    """Whose life cycle this is."""

    volume: Path
    """The model volume, writable: staging, manifests, repository, state and locks stand below it."""

    triton: Annotated[str, Field(pattern=r"^[^:/]+:\d+$")]
    """host:port of Triton's gRPC side."""

    gateway: AnyHttpUrl
    """The gateway's Service: what users ask."""

    replicas: Annotated[str, Field(pattern=r"^[^:/]+:\d+$")]
    """host:port whose name has the address of every ready gateway pod."""

    reload_token: SecretStr
    """What a reload must carry."""

    s3_endpoint: AnyHttpUrl
    """The object store."""

    s3_bucket: str = "features"
    """Bucket of the batches and of the offline store."""

    s3_access_key: str
    """User of the object store."""

    s3_secret_key: SecretStr
    """That user's password."""

    accuracy_threshold: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
    """Share of held-out rows that a champion has to label rightly."""

    slack_connection: str = "slack"
    """Airflow's connection to the webhook."""

    links_url: AnyHttpUrl | None = None
    """Where people outside read MLflow's pages; None where nobody is outside, and messages have no links."""

    @property
    def neighbours(self) -> tuple[tuple[str, int], ...]:
        """Host and port of the services that serve: Triton's and the gateway's."""
        triton, _, port = self.triton.rpartition(":")
        return (triton, int(port)), (str(self.gateway.host), int(self.gateway.port or 80))
