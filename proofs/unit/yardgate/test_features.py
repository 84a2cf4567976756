"""The feature store comes and goes; predictions say which, and keyed ones use it while it is there."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from yardgate.presence import DOUBTS, Presence
from yardgate.tensors import read_cards
from yardgate.upstream import Pool

from .neighbour import Asked, Neighbour, answering, running
from .yard import CARDS, Yard, raising, until

CARD = read_cards(CARDS)["wine"]


async def feast_answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """Answer like Feast: keys below 1000 have the features 0.5, 1.5, ... in an order of Feast's own."""
    if asked.path == "/health":
        await answering(writer, None)
        return
    keys = json.loads(asked.body)["entities"]["sample_id"]
    columns = [*reversed(CARD.columns)]
    values = [[CARD.columns.index(column) + 0.5 if key < 1000 else None for key in keys] for column in columns]
    results = [{"values": keys}, *({"values": column} for column in values)]
    await answering(writer, {"metadata": {"feature_names": ["sample_id", *columns]}, "results": results})


def _features(yard: Yard) -> str:
    return yard.infer().headers["x-switchyard-features"]


def _by_key(yard: Yard, *keys: int) -> tuple[int, dict[str, object]]:
    answer = yard.client.post("/v1/champion/infer-by-key", json={"entities": {"sample_id": keys}})
    return answer.status_code, answer.json()


def test_the_store_is_noticed_when_it_comes_and_when_it_goes(tmp_path: Path) -> None:
    """Nobody tells the gateway: predictions turn to online and back by themselves, and none of them fails."""
    with running(Neighbour(feast_answer)) as feast:
        pass
    with raising(tmp_path, feast=feast) as yard:
        assert _features(yard) == "absent"
        with running(feast):
            until(lambda: _features(yard) == "online")
        until(lambda: _features(yard) == "absent")

        assert yard.client.get("/v1/aliases").json()["features"] == "absent"


def test_the_first_answer_knows_a_store_that_is_there(tmp_path: Path) -> None:
    """The gateway asks before it serves."""
    with running(Neighbour(feast_answer)) as feast, raising(tmp_path, feast=feast) as yard:
        assert _features(yard) == "online"


def test_features_are_read_by_key_in_the_order_of_the_tensor(tmp_path: Path) -> None:
    """Whatever order the store answers in, the tensor's columns stand as the card says."""
    with running(Neighbour(feast_answer)) as feast, raising(tmp_path, feast=feast) as yard:
        status, _ = _by_key(yard, 3, 4)

        sent = json.loads(yard.triton.asked[-1].body)["inputs"][0]
    assert status == 200
    assert (sent["name"], sent["datatype"], sent["shape"]) == ("features", "FP32", [2, 13])
    assert sent["data"] == [index + 0.5 for index in range(13)] * 2


def test_keys_without_a_store_are_422_and_the_features_are_named(yard: Yard) -> None:
    """The agreed answer while the layer is detached: which features the caller would have to send."""
    status, document = _by_key(yard, 3)

    assert status == 422
    assert document["reason"] == "features-missing"
    assert document["missing"] == list(CARD.columns)


def test_an_unknown_key_is_404_and_named(tmp_path: Path) -> None:
    """A row that the store does not have is no row of zeros."""
    with running(Neighbour(feast_answer)) as feast, raising(tmp_path, feast=feast) as yard:
        status, document = _by_key(yard, 3, 1001)

    assert status == 404
    assert document["unknown"] == [1001]


def test_a_store_that_refuses_the_read_is_503(tmp_path: Path) -> None:
    """There, but without its own store behind it: a failure, and not the agreed answer."""

    async def hollow(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await answering(writer, {"detail": "redis is away"}, status=200 if asked.path == "/health" else 500)

    with running(Neighbour(hollow)) as feast, raising(tmp_path, feast=feast) as yard:
        status, document = _by_key(yard, 3)

    assert (status, document["reason"]) == (503, "features-unreadable")
    assert "redis is away" in str(document["error"])


def test_a_store_that_answers_something_else_is_503(tmp_path: Path) -> None:
    """A document without the columns is not taken for features."""

    async def other(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await answering(writer, {"metadata": {"feature_names": ["sample_id"]}, "results": [{"values": [3]}]})

    with running(Neighbour(other)) as feast, raising(tmp_path, feast=feast) as yard:
        status, document = _by_key(yard, 3)

    assert (status, document["reason"]) == (503, "features-unreadable")


def test_a_slow_store_is_504(tmp_path: Path) -> None:
    """The read has a deadline of its own, far below the prediction's."""

    async def slow(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0 if asked.path == "/health" else 1.5)  # longer than the deadline: that is the test
        await answering(writer, {})

    with running(Neighbour(slow)) as feast, raising(tmp_path, feast=feast, features_deadline_s=0.5) as yard:
        status, document = _by_key(yard, 3)

    assert (status, document["reason"]) == (504, "upstream-slow")


def test_a_body_without_keys_is_400(yard: Yard) -> None:
    """Another entity, no keys, keys of another type, no JSON: each is told what was wanted."""
    bodies = [
        '{"entities": {"bottle": [1]}}',
        '{"entities": {"sample_id": []}}',
        '{"entities": {"sample_id": ["1"]}}',
        "{",
    ]

    answers = [yard.client.post("/v1/champion/infer-by-key", content=body) for body in bodies]

    assert [answer.status_code for answer in answers] == [400] * 4
    assert all("sample_id" in answer.json()["error"] for answer in answers)


def test_a_body_of_keys_over_the_limit_is_413(tmp_path: Path) -> None:
    """The limit counts on this route as well."""
    with raising(tmp_path, body_limit_bytes=100) as yard:
        answer = yard.client.post("/v1/champion/infer-by-key", content=b"x" * 101)

    assert answer.status_code == 413


def test_presence_does_not_flicker() -> None:
    """One slow answer is doubt, three in a row are absence; a refused connection is absence at once."""
    seen: list[bool] = []
    pool = Pool("http://127.0.0.1:1", name="nobody", connect_deadline_s=1)
    presence = Presence(pool, period_s=1, deadline_s=1, changed=seen.append)
    presence.found()

    for _ in range(DOUBTS - 1):
        presence.missed("slow", definite=False)
    presence.found()
    presence.missed("slow", definite=False)
    presence.missed("refused", definite=True)

    assert seen == [False, True, False]
