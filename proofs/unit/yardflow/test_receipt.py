"""A deployment's receipt: unknown is never a success, and a reader knows at a glance."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from yardflow.receipt import CRITERIA, Criterion, DeployReceipt, Links, Result

REACHED = {Result.PROMOTED, Result.SHADOWED, Result.CHALLENGING, Result.REBUILT}
MET = tuple(Criterion(name, True, {"seen": name}) for name in CRITERIA)
RECEIPT = DeployReceipt(
    deploy_id="2f1c0a",
    model="wine",
    version=2,
    generation=5,
    action="promote",
    outcome=Result.PROMOTED,
    criteria=MET,
    metrics={"accuracy": 0.97222, "log_loss": 0.0812},
    run_id="8c1d",
    digest="a" * 64,
    durations_s={"train": 12.0, "load": 1.6},
    actor="airflow",
    reason="accuracy 0.97 >= 0.90",
    at="2026-11-21T22:00:00.000Z",
)
RUN = "http://mlflow/#/experiments/1/runs/8c1d"
LINKS = Links(run=f"{RUN}?a=1&b=2", receipt=f"{RUN}/artifacts/receipts/5.json")
BLOCKS_AT_MOST, SECTION_CHARS, HEADER_CHARS = 49, 2000, 150
"""Slack's limits: 50 blocks, one of which the outbox adds; 2000 characters a field; 150 a header."""


def _with(**met: bool | None) -> DeployReceipt:
    return replace(RECEIPT, criteria=tuple(Criterion(one.name, met.get(one.name, True), {}) for one in MET))


def _said(blocks: Any) -> list[str]:
    """Every text of a message, in its order."""
    if isinstance(blocks, Mapping):
        mine = [blocks["text"]] if isinstance(blocks.get("text"), str) else []
        return mine + [text for value in blocks.values() for text in _said(value)]
    return [text for one in blocks for text in _said(one)] if isinstance(blocks, list | tuple) else []


def test_all_six_are_a_success() -> None:
    """The champion, on trial or made again, with everything known to be met."""
    assert all(replace(RECEIPT, outcome=outcome).succeeded for outcome in REACHED)


@pytest.mark.parametrize(("name", "met"), list(product(CRITERIA, [False, None])))
def test_one_that_is_not_met_is_none(name: str, *, met: bool | None) -> None:
    """Each of the six counts, and unknown counts as little as not met."""
    receipt = _with(**{name: met})

    assert not receipt.succeeded
    assert receipt.document()["succeeded"] is False


@pytest.mark.parametrize("outcome", sorted(set(Result) - REACHED))
def test_another_end_is_no_success(outcome: Result) -> None:
    """What was stopped, undone or overtaken has not succeeded, whatever was met on the way."""
    assert not replace(RECEIPT, outcome=outcome).succeeded


@pytest.mark.parametrize("met", [1, "true", 0, ""])
def test_a_criterion_is_met_or_not_or_unknown(met: Any) -> None:
    """Nothing else passes for it."""
    with pytest.raises(ValueError, match="smoke"):
        Criterion("smoke", met, {})


@pytest.mark.parametrize("criteria", [(), MET[:5], MET[::-1], (*MET, MET[0]), (*MET[:5], Criterion("told", True, {}))])
def test_there_are_six_criteria(criteria: tuple[Criterion, ...]) -> None:
    """None is left out, and none is made up."""
    with pytest.raises(ValueError, match="registered, ready, loaded, smoke, reloaded, announced"):
        replace(RECEIPT, criteria=criteria)


def test_the_document_says_all() -> None:
    """It is JSON, has every field, and tells of a number that is none."""
    broken = replace(RECEIPT, metrics={"accuracy": float("nan")}, criteria=[*MET[:5], replace(MET[5], met=None)])

    document = json.loads(json.dumps(broken.document(), allow_nan=False))

    assert document.keys() == {*vars(RECEIPT), "succeeded"}
    assert (document["metrics"], document["outcome"], document["version"]) == ({"accuracy": "nan"}, "promoted", 2)
    assert document["criteria"][0] == {"name": "registered", "met": True, "evidence": {"seen": "registered"}}
    assert document["criteria"][5]["met"] is None


