"""
What can go wrong before a rule is asked.

    RenderError
    ├── NoHelm            there is no helm binary to render with
    ├── NoPromtool        there is no promtool to read rules with
    ├── RenderFailed      helm refused a chart with these values
    ├── Unreadable        a file under gitops/ is not what this tier understands
    └── BadSyntax         a configuration that a program reads does not parse
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["BadSyntax", "NoHelm", "NoPromtool", "RenderError", "RenderFailed", "Unreadable"]


class RenderError(Exception):
    """Base of everything this tier raises."""


class NoHelm(RenderError):
    """No helm binary was found; rendering cannot be skipped, because the tier would then prove nothing."""

    def __init__(self, looked_at: tuple[str, ...]) -> None:
        super().__init__(
            f"wanted the helm that Argo CD uses here, found none in {', '.join(looked_at)}; "
            "run `switchyard toolchain control`, or set SWITCHYARD_HELM to a binary"
        )


class NoPromtool(RenderError):
    """No promtool was found; only Prometheus itself knows what it understands, so this cannot be skipped either."""

    def __init__(self, looked_at: tuple[str, ...]) -> None:
        super().__init__(
            f"wanted the promtool of the Prometheus that runs here, found none in {', '.join(looked_at)}; "
            "run `switchyard toolchain kubernetes-agents`, or set SWITCHYARD_PROMTOOL to a binary"
        )


class RenderFailed(RenderError):
    """Helm refused; carries its own words."""

    def __init__(self, application: str, profile: str, said: str) -> None:
        super().__init__(f"{application} in profile {profile}: helm said: {said.strip()}")


class Unreadable(RenderError):
    """A file has a shape that nobody would notice being misread."""

    def __init__(self, path: Path, wanted: str, got: object) -> None:
        super().__init__(f"{path}: wanted {wanted}, got {got!r}")


class BadSyntax(RenderError):
    """A configuration does not parse; says where as a compiler would."""

    def __init__(self, path: Path, line: int, column: int, wanted: str, got: str) -> None:
        super().__init__(f"{path}:{line}:{column}: wanted {wanted}, got {got!r}")
