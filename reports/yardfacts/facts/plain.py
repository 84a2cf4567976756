"""Records rebuilt from the plain data that JSON holds, by the types of their fields and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

__all__ = ["Malformed", "decode"]


class Malformed(ValueError):
    """A stored record does not have the shape of its type; a judge must see this as INCONCLUSIVE."""


def decode(wanted: Any, value: Any, *, where: str) -> Any:
    if is_dataclass(wanted) and isinstance(wanted, type):
        if not isinstance(value, Mapping):
            raise Malformed(f"{where}: wanted an object, got {value!r:.80}")
        hints = _hints(wanted)
        unknown = set(value) - set(hints)
        if unknown:
            raise Malformed(f"{where}: unknown fields {sorted(unknown)}")
        given = {
            f.name: decode(hints[f.name], value[f.name], where=f"{where}.{f.name}")
            for f in fields(wanted)
            if f.name in value
        }
        try:
            return wanted(**given)
        except TypeError as exc:
            raise Malformed(f"{where}: {exc}") from exc
    if get_origin(wanted) is tuple:
        if not isinstance(value, list | tuple):
            raise Malformed(f"{where}: wanted a list, got {value!r:.80}")
        (item, _) = get_args(wanted)
        return tuple(decode(item, element, where=f"{where}[]") for element in value)
    if get_origin(wanted) is UnionType:
        # Of a value that may be missing: None, or the one type beside it.
        (given_type,) = (one for one in get_args(wanted) if one is not NoneType)
        return None if value is None else decode(given_type, value, where=where)
    if wanted is float and type(value) is int:
        return float(value)
    if wanted is int and type(value) is float and value.is_integer():
        # JSON knows numbers only: 1.0 is an integer to whoever validates by the schema.
        return int(value)
    if type(value) is not wanted:
        raise Malformed(f"{where}: wanted {wanted.__name__}, got {value!r:.80}")
    return value


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    """Types of the fields: looked up once a type, for it takes longer than all the rest of a record."""
    return get_type_hints(kind)
