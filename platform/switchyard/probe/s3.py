"""The object store's door (package ``minio``)."""

from __future__ import annotations

import io
import time
import uuid
from dataclasses import dataclass
from typing import Final, Protocol

import urllib3
from minio import Minio
from minio.error import MinioException, S3Error

from switchyard.errors import NotFound, Unreachable
from switchyard.probe.endpoints import Place
from switchyard.prober.lane import RIGHT, UNANSWERED, WRONG
from switchyard.yard import S3Probe
from yardfacts.facts import Answer

__all__ = ["Objects", "Store", "round_trip"]

_ABSENT: Final = frozenset({"NoSuchKey", "NoSuchBucket"})


class Objects(Protocol):
    """What a round trip needs of a store."""

    def put(self, bucket: str, key: str, data: bytes) -> None:
        """Write one object; the bucket is made if absent."""

    def get(self, bucket: str, key: str) -> bytes:
        """Read one object; raises ``NotFound``."""

    def remove(self, bucket: str, key: str) -> None:
        """Delete one object."""


@dataclass(frozen=True)
class Store:
    """One object store. Every method raises ``Unreachable`` where it does not answer, or refuses."""

    client: Minio

    @classmethod
    def at(cls, place: Place, *, access_key: str, secret_key: str, timeout_s: float) -> Store:
        """The store at *place*, over plain HTTP as it is inside a cluster."""
        # No retries: a probe that succeeds at the second try did not succeed.
        pool = urllib3.PoolManager(timeout=urllib3.Timeout(timeout_s), retries=False)
        return cls(Minio(str(place), access_key=access_key, secret_key=secret_key, secure=False, http_client=pool))

    def put(self, bucket: str, key: str, data: bytes) -> None:
        """Write one object; the bucket is made if absent."""
        with _door(f"PUT {bucket}/{key}"):
            if not self.client.bucket_exists(bucket_name=bucket):
                self.client.make_bucket(bucket_name=bucket)
            self.client.put_object(bucket_name=bucket, object_name=key, data=io.BytesIO(data), length=len(data))

    def get(self, bucket: str, key: str) -> bytes:
        """
        Read one object.

        Raises:
            NotFound: There is no such object or bucket.
        """
        with _door(f"GET {bucket}/{key}"):
            answer = self.client.get_object(bucket_name=bucket, object_name=key)
            try:
                return bytes(answer.read())
            finally:
                answer.close()

    def keys(self, bucket: str, prefix: str) -> tuple[str, ...]:
        """
        Keys of all objects that begin with *prefix*.

        Raises:
            NotFound: There is no such bucket.
        """
        with _door(f"LIST {bucket}/{prefix}"):
            found = self.client.list_objects(bucket_name=bucket, prefix=prefix, recursive=True)
            return tuple(str(one.object_name) for one in found)

    def remove(self, bucket: str, key: str) -> None:
        """Delete one object."""
        with _door(f"DELETE {bucket}/{key}"):
            self.client.remove_object(bucket_name=bucket, object_name=key)


class _door:  # noqa: N801 - reads as a statement: with _door(...)
    """Map the package's errors to ours."""

    def __init__(self, asked: str) -> None:
        self._asked = asked

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, exc: BaseException | None, trace: object) -> None:
        if isinstance(exc, S3Error) and exc.code in _ABSENT:
            raise NotFound(f"{self._asked}: {exc.code}") from exc
        if isinstance(exc, MinioException | urllib3.exceptions.HTTPError):
            raise Unreachable(f"{self._asked}: {exc}") from exc


def round_trip(probe: S3Probe, *, store: Objects) -> Answer:
    """Write an object with a unique content, read it back, delete it, and see that it is gone."""
    key, content = f"switchyard-probe/{uuid.uuid4()}", uuid.uuid4().bytes
    start_s = time.monotonic()
    try:
        outcome, got = _exchange(store, bucket=probe.bucket, key=key, content=content)
    except Unreachable as exc:
        outcome, got = UNANSWERED, str(exc)
    return Answer(
        probe=probe.name,
        environment=probe.environment,
        outcome=outcome,
        wanted="the bytes written come back, and are gone after the delete",
        got=got,
        took_s=round(time.monotonic() - start_s, 3),
    )


def _exchange(store: Objects, *, bucket: str, key: str, content: bytes) -> tuple[str, str]:
    store.put(bucket, key, content)
    try:
        back = store.get(bucket, key)
    except NotFound as exc:
        return WRONG, f"written, then {exc}"
    store.remove(bucket, key)
    try:
        store.get(bucket, key)
    except NotFound:
        return (RIGHT, f"{len(back)} bytes") if back == content else (WRONG, f"other bytes: {back[:16]!r}")
    return WRONG, "still there after the delete"
