"""The one door to the object store: where batches arrive, and where the feature store's offline rows stand."""

from __future__ import annotations

from typing import Final

from pyarrow import fs

from yardflow.errors import StoreAway

__all__ = ["Store"]

SUFFIX: Final = ".parquet"


class Store:
    """
    The bucket, as far as the life cycle has to do with it::

        batches/<model>/<batch id>.parquet    what arrived, features and labels; whoever delivers puts it there
        offline/<batch id>.parquet            its features, for the feature store and for training
    """

    def __init__(self, *, endpoint: str, bucket: str, access_key: str, secret_key: str) -> None:
        """*endpoint* is ``http://host:port``."""
        scheme, _, address = endpoint.rstrip("/").partition("://")
        self._files = fs.S3FileSystem(
            access_key=access_key,
            secret_key=secret_key,
            endpoint_override=address,
            scheme=scheme,
            allow_bucket_creation=True,
            connect_timeout=5,
            request_timeout=20,
        )
        self._bucket = bucket

    def batches(self, model: str) -> tuple[str, ...]:
        """
        Ids of the batches that have arrived, in the order of their names.

        Raises:
            StoreAway: The object store does not answer.
        """
        selector = fs.FileSelector(f"{self._bucket}/batches/{model}", allow_not_found=True)
        try:
            found = self._files.get_file_info(selector)
        except OSError as failure:
            raise StoreAway(f"wanted the batches of {model}, got {failure}") from failure
        return tuple(sorted(one.base_name.removesuffix(SUFFIX) for one in found if one.base_name.endswith(SUFFIX)))

    def batch(self, model: str, name: str) -> bytes:
        """
        The bytes of one batch.

        Raises:
            StoreAway: The object store does not answer, or has no such batch.
        """
        path = f"{self._bucket}/batches/{model}/{name}{SUFFIX}"
        try:
            with self._files.open_input_stream(path) as stream:
                return bytes(stream.read())
        except OSError as failure:
            raise StoreAway(f"wanted s3://{path}, got {failure}") from failure

    def offer(self, name: str, content: bytes) -> bool:
        """
        Put a batch's features where the feature store reads them; whether they were not there yet.

        Raises:
            StoreAway: The object store does not answer.
        """
        path = f"{self._bucket}/offline/{name}{SUFFIX}"
        try:
            self._files.create_dir(self._bucket, recursive=False)
            if self._files.get_file_info(path).type is not fs.FileType.NotFound:
                return False
            with self._files.open_output_stream(path) as stream:
                stream.write(content)
        except OSError as failure:
            raise StoreAway(f"wanted to write s3://{path}, got {failure}") from failure
        return True

    def offline(self, name: str) -> bytes | None:
        """
        The bytes of a batch's features, as they stand in the offline store; None where there are none.

        Raises:
            StoreAway: The object store does not answer.
        """
        path = f"{self._bucket}/offline/{name}{SUFFIX}"
        try:
            if self._files.get_file_info(path).type is fs.FileType.NotFound:
                return None
            with self._files.open_input_stream(path) as stream:
                return bytes(stream.read())
        except OSError as failure:
            raise StoreAway(f"wanted s3://{path}, got {failure}") from failure
