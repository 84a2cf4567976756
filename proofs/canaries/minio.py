"""The object store: an object, compared by its bytes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar, Final

from proofs.services.content import summary, unique
from proofs.services.errors import Unanswered
from proofs.services.exercise import Hands

from switchyard.errors import NotFound, Unreachable

from .canary import GONE, name_of, nonces

__all__ = ["Minio", "answering"]

FOLDER: Final = "canary/"


@dataclass(frozen=True)
class Minio:
    """An object in the bucket of the proof's own."""

    store: ClassVar[str] = "minio"
    stays: ClassVar[str] = ""

    hands: Hands

    def where(self, nonce: str) -> str:
        """Bucket and key."""
        return f"s3://{self.hands.place.bucket}/{_key(nonce)}"

    def write(self, nonce: str) -> str:
        """Put bytes that only this nonce has."""
        self.put(nonce, unique(nonce))
        return summary(unique(nonce))

    def put(self, nonce: str, content: bytes) -> None:
        """Put any bytes in its place; for those who break it on purpose."""
        store = self.hands.store()
        with answering():
            store.put(self.hands.place.bucket, _key(nonce), content)

    def read(self, nonce: str) -> str:
        """Size and digest of what is there."""
        store = self.hands.store()
        with answering():
            try:
                return summary(store.get(self.hands.place.bucket, _key(nonce)))
            except NotFound as exc:
                return f"{GONE}: {exc}"

    def remove(self, nonce: str) -> None:
        """Delete the object."""
        store = self.hands.store()
        with answering():
            store.remove(self.hands.place.bucket, _key(nonce))

    def strays(self) -> tuple[str, ...]:
        """By their keys."""
        store = self.hands.store()
        with answering():
            return nonces(store.keys(self.hands.place.bucket, FOLDER), before=FOLDER)


@contextmanager
def answering() -> Iterator[None]:
    """A store that does not answer is no cluster that cannot be read: its silence is an answer."""
    try:
        yield
    except Unreachable as exc:
        raise Unanswered(str(exc)) from exc


def _key(nonce: str) -> str:
    return f"{FOLDER}{name_of(nonce)}"
