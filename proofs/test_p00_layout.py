"""P00: the repository keeps its own promises. Needs no cluster, and gates every proof that does."""

from __future__ import annotations

import platform
import sysconfig
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.order(0),
    *(getattr(pytest.mark, name) for name in ("audit", "core_only", "optional_on", "gitops")),
]


def test_platform_is_a_folder_and_no_package(checkout: Path) -> None:
    """No Python file lies directly in platform/: it would be imported instead of the standard library's module."""
    assert sorted(checkout.joinpath("platform").glob("*.py")) == []
    assert Path(platform.__file__).is_relative_to(sysconfig.get_path("stdlib"))


def test_no_test_lies_below_platform(checkout: Path) -> None:
    """pytest would overwrite the standard library's module when it imports a test from there."""
    below = [path for name in ("test_*.py", "conftest.py") for path in checkout.joinpath("platform").rglob(name)]
    assert below == []


def test_every_claim_is_judged_by_a_proof(checkout: Path) -> None:
    """A claim that no proof judges says nothing; a proof that names no claim judges nothing."""
    proofs = "".join(path.read_text() for path in checkout.joinpath("proofs").glob("test_p*.py"))
    claims = [path.stem for path in checkout.joinpath("proofs/claims").glob("*.py")]
    assert [claim for claim in claims if f'"{claim}"' not in proofs] == []
