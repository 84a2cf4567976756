"""The gateway under test, raised once a test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .yard import Yard, raising


@pytest.fixture(name="yard")
def _yard(tmp_path: Path) -> Iterator[Yard]:
    with raising(tmp_path) as yard:
        yield yard