def test_the_message_says_what_a_reader_asks_first() -> None:
    """Model, version, generation, outcome and metrics stand in text and blocks, the links in the last one."""
    message = RECEIPT.message(LINKS)

    assert message.deploy_id == "2f1c0a"
    assert message.text == (
        "wine version 2 is the champion (generation 5, accuracy 0.9722, log_loss 0.0812): accuracy 0.97 &gt;= 0.90"
    )
    said = _said(message.blocks)
    assert said[0] == ":large_green_circle: wine version 2 is the champion"
    assert said[1:5] == ["*Model*\nwine", "*Version*\n2", "*Generation*\n5", "*Outcome*\npromoted"]
    assert "accuracy 0.9722, log_loss 0.0812" in said[5]
    assert "✓ registered   ✓ ready   ✓ loaded   ✓ smoke   ✓ reloaded" in said[5]
    assert said[6:] == [
        f"<{RUN}?a=1&amp;b=2|run 8c1d>",
        f"<{RUN}/artifacts/receipts/5.json|receipt receipts/5.json>",
        "promote by airflow, 2026-11-21T22:00:00.000Z, 14 s",
    ]
    json.dumps(message.blocks, allow_nan=False)


def test_a_page_that_is_not_there_is_no_link() -> None:
    """Run and receipt are named all the same, by the deployment where it has no run, and what never was is left out."""
    assert _said(RECEIPT.message().blocks)[6:8] == ["run 8c1d", "receipt receipts/5.json"]
    assert _said(replace(RECEIPT, run_id=None).message().blocks)[6] == "receipt 2f1c0a"
    assert replace(RECEIPT, generation=None).artifact is None


def test_what_slack_would_read_as_a_link_is_text() -> None:
    """Its three characters are escaped in text and in addresses, and what ends a label is taken out of it."""
    strange = replace(RECEIPT, run_id="a|b <!here> & c").message(Links(run="http://mlflow/?<a>&b"))

    assert _said(strange.blocks)[6] == "<http://mlflow/?&lt;a&gt;&amp;b|run a b &lt;!here&gt; &amp; c>"


@pytest.mark.parametrize(
    ("outcome", "met", "sign"),
    [
        (Result.PROMOTED, {"announced": None}, "green"),
        (Result.PROMOTED, {"reloaded": None}, "yellow"),
        (Result.SHADOWED, {"loaded": False}, "yellow"),
        (Result.STOPPED, {"loaded": None}, "yellow"),
        (Result.SUPERSEDED, {}, "yellow"),
        (Result.REBUILT, {"announced": None}, "green"),
        (Result.RETIRED, {}, "yellow"),
        (Result.ABORTED, {}, "red"),
        (Result.ROLLED_BACK, {}, "red"),
    ],
)
def test_the_sign_is_no_better_than_what_is_known(outcome: Result, met: dict[str, bool | None], sign: str) -> None:
    """Green needs all that can be known before people are told; an end that nobody wanted is red."""
    message = replace(_with(**met), outcome=outcome).message()

    assert _said(message.blocks)[0].startswith(f":large_{sign}_circle: ".replace("large_red", "red"))


def test_what_was_not_met_is_marked() -> None:
    """Not met and unknown look different."""
    said = "\n".join(_said(replace(_with(smoke=False, reloaded=None), outcome=Result.ABORTED).message().blocks))

    assert "✗ smoke   ? reloaded" in said


@pytest.mark.parametrize("outcome", list(Result))
def test_every_end_can_be_told_of(outcome: Result) -> None:
    """With nothing come to and a lot to say, it is still a message that Slack takes, and commands nobody."""
    told = replace(
        RECEIPT,
        outcome=outcome,
        model="m" * 63,
        version=None,
        generation=None,
        run_id=None,
        digest=None,
        metrics={f"metric_{number}": float(number) for number in range(100)},
        reason="<!channel> & " * 1000,
    ).message(LINKS)

    header, said = _said(told.blocks)[0], _said(told.blocks)
    assert len(told.blocks) <= BLOCKS_AT_MOST
    assert len(header) <= HEADER_CHARS
    assert max(len(text) for text in said) <= SECTION_CHARS
    assert "<!" not in told.text + "".join(said)
    assert "and 88 more" in told.text
    assert "None" not in told.text + "".join(said)
