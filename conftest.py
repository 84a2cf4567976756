"""For every tier; the options, markers and fixtures of proofs are the plugin's (``switchyard.plugin``)."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]  # the plugin's own tests; pytest takes this declaration here only


@pytest.fixture(name="checkout", scope="session")
def _checkout() -> Path:
    """The repository that is tested."""
    return Path(__file__).parent
