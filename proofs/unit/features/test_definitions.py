"""The feature store's files agree with the model's card and with one another."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

import features
from models.card import read_card
from models.wine.table import read_table

FOLDER = Path(features.__file__).parent


def test_the_card_names_the_columns_of_the_packaged_rows() -> None:
    """What is trained on is what is looked up."""
    assert read_card("wine").columns == read_table().columns


def test_the_configuration_takes_everything_environmental_from_its_names() -> None:
    """feature_store.yaml says what, the environment says where; each name in it is set by the settings."""
    text = (FOLDER / "feature_store.yaml").read_text(encoding="utf-8")
    names = set(re.findall(r"\$\{(\w+)\}", "\n".join(line for line in text.splitlines() if line[0] != "#")))
    settings = (FOLDER / "settings.py").read_text(encoding="utf-8")

    assert names == {"YARD_ENV", "YARD_S3_BUCKET", "YARD_REDIS"}
    assert all(f'"{name}": self.' in settings for name in names)
    assert yaml.safe_load(text)["online_store"]["type"] == "redis"
