"""Records rebuilt from the plain data that JSON holds, by the types of their fields and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

__all__ = ["Malformed", "decode"]


class Malformed(ValueError):
    """A stored record does not have the shape of its type; a judge must see this as INCONCLUSIVE."""


Decoder = Callable[[Any, str], Any]
"""Takes a plain value and where it stands; gives the value of the type."""


def decode(wanted: Any, value: Any, *, where: str) -> Any:
    """
    *value* as the type *wanted* has it.

    Raises:
        Malformed: It has another shape; the message says where.
    """
    return _decoder(wanted)(value, where)


@cache
def _decoder(wanted: Any) -> Decoder:
    """Made once a type: to look at a type takes longer than to read a record of it, and there are thousands."""
    if is_dataclass(wanted) and isinstance(wanted, type):
        return _record(wanted)
    if get_origin(wanted) is tuple:
        return _items(_decoder(get_args(wanted)[0]))
    if get_origin(wanted) is UnionType:
        # Of a value that may be missing: None, or the one type beside it.
        (given,) = (_decoder(one) for one in get_args(wanted) if one is not NoneType)
        return lambda value, where: None if value is None else given(value, where)
    return _plain(wanted)


def _record(wanted: type) -> Decoder:
    hints = get_type_hints(wanted)
    decoders = {one.name: _decoder(hints[one.name]) for one in fields(wanted)}

    def read(value: Any, where: str) -> Any:
        if not isinstance(value, Mapping):
            raise Malformed(f"{where}: wanted an object, got {value!r:.80}")
        unknown = value.keys() - decoders.keys()
        if unknown:
            raise Malformed(f"{where}: unknown fields {sorted(unknown)}")
        given = {name: decoders[name](below, f"{where}.{name}") for name, below in value.items()}
        try:
            return wanted(**given)
        except TypeError as exc:
            raise Malformed(f"{where}: {exc}") from exc

    return read


def _items(item: Decoder) -> Decoder:
    def read(value: Any, where: str) -> Any:
        if not isinstance(value, list | tuple):
            raise Malformed(f"{where}: wanted a list, got {value!r:.80}")
        return tuple(item(element, f"{where}[]") for element in value)

    return read


def _plain(wanted: Any) -> Decoder:
    def read(value: Any, where: str) -> Any:
        if type(value) is wanted:
            return value
        if wanted is float and type(value) is int:
            return float(value)
        if wanted is int and type(value) is float and value.is_integer():
            # JSON knows numbers only: 1.0 is an integer to whoever validates by the schema.
            return int(value)
        raise Malformed(f"{where}: wanted {wanted.__name__}, got {value!r:.80}")

    return read
