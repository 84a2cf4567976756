"""Reading the ledger: what counts there, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from yardgate.errors import LedgerUnreadable
from yardgate.ledger import read_ledger

from .yard import commit, digest, raising


def test_the_highest_committed_outcome_is_the_truth(tmp_path: Path) -> None:
    """Aborted ones above it, intents, files that are being made, and other names say nothing."""
    commit(tmp_path, 9, champion=1)
    commit(tmp_path, 10, champion=2, previous=1, challenger=(3, 0.25))
    commit(tmp_path, 11, phase="aborted")
    for name in ("000000000012.intent.json", ".000000000013.outcome.json", "14.outcome.json", "000000000015.outcome"):
        (tmp_path / name).write_text("{", encoding="utf-8")

    routing = read_ledger(tmp_path)

    assert routing is not None
    assert (routing.generation, routing.deploy_id) == (10, "d10")
    assert {alias: (standing.version, standing.weight) for alias, standing in routing.aliases.items()} == {
        "champion": (2, None),
        "previous": (1, None),
        "challenger": (3, 0.25),
    }


def test_a_ledger_without_a_commit_is_no_error(tmp_path: Path) -> None:
    """Before the first deployment the folder is absent, or empty, or knows of what was given up only."""
    assert read_ledger(tmp_path / "absent") is None
    assert read_ledger(tmp_path) is None
    commit(tmp_path, 1, phase="aborted")
    assert read_ledger(tmp_path) is None


def test_what_lies_below_a_commit_is_not_read(tmp_path: Path) -> None:
    """The past may be damaged; the present is whole in one file."""
    (tmp_path / "000000000001.outcome.json").write_text("{", encoding="utf-8")
    commit(tmp_path, 2, champion=1)

    routing = read_ledger(tmp_path)

    assert routing is not None
    assert routing.generation == 2


GOOD = {
    "model": "wine",
    "generation": 7,
    "phase": "committed",
    "deploy_id": "d7",
    "aliases": {"champion": {"version": 1, "digest": digest(1)}},
}


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"generation": 8}, "the generation of the file's name, got 8"),
        ({"generation": "7"}, "for generation"),
        ({"phase": "intent"}, "for phase"),
        ({"model": "../wine"}, "for model"),
        ({"deploy_id": "a\nb"}, "for deploy_id"),
        ({"aliases": None}, "for aliases"),
        ({"aliases": {"latest": {"version": 1, "digest": digest(1)}}}, "for aliases.latest"),
        ({"aliases": {"champion": {"version": True, "digest": digest(1)}}}, "for aliases.champion.version"),
        ({"aliases": {"champion": {"version": 0, "digest": digest(1)}}}, "for aliases.champion.version"),
        ({"aliases": {"champion": {"version": 1, "digest": "abc"}}}, "for aliases.champion.digest"),
        ({"aliases": {"champion": {"version": 1}}}, "for aliases.champion.digest"),
        ({"aliases": {"challenger": {"version": 1, "digest": digest(1), "weight": 1.5}}}, "challenger.weight"),
        (
            {
                "aliases": {
                    "champion": {"version": 1, "digest": digest(1)},
                    "shadow": {"version": 1, "digest": digest(1)},
                }
            },
            r"behind no other alias, got \['shadow'\]",
        ),
    ],
)
def test_an_outcome_that_is_none_is_refused_by_name(tmp_path: Path, changes: dict[str, object], complaint: str) -> None:
    """Each complaint says what is wrong, and in which file."""
    path = tmp_path / "000000000007.outcome.json"
    path.write_text(json.dumps({**GOOD, **changes}), encoding="utf-8")

    with pytest.raises(LedgerUnreadable, match=complaint) as raised:
        read_ledger(tmp_path)

    assert str(path) in str(raised.value)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe"], ids=["empty", "half", "a list", "no text"])
def test_what_is_no_document_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    """A newer outcome that nobody can read may be a commit: what lies below it is not taken for the truth."""
    commit(tmp_path, 1, champion=1)
    (tmp_path / "000000000002.outcome.json").write_bytes(content)

    with pytest.raises(LedgerUnreadable, match=r"000000000002\.outcome\.json"):
        read_ledger(tmp_path)


def test_what_cannot_be_read_is_refused_by_name(tmp_path: Path) -> None:
    """A file where the folder should be, or a folder where a file should be."""
    (tmp_path / "file").touch()
    (tmp_path / "000000000002.outcome.json").mkdir()

    with pytest.raises(LedgerUnreadable, match=r"mount it at .*file"):
        read_ledger(tmp_path / "file")
    with pytest.raises(LedgerUnreadable, match=r"000000000002\.outcome\.json"):
        read_ledger(tmp_path)


def test_an_unreadable_ledger_ends_the_start(tmp_path: Path) -> None:
    """A gateway that does not know what it should serve would serve anything; it does not start instead."""
    (tmp_path / "wine").mkdir()
    (tmp_path / "wine" / "000000000001.outcome.json").write_text("{", encoding="utf-8")

    with (
        pytest.raises(LedgerUnreadable, match=r"000000000001\.outcome\.json"),
        raising(tmp_path, standing={}),
    ):
        raise AssertionError("it started")
