"""What a bring-up says when Applications do not settle."""

from __future__ import annotations

import pytest

from yardnode.errors import TimedOut, Unsettled


def test_who_waits_in_vain_is_told_what_for() -> None:
    """The error names the Applications, the pod with its cause, and what to do next; not the last observation."""
    late = TimedOut("every Application to be Synced", within_s=40.0, last=["a long list of everything"])
    with pytest.raises(TimedOut) as caught:
        raise Unsettled(late, waiting=["postgres-dev is Synced, Progressing"], troubles=["Pod  storage-dev/postgres-0"])
    said = str(caught.value)
    assert said.startswith("Waited 40 s for every Application to be Synced. Not well now:\n    postgres-dev is Synced")
    assert "\n    Pod  storage-dev/postgres-0\n" in said
    assert "`switchyard up` goes on from here" in said
    assert "a long list" not in said
