"""JSON pointers (RFC 6901), and values that are near enough."""

from __future__ import annotations

from typing import Any

__all__ = ["at", "differs"]


def at(document: Any, pointer: str) -> Any:
    """
    The value at *pointer*; empty points at the whole document.

    Raises:
        LookupError: There is nothing there.
    """
    value = document
    for step in pointer.split("/")[1:] if pointer else ():
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        else:
            raise LookupError(f"nothing at {pointer}")
    return value


def differs(wanted: Any, got: Any, *, tolerance: float = 0.0) -> bool:
    """Whether *got* is something else; numbers below may be off by *tolerance*. A boolean is no number."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        return wanted.keys() != got.keys() or any(differs(wanted[key], got[key], tolerance=tolerance) for key in wanted)
    if isinstance(wanted, list) and isinstance(got, list):
        return len(wanted) != len(got) or any(
            differs(mine, theirs, tolerance=tolerance) for mine, theirs in zip(wanted, got, strict=True)
        )
    if _is_number(wanted) and _is_number(got):
        return not abs(wanted - got) <= tolerance
    return type(wanted) is not type(got) or bool(wanted != got)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
