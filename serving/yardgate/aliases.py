"""
The aliases, what may stand behind one, and the way from there to a model's version.

``champion`` and ``challenger`` answer callers; ``shadow`` only gets copies of what the champion answered, and
``previous`` only stays loaded.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

__all__ = [
    "CHALLENGER",
    "CHAMPION",
    "SERVED",
    "SHADOW",
    "Alias",
    "DeployId",
    "Digest",
    "ModelName",
    "Number",
    "Route",
    "Standing",
]

Alias = Literal["champion", "previous", "challenger", "shadow"]
CHAMPION: Alias = "champion"
CHALLENGER: Alias = "challenger"
SHADOW: Alias = "shadow"

SERVED: tuple[str, ...] = (CHAMPION, CHALLENGER)
"""The aliases that callers may name."""

ModelName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
"""Stands in paths, headers and metric labels."""

DeployId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:+-]{0,127}$")]
"""Stands in log lines; wide enough for what a scheduler calls its runs."""

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 of a version's folder, in hexadecimal digits."""

Number = Annotated[int, Field(ge=1, lt=10**12)]
"""A version, or a generation: those are named by twelve digits."""


@dataclass(frozen=True)
class Standing:
    """What stands behind an alias. ``weight`` is a challenger's share of the champion's callers, 0 to 1."""

    model: str
    version: int
    digest: str
    weight: float | None = None

    def is_version_of(self, other: Standing) -> bool:
        """Whether both are one version of one model, whatever their share."""
        return (self.model, self.version) == (other.model, other.version)

    def document(self) -> dict[str, object]:
        """As the control routes show it."""
        shown: dict[str, object] = {"model": self.model, "version": self.version, "digest": self.digest}
        return shown if self.weight is None else {**shown, "weight": self.weight}


@dataclass(frozen=True)
class Route:
    """
    A way from an alias to a version. The bytes that every request needs are made once.

    alias: what the caller asked for. variant: the alias whose version answers. shadow: where copies go, if anywhere.
    """

    alias: str
    variant: str
    model: str
    version: int
    generation: int
    shadow: Route | None = field(default=None, repr=False, compare=False)
    path: bytes = field(init=False, repr=False, compare=False)
    headers: tuple[tuple[bytes, bytes], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Always with the version: Triton's default version changes by itself when another one is loaded.
        path = f"/v2/models/{self.model}/versions/{self.version}/infer".encode()
        headers = (
            (b"x-switchyard-alias", self.alias.encode()),
            (b"x-switchyard-model", self.model.encode()),
            (b"x-switchyard-version", str(self.version).encode()),
            (b"x-switchyard-variant", self.variant.encode()),
            (b"x-switchyard-generation", str(self.generation).encode()),
        )
        object.__setattr__(self, "path", path)
        object.__setattr__(self, "headers", headers)
