"""Where a neighbour is: real sockets on loopback, and a name server that a test decides."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from yardgate.address import Address

HERE, THERE = "127.0.0.1", "127.0.0.2"


class Names:
    """Stands for the name server: *addresses* is what the next lookup finds, or raises; *held* keeps it waiting."""

    def __init__(self, *addresses: str) -> None:
        self.addresses: Sequence[str] | OSError = addresses
        self.lookups = 0
        self.held = threading.Event()
        self.held.set()

    def __call__(self, host: str, port: int, *_: Any, **__: Any) -> list[tuple[Any, ...]]:
        self.lookups += 1
        assert self.held.wait(timeout=5)
        if isinstance(self.addresses, OSError):
            raise self.addresses
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in self.addresses]


@pytest.fixture(name="names")
def _names(monkeypatch: pytest.MonkeyPatch) -> Names:
    names = Names(HERE)
    monkeypatch.setattr(socket, "getaddrinfo", names)
    return names


class Visit(asyncio.Protocol):
    """Comes, and goes at once: that there was a connection is all that is asked here."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


@contextmanager
def listening(host: str, port: int = 0) -> Iterator[int]:
    """Somebody listens at *host*; yields the port."""
    with socket.create_server((host, port), reuse_port=True) as listener:
        yield listener.getsockname()[1]


def test_an_address_that_answers_is_asked_for_once(names: Names) -> None:
    """With the name server gone, whoever needs one more connection to the same neighbour gets it."""

    async def main() -> None:
        with listening(HERE) as port:
            address = Address("triton", port, lasts=True)
            await address.connect(Visit)
            names.addresses = socket.gaierror(socket.EAI_AGAIN, "the name server is busy")
            await asyncio.gather(*(address.connect(Visit) for _ in range(5)))

    asyncio.run(main())
    assert names.lookups == 1


def test_a_neighbour_that_moved_is_found_at_once(names: Names) -> None:
    """Nobody listens at the address that is known: the name is asked for again, within the same attempt."""

    async def main() -> None:
        with listening(HERE) as port:
            address = Address("triton", port, lasts=True)
            await address.connect(Visit)
        names.addresses = (THERE,)
        with listening(THERE, port):
            await address.connect(Visit)

    asyncio.run(main())
    assert names.lookups == 2


async def _fill(address: Address) -> None:
    """Connect until nobody answers: once the queue of a listener that accepts nobody is full, the kernel is silent."""
    while True:
        await address.connect(Visit)


def test_an_address_that_says_nothing_is_given_up_with_the_one_who_waits(names: Names) -> None:
    """Packets to an address that is gone may vanish: his deadline ends the wait, and the next one asks for the name."""

    async def main() -> None:
        with socket.create_server((HERE, 0), backlog=0, reuse_port=True) as full:
            address = Address("triton", full.getsockname()[1], lasts=True)
            await address.connect(Visit)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(_fill(address), 1.0)
            names.addresses = (THERE,)
            with listening(THERE, full.getsockname()[1]):
                await asyncio.wait_for(address.connect(Visit), 5.0)  # the kernel itself gives up after two minutes

    asyncio.run(main())
    assert names.lookups == 2


def test_an_address_that_may_be_another_ones_tomorrow_is_not_kept(names: Names) -> None:
    """The feature store goes with its layer: that its name is gone has to be noticed by the very next who asks."""

    async def main() -> None:
        with listening(HERE) as port:
            address = Address("feast", port, lasts=False)
            await address.connect(Visit)
            names.addresses = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            with pytest.raises(socket.gaierror, match="not known"):
                await address.connect(Visit)

    asyncio.run(main())


def test_many_who_wait_share_one_lookup(names: Names) -> None:
    """A slow name server has one question of us, and the threads are left to others; who gives up spoils nothing."""

    async def main() -> None:
        names.held.clear()
        with listening(HERE) as port:
            address = Address("triton", port, lasts=False)
            waiting = [asyncio.create_task(address.connect(Visit)) for _ in range(20)]
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await address.connect(Visit)
            names.held.set()
            await asyncio.gather(*waiting)

    asyncio.run(main())
    assert names.lookups == 1


def test_a_lookup_that_nobody_waits_for_fails_in_silence(names: Names) -> None:
    """An error in the log that says nothing but that a future was never looked at hides those that say something."""
    complaints: list[dict[str, Any]] = []

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        names.held.clear()
        names.addresses = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await Address("feast", 1, lasts=False).connect(Visit)
        (lookup,) = asyncio.all_tasks() - {asyncio.current_task()}
        names.held.set()
        await asyncio.wait([lookup])  # which does not look at how it ended
        del lookup
        gc.collect()

    asyncio.run(main())
    assert names.lookups == 1
    assert complaints == []


def test_every_address_of_a_name_is_tried(names: Names) -> None:
    """The one that refuses is no reason to give up; where all do, that is told."""

    async def main() -> None:
        names.addresses = (THERE, HERE)
        with listening(HERE) as port:
            await Address("triton", port, lasts=True).connect(Visit)
        with pytest.raises(ConnectionRefusedError):
            await Address("triton", port, lasts=True).connect(Visit)

    asyncio.run(main())
