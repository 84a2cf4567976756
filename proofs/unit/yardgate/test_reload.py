"""A reload: immediate, acknowledged, and refused where it does not follow from what is followed."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from yardgate.errors import TooMany
from yardgate.pace import BURST, Pace

from .neighbour import Asked, Neighbour, answering, running
from .yard import SCORES, TOKEN, Standing, Yard, digest, raising, scoring, triton_answer

GOLDEN = {"features": [[0.5] * 13, [1.5] * 13], "probabilities": [list(SCORES)] * 2, "tolerance": 1e-6}


@pytest.fixture(name="yard")
def _yard(tmp_path: Path) -> Iterator[Yard]:
    """A yard whose Triton serves versions 1 and 2."""
    with raising(tmp_path) as yard:
        yard.control.ready.add(("wine", 2))
        yield yard


def _entry(version: int) -> dict[str, object]:
    return {"model": "wine", "version": version, "digest": digest(version)}


def test_a_reload_counts_for_the_next_prediction(yard: Yard) -> None:
    """The answer tells the state that it made, and what the alias stood for before."""
    answer = yard.reload()

    assert answer.status_code == 200
    assert answer.json() == {
        "changed": True,
        "generation": 2,
        "deploy_id": "d2",
        "aliases": {"champion": _entry(2)},
        "previous": _entry(1),
    }
    assert yard.infer().json()["model_version"] == "2"


def test_the_same_again_changes_nothing(yard: Yard) -> None:
    """Who did not get the answer asks again, and need not know that the generation moved meanwhile."""
    yard.reload()

    again = yard.reload()

    assert again.status_code == 200
    assert (again.json()["changed"], again.json()["generation"], again.json()["previous"]) == (False, 2, None)


def test_the_same_after_its_commit_changes_nothing(yard: Yard) -> None:
    """A gateway that followed the ledger first acknowledges like one that was told."""
    yard.commit(2, champion=2, previous=1)
    yard.follows(2)

    assert yard.reload().json()["changed"] is False
    assert yard.state()["aliases"]["previous"] == _entry(1)


def test_the_first_reload_needs_no_ledger(tmp_path: Path) -> None:
    """Before any commit the current generation is 0, and the alias stood for nothing."""
    with raising(tmp_path, standing={}) as yard:
        answer = yard.reload(1, generation=1, expect_generation=0)

    assert (answer.status_code, answer.json()["changed"], answer.json()["previous"]) == (200, True, None)


def test_a_rollback_comes_from_wherever_a_replica_is(tmp_path: Path) -> None:
    """It expects no generation; a lower one than what is followed is refused all the same."""
    with raising(tmp_path) as yard:
        yard.control.ready |= {("wine", 2)}
        yard.reload(2, generation=5, expect_generation=1)

        assert yard.reload(1, generation=4, expect_generation=None).status_code == 409
        assert yard.reload(1, generation=6, expect_generation=None).json()["changed"] is True


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"generation": 4}, "a generation above 5, got 4"),
        ({"generation": 5, "version": 3}, "a generation is taken once"),
        ({"generation": 5, "digest": digest(9)}, "a generation is taken once"),
        ({"generation": 5, "deploy_id": "other"}, "a generation is taken once"),
        ({"generation": 5, "alias": "challenger", "version": 3}, "a generation is taken once"),
        ({"generation": 6, "expect_generation": 4}, "made from generation 5, got one made from 4"),
        ({"generation": 6, "expect_generation": 6}, "made from generation 5, got one made from 6"),
        ({"generation": 6, "alias": "challenger"}, "the champion itself"),
    ],
)
def test_what_does_not_follow_from_the_current_state_is_409_and_told_that_state(
    tmp_path: Path, changes: dict[str, object], complaint: str
) -> None:
    """A process that was overtaken learns by whom, and moves nothing."""
    with raising(tmp_path) as yard:
        yard.control.ready |= {("wine", 2), ("wine", 3)}
        yard.commit(5, champion=2)
        yard.follows(5)
        asked = len(yard.control.asked)
        announced: dict[str, object] = {"version": 2, "expect_generation": 5, "deploy_id": "d5", **changes}
        answer = yard.reload(**announced)  # type: ignore[arg-type]  # by name, whatever the case changes

        assert (answer.status_code, answer.json()["reason"]) == (409, "overtaken")
        assert complaint in answer.json()["error"]
        assert (answer.json()["generation"], answer.json()["aliases"]) == (5, {"champion": _entry(2)})
        assert yard.state()["generation"] == 5
        assert len(yard.control.asked) == asked


def test_a_challenger_or_shadow_that_becomes_champion_stands_behind_nothing_else(tmp_path: Path) -> None:
    """Its promotion: nobody is drawn against himself, or compared with himself."""
    standing: dict[str, Standing] = {"champion": 1, "challenger": (2, 0.5), "shadow": 3}
    for version, left in ((2, {"champion", "shadow"}), (3, {"champion", "challenger"})):
        (tmp_path / str(version)).mkdir()
        with raising(tmp_path / str(version), standing=standing) as yard:
            yard.control.ready |= {("wine", 2), ("wine", 3)}

            assert yard.reload(version).json()["aliases"].keys() == left


def test_a_new_challenger_has_no_share_until_the_commit_gives_it(tmp_path: Path) -> None:
    """A reload says nothing of a share; the same challenger keeps the one that it has."""
    with raising(tmp_path, standing={"champion": 1, "challenger": (2, 0.5)}) as yard:
        yard.control.ready |= {("wine", 2), ("wine", 3)}
        same = yard.reload(2, alias="challenger")
        new = yard.reload(3, alias="challenger", generation=3, expect_generation=2)

    assert same.json()["aliases"]["challenger"] == {**_entry(2), "weight": 0.5}
    assert new.json()["aliases"]["challenger"] == _entry(3)
    assert new.json()["previous"] == {**_entry(2), "weight": 0.5}


def test_a_version_that_is_not_ready_is_412_and_routing_stays(yard: Yard) -> None:
    """An announcement of what Triton does not serve is never followed."""
    answer = yard.reload(3)

    assert (answer.status_code, answer.json()["reason"]) == (412, "version-not-ready")
    assert (yard.state()["generation"], yard.infer().headers["x-switchyard-version"]) == (1, "1")


def test_a_silent_triton_is_502_and_routing_stays(yard: Yard) -> None:
    """Not knowing whether a version is ready is no reason to switch to it."""
    yard.control.reachable = False

    answer = yard.reload()

    assert (answer.status_code, answer.json()["reason"]) == (502, "upstream-unreachable")
    assert yard.state()["generation"] == 1


def test_golden_rows_go_the_way_of_predictions_before_the_switch(tmp_path: Path) -> None:
    """One request with all rows to the version's own address, over a connection that the next prediction uses."""
    generations: list[int] = []

    async def watched(asked: Asked, writer: asyncio.StreamWriter) -> None:
        generations.append((await asyncio.to_thread(yard.state))["generation"])
        await scoring(asked, writer)

    with running(Neighbour(watched)) as triton, raising(tmp_path, triton=triton) as yard:
        yard.control.ready.add(("wine", 2))
        answer = yard.reload(golden=GOLDEN)
        rehearsed = triton.asked[-1]
        yard.infer(rehearsed.body)

    assert (answer.status_code, answer.json()["changed"]) == (200, True)
    assert rehearsed.path == "/v2/models/wine/versions/2/infer"
    tensor = json.loads(rehearsed.body)["inputs"][0]
    assert (tensor["shape"], tensor["data"]) == ([2, 13], [0.5] * 13 + [1.5] * 13)
    assert generations == [1, 2]
    assert triton.connections == 1


