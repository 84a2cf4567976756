"""The offline store: one row of features, in a file of its own beside the packaged one."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import ClassVar, Final

import pyarrow as pa
from proofs.services.content import summary
from proofs.services.exercise import GOLDEN, Hands
from pyarrow import parquet

from switchyard.errors import NotFound

from .canary import GONE, name_of, nonces
from .minio import answering

__all__ = ["FEATURE", "Offline", "key_of", "value_of"]

BUCKET: Final = "features"
FOLDER: Final = "offline/"
SUFFIX: Final = ".parquet"

FEATURE: Final = "alcohol"
"""The column that carries the value; the others are zero."""
FIRST_OWN_KEY: Final = 1_000_000
"""Keys from here on belong to proofs; the packaged rows have 0 to 177."""


@dataclass(frozen=True)
class Offline:
    """A row that no other proof has written; the online store is filled with it by itself."""

    store: ClassVar[str] = "feast-offline"
    stays: ClassVar[str] = ""

    hands: Hands
    files: dict[str, bytes] = field(default_factory=dict)
    """What was written, by nonce: written again it is the same to the byte, although the time in it has passed."""

    def where(self, nonce: str) -> str:
        """Bucket and key."""
        return f"s3://{BUCKET}/{_key(nonce)}"

    def write(self, nonce: str) -> str:
        """Put the file."""
        columns = json.loads((self.hands.declared.checkout / GOLDEN).read_text())["columns"]
        content = self.files.setdefault(nonce, _row_file(nonce, columns=columns))
        store = self.hands.store()
        with answering():
            store.put(BUCKET, _key(nonce), content)
        return _described(value_of(nonce), content)

    def read(self, nonce: str) -> str:
        """The value in the file, with the file's size and digest."""
        store = self.hands.store()
        with answering():
            try:
                content = store.get(BUCKET, _key(nonce))
            except NotFound as exc:
                return f"{GONE}: {exc}"
        return _described(parquet.read_table(io.BytesIO(content))[FEATURE][0].as_py(), content)

    def remove(self, nonce: str) -> None:
        """Delete the file."""
        store = self.hands.store()
        with answering():
            store.remove(BUCKET, _key(nonce))

    def strays(self) -> tuple[str, ...]:
        """By their keys."""
        store = self.hands.store()
        with answering():
            return nonces(store.keys(BUCKET, FOLDER), before=FOLDER, after=SUFFIX)


def key_of(nonce: str) -> int:
    """The row's key: 40 bits of the nonce's digest, so that two proofs hardly ever share one."""
    return FIRST_OWN_KEY + int(hashlib.sha256(nonce.encode()).hexdigest()[:10], 16)


def value_of(nonce: str) -> float:
    """The row's value: exact in binary, and no measurement of any wine."""
    return key_of(nonce) + 0.5


def _key(nonce: str) -> str:
    return f"{FOLDER}{name_of(nonce)}{SUFFIX}"


def _described(value: float, content: bytes) -> str:
    return f"{FEATURE} {value}, {summary(content)}"


def _row_file(nonce: str, *, columns: Sequence[str]) -> bytes:
    """One row as Parquet: sample_id: int64, every feature: float64, event_timestamp: timestamp[us, UTC]."""
    features = {name: pa.array([value_of(nonce) if name == FEATURE else 0.0], pa.float64()) for name in columns}
    now = pa.array([datetime.now(UTC)], pa.timestamp("us", tz="UTC"))
    keys = pa.array([key_of(nonce)], pa.int64())
    file = io.BytesIO()
    parquet.write_table(pa.table({"sample_id": keys, **features, "event_timestamp": now}), file)
    return file.getvalue()
