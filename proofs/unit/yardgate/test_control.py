"""Aliases, reload, readiness."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from yardgate.aliases import parse_routes
from yardgate.auth import Guard
from yardgate.errors import RoutesMalformed, TooMany, Unauthorized

from .yard import TOKEN, Yard, raising


def test_aliases_are_shown_with_generation_and_features(yard: Yard) -> None:
    """Whoever asks sees what the next prediction sees."""
    assert yard.client.get("/v1/aliases").json() == {
        "generation": 1,
        "aliases": {"champion": {"model": "wine", "version": 1}},
        "features": "absent",
    }


def test_a_reload_without_a_difference_changes_nothing(yard: Yard) -> None:
    """Twice is once: the same file again is answered 200 and keeps the generation."""
    answer = yard.reload()

    assert answer.status_code == 200
    assert (answer.json()["changed"], answer.json()["generation"]) == (False, 1)


def test_a_reload_switches_to_a_version_that_is_ready(yard: Yard) -> None:
    """The new routes count for the next prediction, and the generation grows by one."""
    yard.control.ready.add(("wine", 2))
    yard.route(champion=("wine", 2), challenger=("wine", 1))

    answer = yard.reload()

    assert (answer.json()["changed"], answer.json()["generation"]) == (True, 2)
    assert yard.infer().json()["model_version"] == "2"
    assert yard.infer(alias="challenger").headers["x-switchyard-version"] == "1"


def test_a_version_that_is_not_ready_is_412_and_routing_stays(yard: Yard) -> None:
    """A route to a version that Triton does not serve is never taken."""
    yard.route(champion=("wine", 2))

    answer = yard.reload()

    assert (answer.status_code, answer.json()["reason"]) == (412, "version-not-ready")
    assert yard.infer().headers["x-switchyard-version"] == "1"
    assert yard.client.get("/v1/aliases").json()["generation"] == 1


def test_an_unreachable_triton_is_502_and_routing_stays(yard: Yard) -> None:
    """Not knowing whether a version is ready is no reason to switch to it."""
    yard.control.reachable = False
    yard.route(champion=("wine", 2))

    answer = yard.reload()

    assert (answer.status_code, answer.json()["reason"]) == (502, "upstream-unreachable")
    assert yard.client.get("/v1/aliases").json()["generation"] == 1


def test_a_malformed_file_is_412_and_routing_stays(yard: Yard) -> None:
    """A half-written file is refused with the place and the reason."""
    yard.routes_file.write_text("champion: {model: wine", encoding="utf-8")

    answer = yard.reload()

    assert (answer.status_code, answer.json()["reason"]) == (412, "routes-malformed")
    assert str(yard.routes_file) in answer.json()["error"]
    assert yard.infer().status_code == 200


def test_no_prediction_sees_half_a_switch(yard: Yard) -> None:
    """While aliases switch to and fro, each answer comes from the version that its header names."""
    yard.control.ready.add(("wine", 2))

    def predict(_: int) -> tuple[str, str]:
        answer = yard.infer()
        return answer.headers["x-switchyard-version"], answer.json()["model_version"]

    with ThreadPoolExecutor(4) as callers:
        answers = callers.map(predict, range(400))
        for turn in range(20):
            yard.route(champion=("wine", 2 - turn % 2))
            assert yard.reload().json()["changed"]
        seen = list(answers)

    assert all(named == gave for named, gave in seen)
    assert {named for named, _ in seen} <= {"1", "2"}


def test_a_reload_without_the_token_is_401(yard: Yard) -> None:
    """No token, a wrong one, or another scheme: nothing is read."""
    answers = [
        yard.client.post("/v1/reload"),
        yard.reload("wrong" * 8),
        yard.client.post("/v1/reload", headers={"authorization": f"Basic {TOKEN}"}),
    ]

    assert [answer.status_code for answer in answers] == [401, 401, 401]
    assert TOKEN not in answers[1].text


def test_the_sixth_wrong_token_within_a_minute_is_429(yard: Yard) -> None:
    """Five may be a mistake; the sixth is not even compared."""
    answers = [yard.reload("wrong" * 8) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 61


def test_wrong_tokens_are_forgotten_after_a_minute(tmp_path: Path) -> None:
    """The source that was refused may try again when its minute is over; other sources never noticed."""
    (tmp_path / "token").write_text(TOKEN, encoding="utf-8")
    now = 0.0
    guard = Guard(tmp_path / "token", clock=lambda: now)
    for _ in range(5):
        with pytest.raises(Unauthorized):
            guard.admit("Bearer wrong", source="a")

    with pytest.raises(TooMany):
        guard.admit(f"Bearer {TOKEN}", source="a")
    guard.admit(f"Bearer {TOKEN}", source="b")
    now = 60.0
    guard.admit(f"Bearer {TOKEN}", source="a")


def test_a_rotated_token_counts_at_once(tmp_path: Path) -> None:
    """The token's file is read on each reload."""
    file = tmp_path / "token"
    file.write_text(TOKEN, encoding="utf-8")
    guard = Guard(file)
    file.write_text("u" * 32, encoding="utf-8")

    guard.admit("Bearer " + "u" * 32, source="a")
    with pytest.raises(Unauthorized):
        guard.admit(f"Bearer {TOKEN}", source="a")


