"""The packaged rows in the object store: written once, never again, and a refusal is no absence. MinIO answers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pyarrow import fs, parquet

from features.errors import OfflineUnusable
from features.offline import SINCE, OfflineStore
from models.card import Card, read_card

if TYPE_CHECKING:
    from proofs.features.conftest import Server


@pytest.fixture(name="card")
def _card() -> Card:
    return read_card("wine")


@pytest.fixture(name="rows")
def _rows(tmp_path: Path, card: Card) -> Path:
    """Two rows as the image carries them."""
    file = tmp_path / "rows.csv"
    lines = [",".join([card.entity, *card.columns])]
    lines += [",".join([str(key), *(str(key + number / 8) for number in range(len(card.columns)))]) for key in (0, 1)]
    file.write_text("\n".join(lines) + "\n")
    return file


def _store(address: str, card: Card) -> OfflineStore:
    return OfflineStore(endpoint=f"http://{address}", bucket="features", card=card)


def test_rows_are_written_once(minio: Server, card: Card, rows: Path) -> None:
    """The second start finds them; keys are int64, features float64, and older than whatever is added."""
    assert _store(minio.address, card).seed(rows)
    rows.unlink()  # nobody reads it a second time
    assert not _store(minio.address, card).seed(rows)
    files = fs.S3FileSystem(endpoint_override=minio.address, scheme="http")
    table = parquet.read_table(f"features/offline/{card.model}.parquet", filesystem=files)
    assert table[card.entity].to_pylist() == [0, 1]
    assert [str(table.schema.field(name).type) for name in (card.entity, card.columns[0])] == ["int64", "double"]
    assert table["event_timestamp"].to_pylist() == [SINCE, SINCE]
    assert table[card.columns[1]].to_pylist() == [0.125, 1.125]


def test_a_refusal_ends_the_start(minio: Server, card: Card, rows: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong password does not get better by waiting; the message names the secret."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another-password")
    with pytest.raises(OfflineUnusable, match="check the secret object-store"):
        _store(minio.address, card).seed(rows)


def test_a_store_that_is_away_may_come(minio: Server, card: Card, rows: Path) -> None:
    """No answer is the error that the start waits for."""
    minio.stop()
    with pytest.raises(OSError, match="connect"):
        _store(minio.address, card).seed(rows)
