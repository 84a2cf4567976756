"""The definitions, applied by the real Feast: rows of the offline store are read online to the last digit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from feast import FeatureStore, RepoConfig
from pyarrow import parquet
from redis import Redis

from features.definitions import TIMESTAMP, define
from features.filling import Filling
from features.online import OnlineStore
from models.card import Card, read_card

if TYPE_CHECKING:
    from proofs.features.conftest import Server

THEN = datetime(2020, 1, 1, tzinfo=UTC)
EXACT = 13.050000000000001
"""A float64 that float32 would not give back."""


@pytest.fixture(name="card")
def _card() -> Card:
    return read_card("wine")


@pytest.fixture(name="offline")
def _offline(tmp_path: Path) -> Path:
    """The offline store's folder; the definitions are the same for a folder and a bucket."""
    folder = tmp_path / "offline"
    folder.mkdir()
    return folder


@pytest.fixture(name="store")
def _store(tmp_path: Path, offline: Path, redis: Server, card: Card) -> FeatureStore:
    """A feature store with our definitions and one row."""
    _write(offline / "first.parquet", card=card, key=1, value=EXACT, at=THEN)
    config = RepoConfig(
        project="switchyard_test",
        provider="local",
        registry=str(tmp_path / "registry.db"),
        offline_store={"type": "dask"},
        online_store={"type": "redis", "connection_string": redis.address},
        entity_key_serialization_version=3,
    )
    store = FeatureStore(config=config)
    store.apply(define(card, offline_url=str(offline), endpoint="http://127.0.0.1:1"))
    return store


def _write(file: Path, *, card: Card, key: int, value: float, at: datetime) -> None:
    columns = {name: pa.array([value], pa.float64()) for name in card.columns}
    stamp = pa.array([at], pa.timestamp("us", tz="UTC"))
    parquet.write_table(pa.table({card.entity: pa.array([key], pa.int64()), **columns, TIMESTAMP: stamp}), file)


def _read(store: FeatureStore, *, card: Card, key: int) -> list[object]:
    names = [f"{card.view}:{column}" for column in card.columns]
    found = store.get_online_features(features=names, entity_rows=[{card.entity: key}]).to_dict()
    return [found[column][0] for column in card.columns]


def test_every_column_is_read_to_the_last_digit(store: FeatureStore, redis: Server, card: Card) -> None:
    """Float64 all the way, and every column of the card is a feature."""
    Filling(store.materialize, online=OnlineStore(redis.address)).fill()
    assert _read(store, card=card, key=1) == [EXACT] * len(card.columns)


def test_an_unknown_key_has_no_values(store: FeatureStore, redis: Server, card: Card) -> None:
    """None, and no zero."""
    Filling(store.materialize, online=OnlineStore(redis.address)).fill()
    assert _read(store, card=card, key=2) == [None] * len(card.columns)


def test_a_row_that_is_added_later_wins(store: FeatureStore, redis: Server, card: Card, offline: Path) -> None:
    """Whoever adds rows adds a file; the next filling is a full one and takes the newest row of a key."""
    filling = Filling(store.materialize, online=OnlineStore(redis.address))
    filling.fill()
    _write(offline / "second.parquet", card=card, key=1, value=0.5, at=THEN + timedelta(days=1))
    filling.fill()
    assert _read(store, card=card, key=1) == [0.5] * len(card.columns)


def test_an_emptied_store_is_filled_again_by_looking(store: FeatureStore, redis: Server, card: Card) -> None:
    """The registry remembers how far the filling came; a filling that believed it would bring nothing."""
    filling = Filling(store.materialize, online=OnlineStore(redis.address))
    filling.fill()
    host, _, port = redis.address.rpartition(":")
    Redis(host=host, port=int(port)).flushall()
    filling.look()
    assert filling.state.filled
    assert _read(store, card=card, key=1) == [EXACT] * len(card.columns)
