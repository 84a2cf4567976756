"""
The tensor a model takes, as its card declares it, and the request body that carries rows of it.

A card is ``<folder>/<model>/card.json``; the same file feeds training and the feature store's definitions.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Card", "read_cards"]


@dataclass(frozen=True)
class Card:
    """
    How rows of features become one input tensor.

    tensor, datatype: name and KServe datatype of the input, of shape [rows, len(columns)].
    entity: the key of a row in the feature store. view: the feature view that holds the columns.
    """

    model: str
    tensor: str
    datatype: str
    entity: str
    view: str
    columns: tuple[str, ...]

    @property
    def references(self) -> list[str]:
        """The columns as the feature store names them: ``view:column``."""
        return [f"{self.view}:{column}" for column in self.columns]

    def body(self, rows: Sequence[Sequence[float]]) -> bytes:
        """A KServe v2 request, rows: float[rows, columns], in the order of ``columns``."""
        tensor = {
            "name": self.tensor,
            "datatype": self.datatype,
            "shape": [len(rows), len(self.columns)],
            "data": [value for row in rows for value in row],
        }
        return json.dumps({"inputs": [tensor]}).encode()


def _read_card(path: Path) -> Card:
    document = json.loads(path.read_text(encoding="utf-8"))
    card = Card(
        model=document["model"],
        tensor=document["input"]["name"],
        datatype=document["input"]["datatype"],
        entity=document["entity"],
        view=document["view"],
        columns=tuple(document["columns"]),
    )
    if document["input"]["shape"] != [-1, len(card.columns)]:
        raise ValueError(f"wanted shape [-1, {len(card.columns)}], got {document['input']['shape']} in {path}")
    return card


def read_cards(folder: Path) -> Mapping[str, Card]:
    """
    Read every card below *folder*, by model.

    Raises:
        ValueError: There is none, or one contradicts itself; the process cannot start with that.
    """
    cards = {card.model: card for card in map(_read_card, sorted(folder.glob("*/card.json")))}
    if not cards:
        raise ValueError(f"wanted at least one <model>/card.json, got none below {folder}")
    return cards
