"""The offline store: a folder of parquet files in the bucket. This process adds one file, once, and rewrites none."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
from pyarrow import csv, fs, parquet

from features.definitions import TIMESTAMP
from features.errors import OfflineUnusable
from models.card import Card

__all__ = ["OfflineStore"]

SINCE = datetime(2020, 1, 1, tzinfo=UTC)
"""Of the packaged rows. Older than anything anybody adds, so that an added row for the same key wins."""


DENIED = "ACCESS_DENIED"
"""How pyarrow's errors, which have one type for everything, tell a refusal from a neighbour that is away."""


class OfflineStore:
    """The bucket's folder, as far as this process has to do with it."""

    def __init__(self, *, endpoint: str, bucket: str, card: Card) -> None:
        """*endpoint* is ``http://host:port``; credentials come from the environment."""
        scheme, _, address = endpoint.partition("://")
        self._files = fs.S3FileSystem(
            endpoint_override=address,
            scheme=scheme,
            allow_bucket_creation=True,
            connect_timeout=2,  # seconds; the start asks again until its patience ends
            request_timeout=10,
        )
        self._bucket = bucket
        self._path = f"{bucket}/offline/{card.model}.parquet"

    def seed(self, rows_file: Path) -> bool:
        """
        Write the packaged rows where they are absent; returns whether this call did.

        Raises:
            OSError: The object store did not answer.
            OfflineUnusable: It refused.
        """
        try:
            if self._files.get_file_info(self._path).type is not fs.FileType.NotFound:
                return False
            self._files.create_dir(self._bucket, recursive=False)
            parquet.write_table(_rows(rows_file), self._path, filesystem=self._files)
        except OSError as failure:
            if DENIED in str(failure):
                raise OfflineUnusable(
                    f"wanted to write s3://{self._path}, got {failure}; check the secret object-store"
                ) from failure
            raise
        return True


def _rows(rows_file: Path) -> pa.Table:
    """sample_id: int64, the features: float64, event_timestamp: timestamp[us, UTC]."""
    table = csv.read_csv(rows_file)
    columns = {name: table[name].cast(pa.float64()) for name in table.column_names[1:]}
    since = pa.array([SINCE] * table.num_rows, type=pa.timestamp("us", tz="UTC"))
    return pa.table({table.column_names[0]: table[0].cast(pa.int64()), **columns, TIMESTAMP: since})
