"""The ledger: a number is taken once and ended once, and the highest that is committed is the truth."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from models.errors import Ended, LedgerDamaged, Superseded
from models.ledger import Action, Intent, Ledger, Phase, Placed

ONE, TWO = Placed(1, "d1"), Placed(2, "d2")


@pytest.fixture(name="ledger")
def _ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path, "m")


def _intend(ledger: Ledger, deploy_id: str, action: Action = Action.DEPLOY) -> Intent:
    return ledger.intend(deploy_id, action=action, actor="a", reason="because")


def test_an_empty_ledger_says_so(ledger: Ledger, tmp_path: Path) -> None:
    """Before the first generation nothing is true, and looking makes nothing."""
    assert ledger.current is None
    assert list(ledger.history()) == []
    assert list(tmp_path.iterdir()) == []


def test_what_is_committed_is_the_truth(ledger: Ledger) -> None:
    """The next process reads the same, whatever was aborted or begun later."""
    ledger.commit(_intend(ledger, "d1"), aliases={"champion": ONE}, reason="r")
    second = _intend(ledger, "d2")
    assert second.base == 1
    ledger.commit(second, aliases={"champion": TWO, "previous": ONE}, reason="r", evidence={"rows": 16})
    ledger.abort(_intend(ledger, "d3"), reason="no")
    _intend(ledger, "d4")

    current = ledger.current
    assert current is not None
    assert (current.generation, current.aliases, current.evidence) == (
        2,
        {"champion": TWO, "previous": ONE},
        {"rows": 16},
    )
    assert [entry.outcome and entry.outcome.phase for entry in ledger.history()] == [
        Phase.COMMITTED,
        Phase.COMMITTED,
        Phase.ABORTED,
        None,
    ]


def test_a_number_is_taken_once(ledger: Ledger) -> None:
    """Twenty at once get twenty numbers."""
    threads = [threading.Thread(target=_intend, args=(ledger, f"d{number}")) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [entry.intent.generation for entry in ledger.history()] == list(range(1, 21))
    assert len({entry.intent.deploy_id for entry in ledger.history()}) == 20


def test_a_deployment_that_begins_again_goes_on_with_its_number(ledger: Ledger) -> None:
    """Also where it is committed; not where that was aborted, or it is about to do something else."""
    first = _intend(ledger, "d")
    assert _intend(ledger, "d") == first
    ledger.commit(first, aliases={"champion": ONE}, reason="r")
    assert _intend(ledger, "d") == first
    second = _intend(ledger, "d", Action.ROLLBACK)
    assert second.generation == 2
    ledger.abort(second, reason="no")
    assert _intend(ledger, "d", Action.ROLLBACK).generation == 3


def test_a_number_is_above_what_others_have_seen(ledger: Ledger) -> None:
    """On a ledger that begins anew the next number may be far away; what was taken below it is not gone on with."""
    first = ledger.intend("d", action=Action.REBUILD, actor="a", reason="because", at_least=8)
    assert (first.generation, first.base) == (8, 0)
    assert ledger.intend("d", action=Action.REBUILD, actor="a", reason="because", at_least=8) == first
    assert ledger.intend("d", action=Action.REBUILD, actor="a", reason="because", at_least=9).generation == 9
    assert _intend(ledger, "e").generation == 10


def test_a_ledger_without_a_decision_is_blank(ledger: Ledger) -> None:
    """The seed's first generation and a rebuild that came to nothing are no history; a commit is."""
    assert ledger.is_blank
    ledger.commit(_intend(ledger, "seed", Action.SEED), aliases={"champion": ONE}, reason="r")
    rebuild = _intend(ledger, "r", Action.REBUILD)
    assert ledger.is_blank
    ledger.abort(rebuild, reason="no")
    assert ledger.is_blank
    ledger.commit(_intend(ledger, "r2", Action.REBUILD), aliases={"champion": TWO}, reason="r")
    assert not ledger.is_blank


def test_an_open_deployment_is_history(ledger: Ledger) -> None:
    """Somebody may be at work, or a replica may follow it."""
    ledger.commit(_intend(ledger, "seed", Action.SEED), aliases={"champion": ONE}, reason="r")
    _intend(ledger, "d")
    assert not ledger.is_blank


