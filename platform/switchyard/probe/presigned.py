"""A URL that gives one object of a store to whoever has it, for a while: no credential goes where it is asked."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from minio import Minio

from switchyard.probe.secret import secret
from switchyard.yard import S3Probe

__all__ = ["presigned"]

REGION = "us-east-1"
"""MinIO's, where none is set; without one the package asks the store first."""


def presigned(probe: S3Probe, *, key: str, lasts: timedelta, secrets_file: Path | None) -> str:
    """
    Sign a GET of *key* under the store's own name; nothing is sent.

    Raises:
        Misconfigured: The secrets file lacks a key that the probe names.
    """
    client = Minio(
        probe.endpoint,
        access_key=secret(secrets_file, environment=probe.environment, key=probe.access_key),
        secret_key=secret(secrets_file, environment=probe.environment, key=probe.secret_key),
        secure=False,
        region=REGION,
    )
    return str(client.presigned_get_object(bucket_name=probe.bucket, object_name=key, expires=lasts))
