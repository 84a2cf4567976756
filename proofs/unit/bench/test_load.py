"""The benchmark's load measures right answers only: an error is quick, and would look like speed."""

from __future__ import annotations

import asyncio
import gc

import pytest
from proofs.unit.yardgate.neighbour import Asked, Neighbour, answering, running

from bench.load import Load, WrongAnswer, load

RIGHT = b'{"right": true}'

# A load that ends early leaves its neighbour with half of a conversation; which side closes last is not what is tested.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def _measured(neighbour: Neighbour) -> Load:
    try:
        with running(neighbour):
            return asyncio.run(load(neighbour.port, path="/p", body=b"{}", wanted=RIGHT, connections=3, for_s=0.05))
    finally:
        gc.collect()  # here, and not in the middle of somebody else's test


def test_every_right_answer_is_counted() -> None:
    """As many latencies as requests that arrived, over kept-alive connections."""

    async def right(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await answering(writer, {"right": True})

    neighbour = Neighbour(right)
    done = _measured(neighbour)
    assert len(done.latencies_s) == len(neighbour.asked) >= 3
    assert neighbour.connections == 3
    assert done.rate == pytest.approx(len(done.latencies_s) / done.took_s)
    assert 0 < done.median_s < done.took_s


@pytest.mark.parametrize(
    ("document", "status"),
    [
        pytest.param({"right": True}, 500, id="an error"),
        pytest.param({"right": False}, 200, id="another answer"),
    ],
)
def test_anything_else_ends_the_run(*, document: object, status: int) -> None:
    """The figure of a server that does not answer right is no figure."""

    async def wrong(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await answering(writer, document, status=status)

    with pytest.raises(WrongAnswer):
        _measured(Neighbour(wrong))
