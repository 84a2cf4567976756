"""What holds for all unit tests: they say what is so, never how fast, for a machine may stand still for a while."""

from __future__ import annotations

from hypothesis import settings

# On top of the profile that is on: Hypothesis has one of its own for CI.
settings.register_profile("untimed", parent=settings(), deadline=None)
settings.load_profile("untimed")
