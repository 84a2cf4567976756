"""What a yard remembers survives its file."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from yardnode.bootstrap import PLACEHOLDER, located
from yardnode.errors import Refused
from yardnode.gitsource import Served
from yardnode.network import Network
from yardnode.state import State, forget, read_state, remember

STATE = State(checkout="/somewhere", network=Network(yard_id="deadbeef", block=111))


def test_a_state_survives_its_file(tmp_path: Path) -> None:
    """With and without a served commit."""
    served = STATE.with_(git=Served(commit="a", dirty=True, served="b"), programs={"etcd": "/x/etcd"}, settled="b")
    for state in (STATE, served):
        remember(tmp_path, state)
        assert read_state(tmp_path) == state


def test_a_new_commit_makes_a_settled_yard_outdated() -> None:
    """Whatever was applied belongs to the commit that was served then."""
    served = Served(commit="a", dirty=False, served="b")
    assert not STATE.current
    assert STATE.with_(git=served, settled="b").current
    assert not STATE.with_(git=served, settled="c").current


def test_no_record_is_no_state(tmp_path: Path) -> None:
    """A yard that was never up, and one that forgot."""
    assert read_state(tmp_path) is None
    remember(tmp_path, STATE)
    forget(tmp_path)
    assert read_state(tmp_path) is None


def test_the_folder_is_closed_to_others(tmp_path: Path) -> None:
    """Keys and passwords lie in it."""
    remember(tmp_path / "state", STATE)
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"network": {"block": 1}}'])
def test_a_record_that_cannot_be_understood_is_refused_with_the_remedy(tmp_path: Path, text: str) -> None:
    """Half a file, or that of another version."""
    (tmp_path / "state.json").write_text(text)
    with pytest.raises(Refused, match="switchyard down"):
        read_state(tmp_path)


def test_only_strings_equal_to_the_placeholder_are_replaced() -> None:
    """At any depth, and nothing that merely contains it."""
    document = {"a": [PLACEHOLDER, f"see {PLACEHOLDER}"], "b": {"c": PLACEHOLDER}, "d": 1}
    url = "git://10.100.255.2/switchyard.git"
    assert located(document, url=url) == {"a": [url, f"see {PLACEHOLDER}"], "b": {"c": url}, "d": 1}
