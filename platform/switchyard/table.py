"""One table of a TOML file, read key by key: a wrong value names file, key, what was wanted and what is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from switchyard.errors import Misconfigured

__all__ = ["Table"]

_REQUIRED: Any = object()


class Table:
    """
    A table and the keys read so far. ``done`` refuses what nobody read: a misspelt key must not be a silent default.

    Args:
        values: The parsed table.

        where: The file.

        prefix: Path of the table in the file.
    """

    def __init__(self, values: Mapping[str, Any], *, where: str, prefix: str = "") -> None:
        self._values, self._where, self._prefix = values, where, prefix
        self._read: set[str] = set()

    def text(self, key: str, default: str = _REQUIRED) -> str:
        """A string."""
        return str(self._typed(key, default, wanted="a string", kinds=(str,)))

    def texts(self, key: str, default: tuple[str, ...] = _REQUIRED) -> tuple[str, ...]:
        """A list of strings."""
        value = self._typed(key, default, wanted="a list of strings", kinds=(list, tuple))
        if not all(isinstance(item, str) for item in value):
            raise self._wrong(key, "a list of strings", value)
        return tuple(value)

    def number(self, key: str, default: float = _REQUIRED) -> float:
        """An integer or a float that is not negative."""
        value = self._typed(key, default, wanted="a number, 0 or more", kinds=(int, float))
        if isinstance(value, bool) or value < 0:
            raise self._wrong(key, "a number, 0 or more", value)
        return float(value)

    def one_of(self, key: str, choices: tuple[str, ...], default: str = _REQUIRED) -> str:
        """A string out of *choices*."""
        value = self.text(key, default)
        if value not in choices:
            raise self._wrong(key, "one of " + ", ".join(choices), value)
        return value

    def value(self, key: str, default: Any = _REQUIRED) -> Any:
        """Anything."""
        return self._typed(key, default, wanted="a value", kinds=(object,))

    def strings(self, key: str) -> Mapping[str, str]:
        """A table of strings; empty where absent."""
        value = self._typed(key, {}, wanted="a table of strings", kinds=(dict,))
        if not all(isinstance(item, str) for item in value.values()):
            raise self._wrong(key, "a table of strings", value)
        return dict(value)

    def table(self, key: str) -> Table:
        """A table; empty where absent."""
        value = self._typed(key, {}, wanted="a table", kinds=(dict,))
        return Table(value, where=self._where, prefix=self._path(key))

    def tables(self, key: str) -> Iterator[tuple[str, Table]]:
        """Tables of a table, or of an array of tables, with their names or numbers."""
        value = self._typed(key, {}, wanted="tables", kinds=(dict, list))
        named = value.items() if isinstance(value, dict) else ((str(at), item) for at, item in enumerate(value))
        for name, item in named:
            if not isinstance(item, dict):
                raise self._wrong(f"{key}.{name}", "a table", item)
            yield name, Table(item, where=self._where, prefix=f"{self._path(key)}.{name}")

    def done(self) -> None:
        """Refuse keys that nobody read."""
        unknown = sorted(set(self._values) - self._read)
        if unknown:
            raise self._wrong(unknown[0], "one of " + ", ".join(sorted(self._read)), "an unknown key")

    def wrong(self, key: str, *, wanted: str) -> Misconfigured:
        """The error to raise where the value of *key* makes no sense."""
        return self._wrong(key, wanted, self._values.get(key))

    def _typed(self, key: str, default: Any, *, wanted: str, kinds: tuple[type, ...]) -> Any:
        self._read.add(key)
        value = self._values.get(key, default)
        if value is _REQUIRED:
            raise self._wrong(key, wanted, None)
        if not isinstance(value, kinds):
            raise self._wrong(key, wanted, value)
        return value

    def _path(self, key: str) -> str:
        return f"{self._prefix}.{key}" if self._prefix else key

    def _wrong(self, key: str, wanted: str, got: object) -> Misconfigured:
        return Misconfigured(where=self._where, key=self._path(key), wanted=wanted, got=got)
