"""
What can go wrong while a model is trained, packaged, published or registered.

ModelError
├── GoldenMismatch        trained weights do not give the outputs that stand in git
├── GoldenMissing         a version has no golden rows, or none that can be read
├── RepositoryUnusable    the volume lacks a folder, or its staging and repository are not one file system
├── VersionConflict       the version exists already, with other content; versions are immutable
├── ModelForeign          the model's folder exists, but this publisher did not make it
├── RegistryAway          MLflow does not answer, or refuses us
├── LedgerDamaged         a file of the ledger is not what was written
├── Superseded            a higher generation is committed already
└── Ended                 a generation ended otherwise
"""

from __future__ import annotations

__all__ = [
    "Ended",
    "GoldenMismatch",
    "GoldenMissing",
    "LedgerDamaged",
    "ModelError",
    "ModelForeign",
    "RegistryAway",
    "RepositoryUnusable",
    "Superseded",
    "VersionConflict",
]


class ModelError(Exception):
    """Base of everything this package raises on purpose."""


class GoldenMismatch(ModelError):
    """The outputs of freshly trained weights differ from the golden ones."""


class GoldenMissing(ModelError):
    """Nobody can tell whether a version answers rightly: what it is known to answer is not there."""


class RepositoryUnusable(ModelError):
    """The volume cannot take a publication; the message says what it lacks."""


class VersionConflict(ModelError):
    """A published version has another digest than the one to publish. Carries both."""

    def __init__(self, message: str, *, published: str, offered: str) -> None:
        super().__init__(message)
        self.published = published
        self.offered = offered


class ModelForeign(ModelError):
    """The model's folder exists without the version that the first publication always brings."""


class RegistryAway(ModelError):
    """The registry did not let us in; the message carries its last words."""


class LedgerDamaged(ModelError):
    """A file of the ledger cannot be read, or says what no generation says; nobody may guess what is so."""


class Superseded(ModelError):
    """Somebody else was later, and is committed: this generation has nothing to say any more."""


class Ended(ModelError):
    """The generation has an end already, and it is another one."""