def test_golden_outputs_within_the_tolerance_pass(tmp_path: Path) -> None:
    """The tolerance that the announcement names counts."""

    async def off(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await scoring(asked, writer, shift=1e-4)

    with running(Neighbour(off)) as triton, raising(tmp_path, triton=triton) as yard:
        yard.control.ready.add(("wine", 2))
        narrow = yard.reload(golden=GOLDEN)
        wide = yard.reload(golden={**GOLDEN, "tolerance": 2e-4})

    assert (narrow.status_code, narrow.json()["reason"]) == (412, "golden-mismatch")
    assert wide.status_code == 200


async def _shifted(asked: Asked, writer: asyncio.StreamWriter) -> None:
    await scoring(asked, writer, shift=0.1)


async def _short(asked: Asked, writer: asyncio.StreamWriter) -> None:
    outputs = [{"name": "probabilities", "data": list(SCORES)}, {"name": "class", "data": [0]}]
    await answering(writer, {"outputs": outputs})


async def _refusing(asked: Asked, writer: asyncio.StreamWriter) -> None:
    await answering(writer, {"error": "out of memory"}, status=500)


async def _dying(asked: Asked, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def _silent(asked: Asked, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(0.5)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (_shifted, "golden-mismatch"),
        (_short, "golden-mismatch"),
        (_refusing, "golden-failed"),
        (triton_answer, "golden-failed"),
        (_dying, "golden-failed"),
        (_silent, "golden-failed"),
    ],
    ids=["other outputs", "fewer rows", "an error", "no scores", "a closed connection", "silence"],
)
def test_a_version_without_its_golden_outputs_is_412_and_routing_stays(
    tmp_path: Path, script: object, reason: str
) -> None:
    """A version that says it is ready, and is not what was recorded, is seen by no caller."""
    deadline_s = 0.2 if script is _silent else 10.0  # a busy machine is no silence
    with (
        running(Neighbour(script)) as triton,  # type: ignore[arg-type]  # a script, which a parameter's id hides
        raising(tmp_path, triton=triton, predict_deadline_s=deadline_s) as yard,
    ):
        yard.control.ready.add(("wine", 2))
        answer = yard.reload(golden=GOLDEN)

        assert (answer.status_code, answer.json()["reason"]) == (412, reason)
        assert yard.state()["aliases"] == {"champion": _entry(1)}
        assert yard.state()["generation"] == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"version": "2"},
        {"version": 2.0},
        {"generation": 0},
        {"generation": True},
        {"expect_generation": -1},
        {"deploy_id": "a b"},
        {"model": "../wine"},
        {"digest": "abc"},
        {"weight": 0.5},
        {"golden": {**GOLDEN, "tolerance": 0.5}},
        {"golden": {**GOLDEN, "features": [[0.5] * 12] * 2}},
        {"golden": {**GOLDEN, "features": [[0.5] * 13]}},
        {"golden": {**GOLDEN, "features": []}},
        {"golden": {**GOLDEN, "probabilities": [["0.7"]] * 2}},
        {"golden": GOLDEN, "model": "beer"},
    ],
    ids=str,
)
def test_a_body_that_is_no_announcement_is_400(yard: Yard, changes: dict[str, object]) -> None:
    """Strictly what was agreed: no field too many or too few, no text for a number."""
    yard.control.ready.add(("beer", 2))

    answer = yard.reload(**changes)  # type: ignore[arg-type]  # what the type forbids is what is tried

    assert (answer.status_code, answer.json()["reason"]) == (400, "body-malformed")
    assert yard.state()["generation"] == 1


