"""Declared churn is churn that happens: the sample, which is of a real run, shows each of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from switchyard.settings import load_yard
from yardfacts.bundle import JOURNAL
from yardfacts.churn import unused
from yardfacts.facts import Changed, ChurnRule, Facts, Watched
from yardfacts.journal import read

ROOT = Path(__file__).resolve().parents[2]
RULES = load_yard(ROOT / "yard.toml").churn


@pytest.fixture(name="seen", scope="module")
def _seen() -> Facts:
    """Everything that the sample's run recorded."""
    return read(ROOT / "docs/proof/sample" / JOURNAL).facts()


def test_the_sample_was_watched(seen: Facts) -> None:
    """It watched while the layer left and returned; else it says nothing about churn."""
    watches = seen.of(Watched)
    assert watches
    assert not [(one.window, one.gap, one.unwatched, one.differences) for one in watches if one.gap or one.unwatched]


def test_every_rule_is_needed(seen: Facts) -> None:
    """A rule that explains no change of the sample, though there was time for it, is to be removed."""
    watched_s = sum(one.took_s for one in seen.of(Watched))
    left = unused(RULES, seen.of(Changed), watched_s=watched_s)
    assert [f"{rule.kind} {rule.name} {rule.pointer} by {rule.manager}" for rule in left] == []


def test_the_sample_knew_the_rules(seen: Facts) -> None:
    """The sample was judged by the rules as they are now; after a change of them it has to be made again."""
    assert set(seen.of(ChurnRule)) == set(RULES)
