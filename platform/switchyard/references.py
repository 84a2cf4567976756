"""References in the strings of a probe: ``{name:/pointer}`` stands for a value that is known only on the cluster."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

__all__ = ["names_in", "resolved"]

REFERENCE: Final = re.compile(r"\{(\w+):(/[^{}]*)\}")


def names_in(value: Any) -> Iterator[str]:
    """Names of what is referred to in *value*, however deep."""
    if isinstance(value, str):
        yield from (match.group(1) for match in REFERENCE.finditer(value))
    elif isinstance(value, (Mapping, list)):
        for below in value.values() if isinstance(value, Mapping) else value:
            yield from names_in(below)


def resolved(value: Any, at: Callable[[str, str], Any]) -> Any:
    """
    *value* with ``at(name, pointer)`` in the place of every reference, however deep.

    A string that is nothing but a reference becomes the value itself; in a longer one stands the value's text.
    """
    if isinstance(value, Mapping):
        return {key: resolved(below, at) for key, below in value.items()}
    if isinstance(value, list):
        return [resolved(below, at) for below in value]
    if not isinstance(value, str):
        return value
    whole = REFERENCE.fullmatch(value)
    return at(*whole.groups()) if whole else REFERENCE.sub(lambda match: str(at(*match.groups())), value)
