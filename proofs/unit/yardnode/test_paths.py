"""A checkout knows its cache, its state and its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from yardnode.errors import Refused
from yardnode.paths import CHECKOUT, find_paths, yard_id


@pytest.fixture(name="checkout")
def _checkout(tmp_path: Path) -> Path:
    checkout = tmp_path / "checkout"
    (checkout / "platform" / "toolchain").mkdir(parents=True)
    return checkout


def test_two_checkouts_are_two_yards(tmp_path: Path) -> None:
    """Checkouts on one machine do not collide."""
    assert yard_id(tmp_path / "one") != yard_id(tmp_path / "two")
    assert len(yard_id(tmp_path)) == 8
    assert int(yard_id(tmp_path), 16) >= 0


def test_a_checkout_is_the_same_yard_through_a_link(tmp_path: Path) -> None:
    """The way to a checkout does not matter."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert yard_id(tmp_path / "link") == yard_id(tmp_path / "real")


def test_cache_is_shared_and_state_is_not(checkout: Path) -> None:
    """By default the cache belongs to the user, the state to the yard."""
    paths = find_paths({"HOME": "/home/somebody"}, checkout=checkout)
    assert paths.cache == Path("/home/somebody/.cache/switchyard")
    assert paths.state == Path("/var/lib/switchyard") / yard_id(checkout)


def test_variables_move_both(checkout: Path) -> None:
    """Who has a larger disk says so."""
    paths = find_paths({"SWITCHYARD_CACHE": "/big/cache", "SWITCHYARD_STATE": "/big/state"}, checkout=checkout)
    assert (paths.cache, paths.state) == (Path("/big/cache"), Path("/big/state"))


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ({}, "SWITCHYARD_CACHE"),
        ({"SWITCHYARD_CACHE": "cache"}, "SWITCHYARD_CACHE"),
        ({"HOME": "/root", "SWITCHYARD_STATE": "state"}, "SWITCHYARD_STATE"),
    ],
    ids=["no home", "relative cache", "relative state"],
)
def test_a_root_that_depends_on_the_working_folder_is_refused(
    checkout: Path, environment: dict[str, str], name: str
) -> None:
    """Two commands from two folders must mean the same yard."""
    with pytest.raises(Refused) as raised:
        find_paths(environment, checkout=checkout)
    assert [problem.name for problem in raised.value.problems] == [name]


def test_outside_a_checkout_everything_is_refused(tmp_path: Path) -> None:
    """The node needs the files around the package, and says so."""
    with pytest.raises(Refused, match="pip install --editable"):
        find_paths({"HOME": "/root"}, checkout=tmp_path)


def test_this_checkout_is_one() -> None:
    """The package finds the repository it stands in."""
    assert find_paths({"HOME": "/root"}).toolchain.is_dir()
    assert (CHECKOUT / "pyproject.toml").is_file()
