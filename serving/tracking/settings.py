"""Where the tracking server finds its neighbours. The only place that reads or writes the environment."""

from __future__ import annotations

import configparser
import os
import tempfile
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["TrackingSettings"]


class TrackingSettings(BaseSettings):
    """
    Settings of one tracking server, read from ``YARD_*``, and from where MLflow and libpq define the name.

    MLflow reads more by itself: its S3 endpoint, allowed hosts and secret key (``MLFLOW_*``), boto3's ``AWS_*``.
    """

    model_config = SettingsConfigDict(env_prefix="YARD_", frozen=True, extra="forbid", hide_input_in_errors=True)

    database_url: Annotated[str, Field(pattern=r"^postgresql://[^:@/]+@[^@/]+/[^/?]+$")]
    """User, host, port and database; no password, which libpq takes from the environment and no message can show."""

    database_password: Annotated[SecretStr, Field(validation_alias="PGPASSWORD")]
    """Of that user. Only its presence is checked here."""

    artifacts_url: Annotated[str, Field(pattern=r"^s3://[^/]+$")]
    """The bucket behind the server's artifact proxy: clients have no key to it."""

    admin_name: Annotated[str, Field(validation_alias="MLFLOW_AUTH_ADMIN_USERNAME")]
    """The user who may do everything."""

    admin_password: Annotated[SecretStr, Field(validation_alias="MLFLOW_AUTH_ADMIN_PASSWORD")]
    """That user's password; after each start it holds, whatever it was before."""

    listen_host: str = "0.0.0.0"  # noqa: S104  inside a pod the pod's network decides who may connect
    """Address to serve on."""

    listen_port: Annotated[int, Field(gt=0, lt=65536)] = 5000
    """Port to serve on; MLflow's own default."""

    start_patience_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 120.0
    """How long the start waits for PostgreSQL; the kubelet's pause after a failed start grows, so fail seldom."""

    @property
    def store_url(self) -> str:
        """For SQLAlchemy, with the driver that MLflow is tested with; its own choice is another from 2.1 on."""
        return self.database_url.replace("postgresql://", "postgresql+psycopg2://", 1)

    def export(self) -> None:
        """
        Set what MLflow reads from the environment when it is imported.

        The names with an underscore are what ``mlflow server`` hands to its worker process (``mlflow.server.constants``
        of the pinned release). That command would keep a second process with the same 200 MB for nothing.
        """
        os.environ.update(
            {
                "_MLFLOW_SERVER_FILE_STORE": self.store_url,
                "_MLFLOW_SERVER_REGISTRY_STORE": self.store_url,
                "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
                "_MLFLOW_SERVER_ARTIFACT_DESTINATION": self.artifacts_url,
                "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
                "_MLFLOW_SGI_NAME": "uvicorn",
                "MLFLOW_AUTH_CONFIG_PATH": str(self._write_auth_config()),
            }
        )

    def _write_auth_config(self) -> Path:
        """MLflow takes the place of its users from a file alone; the file holds no secret."""
        config = configparser.ConfigParser()
        config["mlflow"] = {
            "default_permission": "READ",
            "database_uri": self.store_url,
            # Checking a password takes 0.2 s of a core, for each request; within a minute the last answer counts.
            "auth_cache_ttl_seconds": "60",
        }
        file = Path(tempfile.gettempdir()) / "basic_auth.ini"
        with file.open("w") as stream:
            config.write(stream)
        return file
