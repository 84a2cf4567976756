"""Where the feature server finds its neighbours. The only place that reads or writes the environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from pydantic import AnyHttpUrl, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["FeatureSettings"]


class FeatureSettings(BaseSettings):
    """Settings of one feature server, read from ``YARD_*``, and from ``AWS_*`` where the S3 clients define the name."""

    model_config = SettingsConfigDict(env_prefix="YARD_", frozen=True, extra="forbid")

    env: Annotated[str, Field(pattern=r"^[a-z]+$")]
    """``dev`` or ``prod``; the feature project carries it, so that two environments never share keys."""

    s3_endpoint: AnyHttpUrl
    """The object store."""

    s3_bucket: str = "features"
    """Bucket of the offline store and the registry; made where it is absent."""

    redis: Annotated[str, Field(pattern=r"^[^:/]+:\d+$")]
    """host:port of the online store."""

    access_key_id: Annotated[str, Field(validation_alias="AWS_ACCESS_KEY_ID")]
    """User of the object store."""

    secret_access_key: Annotated[SecretStr, Field(validation_alias="AWS_SECRET_ACCESS_KEY")]
    """That user's password."""

    rows_file: Path
    """CSV of the packaged rows; they become the offline store's first file where it is absent."""

    listen_host: str = "0.0.0.0"  # noqa: S104  inside a pod the pod's network decides who may connect
    """Address to serve on."""

    listen_port: Annotated[int, Field(gt=0, lt=65536)] = 6566
    """Port to serve on; Feast's own default."""

    start_patience_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 60.0
    """How long the start waits for the object store and Redis, which may come up beside it."""

    watch_period_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    """Pause between two looks at the online store."""

    @property
    def endpoint(self) -> str:
        """The object store's URL without a path, as S3 clients want it."""
        return str(self.s3_endpoint).rstrip("/")

    @property
    def offline_url(self) -> str:
        """The folder of the offline store: whoever adds rows adds a file, and never rewrites another's."""
        return f"s3://{self.s3_bucket}/offline/"

    def export(self) -> None:
        """
        Set what Feast, boto3, s3fs and pyarrow read from the environment by themselves.

        ``feature_store.yaml`` is filled in by Feast from the same names.
        """
        os.environ.update(
            {
                "YARD_ENV": self.env,
                "YARD_S3_BUCKET": self.s3_bucket,
                "YARD_REDIS": self.redis,
                "FEAST_S3_ENDPOINT_URL": self.endpoint,
                "AWS_ENDPOINT_URL": self.endpoint,
                "AWS_ACCESS_KEY_ID": self.access_key_id,
                "AWS_SECRET_ACCESS_KEY": self.secret_access_key.get_secret_value(),
                # Not Amazon: any region will do, but without one the clients ask the internet which it is.
                "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_EC2_METADATA_DISABLED": "true",
                # s3fs would remember the folder of the first filling, and not find what was added since.
                "FSSPEC_S3": '{"use_listings_cache": false}',
            }
        )
