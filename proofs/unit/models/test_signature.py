"""A model's signature: what its callers rely on, as one digest."""

from __future__ import annotations

import re
from pathlib import Path

import models
from models.signature import OUTPUTS, signature_of

CONFIG = Path(models.__file__).with_name("wine") / "config.pbtxt"


def test_outputs_are_those_of_the_configuration() -> None:
    """Names and types, in the order in which Triton declares them."""
    declared = CONFIG.read_text(encoding="utf-8").partition("output [")[2].partition("\n]")[0]
    found = re.findall(r'name: "(\w+)"\s+data_type: TYPE_(\w+)', declared)
    assert [{"name": name, "datatype": datatype} for name, datatype in found] == list(OUTPUTS)


def test_it_is_the_same_every_time() -> None:
    """It is compared with what was written down when the model was trained."""
    assert signature_of("wine") == signature_of("wine")
    assert re.fullmatch(r"[0-9a-f]{64}", signature_of("wine"))
