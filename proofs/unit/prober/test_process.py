"""The real prober against a real service: an outage is seen however the service fails; its own standstill is none."""

from __future__ import annotations

import json
import os
import signal

import pytest

from switchyard.errors import Refused
from switchyard.prober.plan import KEPT, NEW

from .conftest import Start, pause, question, said
from .service import IMPATIENT_S, Service


def test_a_good_service_is_right_all_the_time(service: Service, start: Start) -> None:
    """Every sample that was due is there, on new and on kept connections, and one kept connection serves all."""
    prober = start(question(service, connection=NEW), question(service, connection=KEPT, state="X-Features"))
    (new, kept), intervals = prober.watch(meanwhile=pause(1.0))
    assert new.right == new.sent == new.opened > 5
    assert kept.right == kept.sent > 5
    assert new.planned == kept.planned >= 19
    assert kept.opened < kept.sent / 2  # one, unless an answer took longer than a period
    assert {(one.connection, one.state) for one in intervals if one.outcome == "right"} == {
        (NEW, ""),
        (KEPT, "online"),
    }
    assert service.requests[0].startswith(b"GET /content HTTP/1.1\r\nHost: service.here\r\n")


def test_chunks_are_an_answer(service: Service, start: Start) -> None:
    """Servers that do not know how long their answer is send it in chunks."""
    service.behaviour = "chunked"
    counts, _ = start(question(service, connection=KEPT)).watch(meanwhile=pause(0.3))
    assert counts[0].right == counts[0].sent > 0


@pytest.mark.parametrize("connection", [NEW, KEPT])
def test_an_outage_of_300_ms_is_seen(service: Service, start: Start, connection: str) -> None:
    """It is found with the time when it was, and how long it lasted; before and after everything is right."""

    def meanwhile() -> None:
        pause(0.5)()
        service.shut()
        pause(0.3)()
        service.open()
        pause(0.5)()

    (count,), intervals = start(question(service, connection=connection)).watch(meanwhile=meanwhile)
    assert said(intervals) == ["right", "unanswered", "right"]
    outage = [one for one in intervals if one.outcome == "unanswered"]
    assert 150 <= outage[-1].stop_ms - outage[0].start_ms <= 600
    assert count.unanswered == sum(one.samples for one in outage)
    assert all(one.detail for one in outage)


@pytest.mark.parametrize(
    ("behaviour", "outcome", "told"),
    [
        ("wrong", "wrong", "/outputs/0: 0.75"),
        ("resetting", "unanswered", "reset"),
        ("torn", "unanswered", "closed after"),
        ("hanging", "unanswered", "no answer within 150 ms"),
    ],
)
@pytest.mark.parametrize("connection", [NEW, KEPT])
def test_each_way_to_fail_has_its_outcome(
    *, service: Service, start: Start, behaviour: str, outcome: str, told: str, connection: str
) -> None:
    """Wrong is not unanswered, and what came instead is told."""
    service.behaviour = behaviour
    deadline_ms = 150 if behaviour == "hanging" else 2000
    prober = start(question(service, connection=connection, deadline_ms=deadline_ms))
    (count,), intervals = prober.watch(meanwhile=pause(0.4))
    assert (said(intervals), count.right) == ([outcome], 0)
    assert all(told in one.detail for one in intervals if one.outcome == outcome)


def test_a_slow_service_is_asked_as_often(service: Service, start: Start) -> None:
    """A sample that waits holds up no other one: there is no pause in which an outage would go unseen."""
    service.behaviour, service.slowness_s = "slow", 0.3
    (count,), _ = start(question(service, connection=KEPT)).watch(meanwhile=pause(1.0))
    assert count.right == count.sent > 5  # one after another there would be three
    assert count.opened > 1


def test_a_connection_closed_between_two_samples_is_no_outage(service: Service, start: Start) -> None:
    """A server may close what is idle: it is opened again, which is counted."""
    service.behaviour = "forgetful"
    # Seldom enough that the server is through with closing before the next sample, however busy the machine.
    (count,), _ = start(question(service, connection=KEPT, period_ms=400)).watch(meanwhile=pause(1.5))
    assert count.right == count.sent == count.opened > 1


def test_a_prober_that_stood_still_missed_what_was_due(service: Service, start: Start) -> None:
    """A second without a processor is a second unseen, no outage: even for the answer that was on its way."""
    service.behaviour, service.slowness_s = "slow", 0.1
    prober = start(question(service, connection=NEW, deadline_ms=400), question(service, connection=KEPT))

    def meanwhile() -> None:
        pause(0.5)()
        os.kill(prober.process.pid, signal.SIGSTOP)
        pause(1.0)()
        os.kill(prober.process.pid, signal.SIGCONT)
        pause(0.5)()

    counts, intervals = prober.watch(meanwhile=meanwhile)
    for count in counts:
        assert (count.wrong, count.unanswered) == (0, 0)
        assert count.missed_in_a_row >= 15
        assert count.blind_s >= 0.9
    assert sum(one.samples for one in intervals) == sum(count.planned for count in counts)


def test_what_was_kept_through_a_standstill_is_not_asked(service: Service, start: Start) -> None:
    """A server that finds it idle for too long closes it while it is asked; libraries open a new one, and so do we."""
    service.behaviour = "impatient"
    prober = start(question(service, connection=KEPT))

    def meanwhile() -> None:
        pause(0.5)()
        os.kill(prober.process.pid, signal.SIGSTOP)
        pause(2 * IMPATIENT_S)()
        os.kill(prober.process.pid, signal.SIGCONT)
        pause(0.5)()

    (count,), _ = prober.watch(meanwhile=meanwhile)
    assert count.unanswered == 0
    assert count.opened >= 2
    assert count.missed_in_a_row >= 15


def test_windows_are_kept_apart(start: Start, service: Service) -> None:
    """One at a time, each of its own name; a name that was used, or never was, is refused."""
    prober = start(question(service))
    prober.door.start("off")
    with pytest.raises(Refused, match="open: off"):
        prober.door.start("on")
    first = prober.door.stop("off")
    for refused in ("off", "../off", ""):
        with pytest.raises(Refused):
            prober.door.start(refused)
    with pytest.raises(Refused):
        prober.door.stop("off")
    prober.door.start("on")
    assert prober.door.stop("on").process == first.process


def test_what_was_sent_at_the_very_end_was_due(start: Start, service: Service) -> None:
    """A window that ends within the millisecond in which a sample was sent counts it, and no more."""
    prober = start(question(service, connection=KEPT, period_ms=1))
    for number in range(20):
        (counts,), _ = prober.watch(meanwhile=pause(0.05 + number / 3000), window=f"off-{number}")
        assert counts.sent > 0


def test_a_chunk_ends_with_a_whole_line(start: Start, service: Service) -> None:
    """A reader may go on from wherever it was, even while samples come in."""
    prober = start(question(service, period_ms=5))
    prober.door.start("off")
    pause(0.5)()
    early = prober.door.chunk("off", 0)
    ended = prober.door.stop("off")
    whole = early + prober.door.samples("off", size_bytes=ended.size_bytes)[len(early) :]
    assert early.endswith(b"\n")
    assert len([json.loads(line) for line in whole.splitlines()]) == ended.lines
    assert prober.door.chunk("off", ended.size_bytes) == b""


def test_it_ends_when_told(start: Start, service: Service) -> None:
    """Its clock is ours on one machine, and SIGTERM ends it well, though somebody is connected."""
    prober = start(question(service))
    assert abs(prober.door.skew_ms()) < 50
    prober.process.send_signal(signal.SIGTERM)
    assert prober.process.wait(timeout=10) == 0
