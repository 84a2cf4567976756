"""
The registration: MLflow learns of ``wine`` version 1, whose files the seed publishes to Triton.

Runs as a job: ``python -m models.wine.registering``. It needs no volume: packaging gives the same bytes everywhere, and
their digest has to be the one that stands in git.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Final

from models.errors import GoldenMismatch, ModelError
from models.registry import Package, Registered, Registry
from models.repository import digest_of
from models.signature import signature_of
from models.wine.golden import GOLDEN_FILE, read_golden
from models.wine.packaging import assemble
from models.wine.table import read_table
from models.wine.training import train

__all__ = ["register"]

START_S: Final = 60.0
"""The job starts when the server is ready; a network that is to let it through may take some seconds more."""


def register(registry: Registry) -> Registered:
    """
    Register ``wine`` version 1 as the champion; a second call changes nothing.

    Raises:
        GoldenMismatch: What is packaged here is not what git says.
        ModelError: The server does not answer, or holds another version 1.
    """
    golden = read_golden()
    with tempfile.TemporaryDirectory() as folder:
        assemble(Path(folder), weights=train(read_table()).weights)
        digest = digest_of(Path(folder))
        if digest != golden.digest:
            raise GoldenMismatch(f"wanted files with digest {golden.digest}, got {digest}; see models.wine.recording")
        return registry.register(
            Package(
                model=golden.model,
                version=golden.version,
                folder=Path(folder),
                digest=digest,
                signature=signature_of(golden.model),
                golden=GOLDEN_FILE,
                metrics={"holdout_accuracy": golden.holdout_accuracy},
            )
        )


def main() -> int:
    """Wait for the server, register, print one line, and return the exit status."""
    registry = Registry()
    try:
        registry.wait(within_s=START_S)
        registered = register(registry)
    except ModelError as failure:
        sys.stderr.write(f"{type(failure).__name__}: {failure}\n")
        return 1
    sys.stdout.write(f"{registered.model} version {registered.version} {registered.outcome}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
