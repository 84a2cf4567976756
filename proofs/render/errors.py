"""
What can go wrong before a rule is asked.

    RenderError
    ├── NoBinary          there is no program to render or to read with
    ├── RenderFailed      helm refused a chart with these values
    ├── Unreadable        a file under gitops/ is not what this tier understands
    └── BadSyntax         a configuration that a program reads does not parse
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["BadSyntax", "NoBinary", "RenderError", "RenderFailed", "Unreadable"]


class RenderError(Exception):
    """Base of everything this tier raises."""


class NoBinary(RenderError):
    """A program was not found; its part cannot be skipped, because the tier would then prove nothing."""

    def __init__(self, name: str, family: str, *, variable: str, looked_at: tuple[str, ...]) -> None:
        super().__init__(
            f"wanted the {name} that is used here, found none in {', '.join(looked_at)}; "
            f"run `switchyard toolchain {family}`, or set {variable} to a binary"
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