def test_a_seed_does_not_come_into_a_rebuild(ledger: Ledger) -> None:
    """Its generation would be above all that anybody follows, and the first version would serve."""
    ledger.intend("r", action=Action.REBUILD, actor="a", reason="because", at_least=8)
    with pytest.raises(Superseded, match="rebuil"):
        _intend(ledger, "seed", Action.SEED)
    assert ledger.current is None


def test_an_end_is_its_own(ledger: Ledger, tmp_path: Path) -> None:
    """Whoever took the same number in a ledger that was lost does not take another's commit for his own."""
    zombie = _intend(ledger, "before")
    for path in (tmp_path / "state" / "m").iterdir():
        path.unlink()
    ledger.commit(_intend(ledger, "after"), aliases={"champion": ONE}, reason="r")
    with pytest.raises(Ended):
        ledger.commit(zombie, aliases={"champion": ONE}, reason="r")


@pytest.mark.parametrize("weight", [-0.1, 1.1, float("nan"), float("inf")])
def test_a_weight_is_a_share(ledger: Ledger, weight: float) -> None:
    """No gateway could read the ledger otherwise."""
    with pytest.raises(ValueError, match="weights"):
        ledger.commit(
            _intend(ledger, "d"), aliases={"champion": ONE, "challenger": Placed(2, "d2", weight)}, reason="r"
        )


def test_an_end_is_final(ledger: Ledger) -> None:
    """The same end again is no news; a commit after an abort, or other aliases, are refused."""
    intent = _intend(ledger, "d")
    first = ledger.commit(intent, aliases={"champion": ONE}, reason="r")
    assert ledger.commit(intent, aliases={"champion": ONE}, reason="again") == first
    with pytest.raises(Ended):
        ledger.commit(intent, aliases={"champion": TWO}, reason="r")
    with pytest.raises(Ended):
        ledger.abort(intent, reason="r")


def test_a_lower_generation_never_follows_a_higher(ledger: Ledger) -> None:
    """Whoever wakes up late finds that somebody else has decided."""
    sleeper, other = _intend(ledger, "d1"), _intend(ledger, "d2")
    ledger.commit(other, aliases={"champion": TWO}, reason="r")
    with pytest.raises(Superseded, match="2 committed already"):
        ledger.commit(sleeper, aliases={"champion": ONE}, reason="r")
    assert ledger.outcome(sleeper) is None


@pytest.mark.parametrize(
    "aliases", [{"champion": ONE, "shadow": ONE}, {"champion": ONE, "previous": ONE}, {"best": ONE}]
)
def test_aliases_mean_what_they_say(ledger: Ledger, aliases: dict[str, Placed]) -> None:
    """No other alias is the champion's version, and there are no others than the known."""
    with pytest.raises(ValueError, match="wanted"):
        ledger.commit(_intend(ledger, "d"), aliases=aliases, reason="r")


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"phase": "perhaps"}'])
def test_a_damaged_file_is_named(ledger: Ledger, tmp_path: Path, content: str) -> None:
    """Nobody guesses what is true: the file is named."""
    ledger.commit(_intend(ledger, "d"), aliases={"champion": ONE}, reason="r")
    path = tmp_path / "state" / "m" / "000000000001.outcome.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(LedgerDamaged, match=path.name):
        _ = ledger.current


def test_what_is_stored_is_what_others_read(ledger: Ledger, tmp_path: Path) -> None:
    """The gateway reads the outcome by itself: its shape is a contract, and a weight stands only where there is one."""
    challenger = Placed(2, "d2", weight=0.1)
    ledger.commit(_intend(ledger, "d"), aliases={"champion": ONE, "challenger": challenger}, reason="r")
    document = json.loads((tmp_path / "state" / "m" / "000000000001.outcome.json").read_text(encoding="utf-8"))
    assert {name: document[name] for name in ("model", "generation", "phase", "deploy_id", "action", "aliases")} == {
        "model": "m",
        "generation": 1,
        "phase": "committed",
        "deploy_id": "d",
        "action": "deploy",
        "aliases": {
            "champion": {"version": 1, "digest": "d1"},
            "challenger": {"version": 2, "digest": "d2", "weight": 0.1},
        },
    }
