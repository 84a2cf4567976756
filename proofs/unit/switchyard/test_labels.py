"""The mirror of the label keys: the charts say them, the code repeats them once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from switchyard import labels

TRAITS: Final = Path(__file__).resolve().parents[3] / "gitops/traits/templates/_labels.tpl"


def test_the_mirror_equals_the_charts() -> None:
    """Every key of the charts' label template stands in the module, and none differs by a letter."""
    ours = {value for name, value in vars(labels).items() if name.isupper() and isinstance(value, str)}
    written = set(
        re.findall(r"^((?:app\.kubernetes\.io|switchyard\.mlops)/[a-z-]+):", TRAITS.read_text(), re.MULTILINE)
    )
    assert written
    assert written <= ours
