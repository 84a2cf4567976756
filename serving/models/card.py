"""
A model's tensor card: what its input tensor looks like, and which feature stands in which column.

``<model>/card.json`` is the one place for these names: training, the feature store's definitions and the gateway read
it, and a unit test holds ``config.pbtxt`` against it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Card", "read_card"]


@dataclass(frozen=True)
class Card:
    """
    model: its name in Triton's repository. entity: the key that a row of features is stored under.
    view: the feature view that holds the columns. columns: their names, in the order of the input tensor.
    """

    model: str
    entity: str
    view: str
    columns: tuple[str, ...]


def read_card(model: str) -> Card:
    """Read the card that is packaged with *model*."""
    document = json.loads(Path(__file__).with_name(model).joinpath("card.json").read_text(encoding="utf-8"))
    return Card(
        model=document["model"],
        entity=document["entity"],
        view=document["view"],
        columns=tuple(document["columns"]),
    )