def test_a_body_that_is_no_json_is_400_and_a_long_one_413(yard: Yard) -> None:
    """Before anything is understood of it."""

    def post(body: bytes) -> int:
        headers = {"authorization": f"Bearer {TOKEN}"}
        return yard.client.post("/v1/aliases/champion/reload", content=body, headers=headers).status_code

    assert [post(b""), post(b"{"), post(b" " * 4096), post(b" " * 4097)] == [400, 400, 400, 413]


@pytest.mark.parametrize("alias", ["previous", "shadow", "latest"])
def test_an_alias_that_is_not_served_is_404(yard: Yard, alias: str) -> None:
    """What answers nobody is the ledger's to set."""
    answer = yard.reload(alias=alias)

    assert (answer.status_code, answer.json()["known"]) == (404, ["champion", "challenger"])


def test_a_reload_without_the_token_is_401_before_its_body_is_looked_at(yard: Yard) -> None:
    """No token, a wrong one, or another scheme: not even a body that is none, or too long, is told so."""
    path = "/v1/aliases/champion/reload"
    answers = [
        yard.client.post(path, content=b"{"),
        yard.reload(token="wrong" * 8),
        yard.client.post(path, headers={"authorization": f"Basic {TOKEN}"}, content=b"x" * 5000),
    ]

    assert [answer.status_code for answer in answers] == [401, 401, 401]
    assert TOKEN not in answers[1].text