def test_a_short_token_is_refused_at_the_start(tmp_path: Path) -> None:
    """Better no gateway than one whose door is open."""
    (tmp_path / "token").write_text("changeme", encoding="utf-8")

    with pytest.raises(ValueError, match="at least 32 bytes, got 8"):
        Guard(tmp_path / "token")


def test_ready_names_what_is_there_and_what_is_missing(yard: Yard) -> None:
    """200 while every alias can be answered, 503 with the reason otherwise."""
    yard.control.ready.add(("wine", 2))
    yard.route(champion=("wine", 1), challenger=("wine", 2))
    yard.reload()

    whole = yard.client.get("/ready")
    yard.control.ready.discard(("wine", 2))
    half = yard.client.get("/ready")

    assert (whole.status_code, whole.json()["failing"]) == (200, {})
    assert whole.json()["ok"] == ["challenger -> wine/2", "champion -> wine/1"]
    assert half.status_code == 503
    assert half.json()["ok"] == ["champion -> wine/1"]
    assert half.json()["failing"] == {"challenger -> wine/2": "wine 2 is not ready"}


def test_health_does_not_depend_on_triton(yard: Yard) -> None:
    """Liveness is about this process: a restart would not bring Triton back."""
    yard.control.reachable = False

    assert yard.client.get("/health").status_code == 200
    assert yard.client.get("/ready").status_code == 503


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "at least one alias"),
        ("[champion]", "at least one alias"),
        ("champion: wine", "exactly model and version"),
        ("champion: {model: wine}", "exactly model and version"),
        ("champion: {model: wine, version: 1, weight: 3}", "exactly model and version"),
        ("champion: {model: wine, version: '1'}", "a version number"),
        ("champion: {model: wine, version: true}", "a version number"),
        ("champion: {model: wine, version: 0}", "a version number"),
        ("champion: {model: ../wine, version: 1}", "a model's name"),
        ("'cham pion': {model: wine, version: 1}", "an alias like"),
        ("a: b: c", "wanted YAML"),
    ],
)
def test_routes_that_are_none_are_refused(text: str, complaint: str) -> None:
    """Each complaint says what was wanted and where."""
    with pytest.raises(RoutesMalformed, match=complaint):
        parse_routes(text, where="routes.yaml")


def test_a_malformed_file_ends_the_start(tmp_path: Path) -> None:
    """A gateway without routes would answer 404 to everything; it does not start instead."""
    with pytest.raises(RoutesMalformed, match="at least one alias"), raising(tmp_path, routes="{}"):
        raise AssertionError("it started")
