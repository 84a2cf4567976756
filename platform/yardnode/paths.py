"""Where things are: the checkout, the cache that all checkouts share, and this checkout's state."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from yardnode.errors import Problem, Refused

__all__ = ["CHECKOUT", "Paths", "find_paths", "yard_id"]

# platform/yardnode/paths.py: the package is only ever installed in place, because it needs the files around it.
CHECKOUT: Final = Path(__file__).resolve().parents[2]

CACHE_VARIABLE: Final = "SWITCHYARD_CACHE"
STATE_VARIABLE: Final = "SWITCHYARD_STATE"
STATES: Final = Path("/var/lib/switchyard")


def yard_id(checkout: Path) -> str:
    """
    Name the yard of *checkout*: 8 hexadecimal digits, the same through every symbolic link.

    Two checkouts on one machine get two yards; moving a checkout makes a new one.
    """
    return hashlib.sha256(str(checkout.resolve()).encode()).hexdigest()[:8]


@dataclass(frozen=True, kw_only=True)
class Paths:
    """
    The three roots.

    ``cache`` holds what content alone decides (binaries, images) and may be deleted at any time while no yard runs;
    ``state`` holds what makes this yard this yard, and goes with ``destroy``.
    """

    checkout: Path
    cache: Path
    state: Path

    @property
    def yard_id(self) -> str:
        """The yard's name, 8 hexadecimal digits."""
        return yard_id(self.checkout)

    @property
    def toolchain(self) -> Path:
        """The Go modules, one folder a family of binaries."""
        return self.checkout / "platform" / "toolchain"

    @property
    def images(self) -> Path:
        """The Dockerfiles, one folder an image."""
        return self.checkout / "platform" / "images"

    @property
    def volumes(self) -> Path:
        """What is behind persistent volumes, one folder a kind and an environment; it stays until ``destroy``."""
        return self.state / "volumes"

    @property
    def logs(self) -> Path:
        """Whole outputs of builds and installers."""
        return self.cache / "logs"


def find_paths(environment: Mapping[str, str], *, checkout: Path = CHECKOUT) -> Paths:
    """
    Read the roots from *environment* (``SWITCHYARD_CACHE``, ``SWITCHYARD_STATE``, ``HOME``).

    Raises:
        Refused: A root is not absolute, ``HOME`` is unset where it is needed, or the package lies outside a checkout.
    """
    problems = []
    if not (checkout / "platform" / "toolchain").is_dir():
        problems.append(
            Problem(
                name="checkout",
                wanted="platform/toolchain below it",
                got=str(checkout),
                remedy="Install the package from a checkout with `pip install --editable .`.",
            )
        )
    cache = environment.get(CACHE_VARIABLE) or f"{environment.get('HOME', '')}/.cache/switchyard"
    state = environment.get(STATE_VARIABLE) or str(STATES / yard_id(checkout))
    for name, value in ((CACHE_VARIABLE, cache), (STATE_VARIABLE, state)):
        if not Path(value).is_absolute() or value.startswith("/.cache"):
            problems.append(
                Problem(name=name, wanted="an absolute path", got=value, remedy=f"Set {name} (or HOME) to one.")
            )
    if problems:
        raise Refused(problems)
    return Paths(checkout=checkout.resolve(), cache=Path(cache), state=Path(state))
