"""What the feature store knows: one entity, one view, named by the model's card."""

from __future__ import annotations

from feast import Entity, FeatureView, Field, FileSource, ValueType
from feast.data_format import ParquetFormat
from feast.types import Float64

from models.card import Card

__all__ = ["TIMESTAMP", "define"]

TIMESTAMP = "event_timestamp"
"""Column of the offline store that tells since when a row's values hold."""


def define(card: Card, *, offline_url: str, endpoint: str) -> list[Entity | FeatureView]:
    """
    The definitions for *card*, to be applied to a registry.

    Features are float64: what was written is read back to the last digit.
    """
    entity = Entity(name=card.entity, value_type=ValueType.INT64, description="A bottle of wine.")
    source = FileSource(
        name=f"{card.view}_offline",
        path=offline_url,
        file_format=ParquetFormat(),
        timestamp_field=TIMESTAMP,
        s3_endpoint_override=endpoint,
    )
    view = FeatureView(
        name=card.view,
        entities=[entity],
        schema=[Field(name=column, dtype=Float64) for column in card.columns],
        source=source,
        online=True,
        description="Chemical measurements; they do not age, so there is no time to live.",
    )
    return [entity, view]
