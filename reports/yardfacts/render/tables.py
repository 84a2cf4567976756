"""Aligned text tables: what a person reads with ``cat``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

__all__ = ["table"]

LONGEST: Final = 80
"""Characters of a cell; a table that wraps is no table."""


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """
    Lay out *rows* below *header* in columns as wide as their widest cell; ends with a newline.

    Long cells are cut; whoever needs all of them reads the JSON beside. No rows give the header and the word ``none``:
    an empty file could not be told from one that was never written.
    """
    cells = [[_short(str(cell)) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(header, *cells, strict=True)]
    lines = ["   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
             for row in (header, *cells)]  # fmt: skip
    return "\n".join([*lines, *(() if cells else ("none",))]) + "\n"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
