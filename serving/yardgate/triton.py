"""
The one door to ``tritonclient``: control questions over gRPC.

Predictions do not come through here. Control does not go over HTTP: a load there freezes a quarter of the live
connections for as long as it lasts.
"""

from __future__ import annotations

from typing import Protocol

from tritonclient.grpc.aio import InferenceServerClient
from tritonclient.utils import InferenceServerException

from yardgate.errors import Unreachable, VersionNotReady

__all__ = ["Readiness", "Triton"]

CHANNEL = [
    # After an outage the default backoff grows to two minutes: readiness would lag behind Triton by as much.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 1000),
    ("grpc.max_reconnect_backoff_ms", 1000),
    # A TXT lookup before each dial, which cluster DNS answers late or never.
    ("grpc.service_config_disable_resolution", 1),
]


class Readiness(Protocol):
    """What the gateway asks of Triton's control side."""

    async def require(self, model: str, *, version: int) -> None:
        """Return when the version answers requests; raise ``Unreachable`` or ``VersionNotReady`` otherwise."""

    async def close(self) -> None:
        """Give back what is held."""


class Triton:
    """Triton's control side. The channel is made by the first question: it belongs to the loop that asks."""

    def __init__(self, address: str, *, deadline_s: float) -> None:
        self._address, self._deadline_s = address, deadline_s
        self._client: InferenceServerClient | None = None

    async def require(self, model: str, *, version: int) -> None:
        """
        Return when the version is ready to answer.

        Raises:
            Unreachable: Triton did not answer within the deadline.
            VersionNotReady: It answered no, or knows no such model or version.
        """
        client = self._client = self._client or InferenceServerClient(self._address, channel_args=CHANNEL)
        try:
            ready = await client.is_model_ready(model, str(version), client_timeout=self._deadline_s)
        except InferenceServerException as failure:
            raise Unreachable(
                f"wanted to know from Triton at {self._address} whether {model} version {version} is ready, "
                f"got {failure.status()}: {failure.message()}",
                refused=False,
            ) from failure
        if not ready:
            raise VersionNotReady(
                f"wanted {model} version {version} ready in Triton at {self._address}, got: not ready; load it first"
            )

    async def close(self) -> None:
        """Close the channel."""
        if self._client is not None:
            await self._client.close()
