"""Tables of what took how long, as text."""

from __future__ import annotations

from collections.abc import Sequence

from yardnode.progress import Finished

__all__ = ["made", "seconds"]


def seconds(head: str, rows: Sequence[tuple[str, float | None]]) -> str:
    """
    Two columns: *head* with its names, and seconds; None shows as ``-``.

    A row for each line, the heading first.
    """
    width = max(len(name) for name in (head, *(name for name, _ in rows)))
    lines = [f"{name:<{width}}  {'-' if took_s is None else f'{took_s:.1f}':>7}" for name, took_s in rows]
    return "\n".join([f"{head:<{width}}  seconds", *lines])


def made(finished: Sequence[Finished]) -> str:
    """What was made, longest first; pieces run beside one another, so that their sum says nothing."""
    longest = sorted(finished, key=lambda each: each.took_s, reverse=True)
    return seconds("made", [(f"{each.topic} {each.name}", each.took_s) for each in longest])
