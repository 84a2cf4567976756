"""Champion and challenger: who is drawn, who may choose, and what the answer says of it."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

import pytest

from yardgate.aliases import Standing
from yardgate.routing import Routing

from .neighbour import Neighbour, running
from .test_features import feast_answer
from .yard import TOKEN, Yard, digest, raising


def _routing(generation: int, weight: float | None) -> Routing:
    champion, challenger = (Standing("wine", version, digest(version)) for version in (1, 2))
    shared = Standing("wine", 2, digest(2), weight) if weight is not None else challenger
    return Routing(generation, "d", {"champion": champion, "challenger": shared})


KEYS = [f"client-{number}".encode() for number in range(10_000)]


@pytest.fixture(name="halved")
def _halved(tmp_path: Path) -> Iterator[Yard]:
    """A yard whose challenger tries half of the champion's callers."""
    with raising(tmp_path, standing={"champion": 1, "challenger": (2, 0.5)}) as yard:
        yard.control.ready.add(("wine", 2))
        yield yard


@pytest.mark.parametrize("weight", [0.01, 0.1, 0.5])
def test_the_share_of_the_challenger_is_its_weight(weight: float) -> None:
    """Of ten thousand callers, within four standard deviations of a fair draw."""
    routing = _routing(3, weight)

    drawn = sum(routing.variant(key) == "challenger" for key in KEYS)

    assert abs(drawn - weight * len(KEYS)) <= 4 * (len(KEYS) * weight * (1 - weight)) ** 0.5


@pytest.mark.parametrize(("weight", "drawn"), [(None, 0), (0.0, 0), (1.0, len(KEYS))])
def test_no_share_draws_nobody_and_the_whole_everybody(weight: float | None, drawn: int) -> None:
    """The ends of the scale are exact."""
    assert sum(_routing(3, weight).variant(key) == "challenger" for key in KEYS) == drawn


def test_a_caller_stays_within_a_generation_and_is_drawn_anew_in_the_next() -> None:
    """The draw is a function of generation and key, so that every replica and every start comes to the same."""
    first, again, next_one = _routing(3, 0.5), _routing(3, 0.5), _routing(4, 0.5)

    drawn = [first.variant(key) for key in KEYS]

    assert drawn == [again.variant(key) for key in KEYS]
    moved = sum(one != other for one, other in zip(drawn, map(next_one.variant, KEYS), strict=True))
    assert 4_500 < moved < 5_500
    number = int.from_bytes(blake2b(b"3|client-0", digest_size=8).digest(), "big") % 10_000
    assert (drawn[0] == "challenger") == (number < 5_000)


def test_a_larger_share_keeps_whom_a_smaller_one_drew() -> None:
    """Within a generation the challenger's callers only grow with its share."""
    small, large = _routing(3, 0.1), _routing(3, 0.3)

    assert {key for key in KEYS if small.variant(key) == "challenger"} < {
        key for key in KEYS if large.variant(key) == "challenger"
    }


def test_an_answer_tells_which_variant_gave_it(halved: Yard) -> None:
    """The alias is what was asked for; variant and version are what answered, as the draw says."""
    routing = _routing(1, 0.5)
    for key in KEYS[:40]:
        answer = halved.infer(headers={"X-Client-Key": key.decode()})

        assert answer.headers["x-switchyard-alias"] == "champion"
        assert answer.headers["x-switchyard-variant"] == routing.variant(key)
        version = "2" if routing.variant(key) == "challenger" else "1"
        assert answer.headers["x-switchyard-version"] == answer.json()["model_version"] == version
    assert {routing.variant(key) for key in KEYS[:40]} == {"champion", "challenger"}


def test_who_does_not_name_himself_gets_the_champion(tmp_path: Path) -> None:
    """Without a key, or with an empty one, nobody is drawn; not even by a challenger with the whole share."""
    with raising(tmp_path, standing={"champion": 1, "challenger": (2, 1.0)}) as yard:
        answers = [yard.infer(), yard.infer(headers={"X-Client-Key": ""}), yard.infer(headers={"X-Client-Key": "a"})]

    assert [answer.headers["x-switchyard-variant"] for answer in answers] == ["champion", "champion", "challenger"]


def test_the_challenger_can_be_asked_for_by_its_own_alias(halved: Yard) -> None:
    """Whoever names it is not drawn."""
    answer = halved.infer(alias="challenger", headers={"X-Client-Key": "a"})

    told = [answer.headers[f"x-switchyard-{name}"] for name in ("alias", "variant", "version")]
    assert told == ["challenger", "challenger", "2"]


def test_the_override_needs_the_token(halved: Yard) -> None:
    """A caller does not choose; who operates the gateway may."""
    right, wrong = {"Authorization": f"Bearer {TOKEN}"}, {"Authorization": "Bearer " + "w" * 32}

    def ask(variant: str, headers: dict[str, str]) -> tuple[int, str]:
        answer = halved.infer(headers={"X-Switchyard-Variant": variant, "X-Client-Key": "a", **headers})
        return answer.status_code, answer.headers.get("x-switchyard-variant", answer.json().get("reason"))

    assert ask("challenger", right) == (200, "challenger")
    assert ask("champion", right) == (200, "champion")
    assert ask("shadow", right) == (404, "alias-unknown")
    assert ask("challenger", {}) == (401, "unauthorized")
    assert ask("challenger", wrong) == (401, "unauthorized")


def test_the_sixth_wrong_override_is_429_and_plain_predictions_go_on(halved: Yard) -> None:
    """The token cannot be guessed through this door either, and who does not try is not concerned."""
    answers = [halved.infer(headers={"X-Switchyard-Variant": "challenger"}) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert halved.infer().status_code == 200
    assert [asked.path for asked in halved.triton.asked] == ["/v2/models/wine/versions/1/infer"]


def test_an_override_to_a_vacant_challenger_is_503(yard: Yard) -> None:
    """It is not answered by somebody else."""
    answer = yard.infer(headers={"X-Switchyard-Variant": "challenger", "Authorization": f"Bearer {TOKEN}"})

    assert (answer.status_code, answer.json()["reason"]) == (503, "alias-vacant")


def test_a_prediction_by_key_is_drawn_like_any_other(tmp_path: Path) -> None:
    """The features' way makes no difference to who answers."""
    with (
        running(Neighbour(feast_answer)) as feast,
        raising(tmp_path, feast=feast, standing={"champion": 1, "challenger": (2, 1.0)}) as yard,
    ):
        answers = [
            yard.client.post("/v1/champion/infer-by-key", json={"entities": {"sample_id": [3]}}, headers=headers)
            for headers in ({}, {"X-Client-Key": "a"}, {"X-Switchyard-Variant": "challenger"})
        ]

    assert [answer.status_code for answer in answers] == [200, 200, 401]
    assert [answer.headers.get("x-switchyard-variant") for answer in answers] == ["champion", "challenger", None]
    assert answers[1].json()["model_version"] == "2"