def test_the_sixth_wrong_token_within_a_minute_is_429(yard: Yard) -> None:
    """Five may be a mistake; the sixth is not even compared."""
    answers = [yard.reload(token="wrong" * 8) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 61
    assert yard.reload().status_code == 429


def test_more_than_five_reloads_in_a_row_are_429(yard: Yard) -> None:
    """For the alias that is meant; the other has a bucket of its own."""
    answers = [yard.reload() for _ in range(6)]

    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert answers[-1].headers["retry-after"] == "1"
    assert yard.reload(3, alias="challenger").status_code != 429


def test_a_bucket_refills_one_a_second() -> None:
    """After the burst one call a second passes, and a long rest is worth no more than the burst."""
    now = 0.0
    pace = Pace(clock=lambda: now)
    for _ in range(BURST):
        pace.admit("champion")
    with pytest.raises(TooMany):
        pace.admit("champion")

    now = 0.9
    with pytest.raises(TooMany):
        pace.admit("champion")
    now = 1.0
    pace.admit("champion")
    now = 1000.0
    for _ in range(BURST):
        pace.admit("champion")
    with pytest.raises(TooMany):
        pace.admit("champion")


def test_each_call_leaves_a_line_and_is_counted(yard: Yard, caplog: pytest.LogCaptureFixture) -> None:
    """Who wanted what, when, and what became of it; never the token, and never a line of the caller's own making."""
    with caplog.at_level(logging.INFO, logger="yardgate"):
        yard.reload()
        yard.reload()
        yard.reload(3, generation=3, expect_generation=2, deploy_id="d3")
        yard.reload(token="wrong" * 8)
        yard.reload(alias="a%0Ab")
    lines = [record for record in caplog.records if record.name == "yardgate.routes.reload"]

    said = [record.getMessage().partition(' "wanted')[0].partition(' "wine')[0] for record in lines]
    assert said == [
        'reload alias="champion" generation=2 deploy_id=d2 source=127.0.0.1 outcome=changed',
        'reload alias="champion" generation=2 deploy_id=d2 source=127.0.0.1 outcome=unchanged',
        'reload alias="champion" generation=3 deploy_id=d3 source=127.0.0.1 outcome=version-not-ready',
        'reload alias="champion" generation=- deploy_id=- source=127.0.0.1 outcome=unauthorized',
        'reload alias="a\\nb" generation=- deploy_id=- source=127.0.0.1 outcome=alias-unknown',
    ]
    assert [record.levelname for record in lines] == ["INFO", "INFO", "WARNING", "WARNING", "WARNING"]
    assert not any(token in record.getMessage() for record in caplog.records for token in (TOKEN, "wrongwrong"))
    metrics = yard.client.get("/metrics").text
    assert 'yardgate_reloads_total{outcome="changed"} 1.0' in metrics
    assert 'yardgate_reloads_total{outcome="unauthorized"} 1.0' in metrics
