"""Where the sink listens and how much it keeps. The only place that reads the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sink.errors import SettingMalformed

__all__ = ["Settings"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings of one sink, read from ``SINK_*``; plain, because the image has no package but Python's own."""

    keep: int = 500
    """Messages that an inbox holds."""

    host: str = "0.0.0.0"  # noqa: S104  inside a pod the pod's network decides who may connect
    """Address to serve on."""

    port: int = 8080
    """Port to serve on."""

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Settings:
        """
        Read the environment.

        Raises:
            SettingMalformed: A variable is no positive number, or nobody knows its name.
        """
        found = {name.removeprefix("SINK_"): value for name, value in environment.items() if name.startswith("SINK_")}
        unknown = found.keys() - {"KEEP", "HOST", "PORT"}
        if unknown:
            raise SettingMalformed(f"wanted SINK_KEEP, SINK_HOST or SINK_PORT; got SINK_{sorted(unknown)[0]}")
        return cls(
            keep=_positive("SINK_KEEP", found.get("KEEP", str(cls.keep))),
            host=found.get("HOST", cls.host),
            port=_positive("SINK_PORT", found.get("PORT", str(cls.port))),
        )


def _positive(name: str, text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise SettingMalformed(f"wanted a positive number in {name}, got {text!r}")
    return int(text)
