"""What a proof holds in its hand: the ``yard``. It acts, looks and records; whether that is good, claims decide."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TypeVar

from switchyard import narration
from switchyard.census import ROUND_TRIP
from switchyard.errors import Late, Misconfigured, SwitchyardError
from switchyard.ground import Ground
from switchyard.judging import Defective, Disproved, Inconclusive, raise_for, verdict_of
from switchyard.prober.lane import RIGHT
from switchyard.recorder import Recorder
from switchyard.toggled import DETACHED, Toggled
from switchyard.waiting import wait_until
from switchyard.yard import Probe
from yardfacts.claims import Claim
from yardfacts.facts import Answer, Fact, Facts, Timing, Toggle
from yardfacts.verdict import Finding, Verdict, merge

__all__ = ["Scenario"]

T = TypeVar("T")


@dataclass
class Scenario:
    """One yard under proof. Acts raise ``Disproved`` or ``Inconclusive`` where the engine could not do them."""

    ground: Ground
    recorder: Recorder
    claims: Mapping[str, Claim]

    @property
    def facts(self) -> Facts:
        """What the current stage has recorded."""
        return self.recorder.facts

    @property
    def run_id(self) -> str:
        """Labels everything that a proof makes."""
        return self.recorder.run_id

    def given(self, title: str) -> AbstractContextManager[None]:
        """A step that brings about or checks what the test starts from."""
        return self.recorder.step(f"given {title}")

    def when(self, title: str) -> AbstractContextManager[None]:
        """The step that the test is about."""
        return self.recorder.step(f"when {title}")

    def observe(self, moment: str, *, barrier_s: float = 0.0) -> None:
        """
        Look at the whole yard, and record what is seen under *moment*.

        Controllers have *barrier_s* seconds to answer the barrier; 0 is the declared deadline.
        """
        with self.recorder.step(f"look at everything ({moment})"):
            facts = tuple(self._acted(lambda: self.ground.look(barrier_s=barrier_s)))
            self.recorder.record(moment, facts)
            narration.attach(f"facts {moment}", list(Facts().plus(moment, facts).to_json()))

    def settle(self, revision: str) -> None:
        """Wait until every Application is Synced and Healthy at *revision*."""
        with self.recorder.step(f"wait until everybody is settled at {revision[:10]}"):
            self._acted(lambda: self.ground.settle(revision))

    def is_detached(self, layer: str) -> bool:
        """Whether the API server answers 404 for the layer's root."""
        return self._acted(lambda: self.ground.presence(layer)) == DETACHED

    def detach(self, layer: str, *, moment: str = "detached") -> Toggled:
        """Detach *layer*, and record what was done and found."""
        return self._toggle(lambda: self.ground.detach(layer), layer=layer, wanted="detached", moment=moment)

    def attach(self, layer: str, *, moment: str = "attached") -> Toggled:
        """Attach *layer*, and record what was done and found."""
        return self._toggle(lambda: self.ground.attach(layer), layer=layer, wanted="attached", moment=moment)

    def hold(self, layer: str, *, moment: str = "held") -> None:
        """Ask everybody who could bring *layer* back, and record what came."""
        with self.recorder.step(f"hold the absence of {layer} under stimulus"):
            self.recorder.record(moment, [self._acted(lambda: self.ground.hold(layer))])

    @contextmanager
    def window(self, name: str, *, asks: bool = True) -> Iterator[None]:
        """
        While the block runs watch every object, and with *asks* ask every service what it is there for, over and over.

        What was seen is recorded under the moment *name*, however the block ends.
        """
        how = "watch every object, and ask every service" if asks else "watch every object"
        with self.recorder.step(f"{how} ({name})"), ExitStack() as ending:
            self._acted(lambda: ending.enter_context(self.ground.witness.window(name, asks=asks)))
            yield

    def saw(self, name: str) -> bool:
        """Whether a window of that *name* was seen to its end, in whatever stage."""
        return self.ground.witness.saw(name)

    def compare(self, since: str, until: str) -> None:
        """Record how what stood before the window *since* differs from what stood after the window *until*."""
        with self.recorder.step(f"hold what stands against what stood before the window {since!r}"):
            self.recorder.record(ROUND_TRIP, self.ground.witness.survey(since, until))

    def ask(self, probe: Probe, *, moment: str, within_s: float = 0.0, name: str = "") -> Answer:
        """
        Ask one question and record the answer; with *within_s*, wait that long for the right one.

        Waiting is for what is allowed to take a moment (a gateway that finds out). The last answer is recorded, right
        or not, with the whole wait as its time.

        Args:
            probe: What to ask.

            moment: Under which the answer is recorded.

            within_s: Seconds to wait for the right answer.

            name: Recorded instead of the probe's own.
        """
        seen: list[Answer] = []

        def once() -> Answer:
            seen.append(self._acted(lambda: self.ground.ask(probe)))
            return seen[-1]

        start_s = time.monotonic()
        try:
            wait_until(once, what=probe.name, ready=lambda answer: answer.outcome == RIGHT, within_s=within_s)
        except Late:
            # The wrong answer is the observation; a claim says what it means.
            self.recorder.note(f"{probe.name} in {probe.environment}: {seen[-1].outcome} to the end")
        took_s = round(time.monotonic() - start_s, 3)
        answer = replace(seen[-1], probe=name or probe.name, took_s=took_s)
        self.record(moment, answer)
        return answer

    def record(self, moment: str, *facts: Fact) -> None:
        """Record facts that a test found out by itself."""
        self.recorder.record(moment, facts)

    @contextmanager
    def timed(self, phase: str, *, moment: str, budget_s: float = 0.0) -> Iterator[None]:
        """Record how long the block takes, unless it fails."""
        start_s = time.monotonic()
        yield
        took_s = round(time.monotonic() - start_s, 3)
        self.record(moment, Timing(phase=phase, took_s=took_s, budget_s=budget_s))

    def judge(self, *names: str) -> None:
        """
        Let claims judge what the stage has recorded. All are judged and recorded before the worst is raised.

        Raises:
            Disproved: A claim is DISPROVED.
            Inconclusive: None is, but one is INCONCLUSIVE.
            Misconfigured: There is no claim of that name.
        """
        found = [(name, self._judged(self._claim(name))) for name in names]
        raise_for(
            merge(Finding(one.verdict, one.reason, f"{name}: {one.detail}") for name, one in found),
            about=", ".join(name for name, one in found if one.verdict is not Verdict.PROVED) or "claims",
        )

    def expect(self, name: str, verdict: Verdict, reason: str, *, broken: str) -> None:
        """
        Let a claim judge evidence that was broken on purpose; it has to say exactly *verdict* for exactly *reason*.

        Raises:
            Defective: It says anything else: the control survived.
        """
        claim = self._claim(name)
        finding = claim.decide(self.facts)
        wanted = f"{verdict.name} ({reason})"
        with self.recorder.step(f"then {name} says {wanted}"):
            self.recorder.control(claim, broken=broken, wanted=wanted, finding=finding)
            narration.attach(name, {"broken": broken, "wanted": wanted, "got": str(finding)})
            if (finding.verdict, finding.reason) != (verdict, reason):
                raise Defective(f"{broken}: {name} had to say {wanted}, and said {finding}")

    def _judged(self, claim: Claim) -> Finding:
        finding = claim.decide(self.facts)
        # The step ends as the claim does; the other claims are judged too, and then judge() raises the worst.
        told = f"{claim.name}: {finding.verdict.name} ({finding.reason})"
        with suppress(Disproved, Inconclusive), self.recorder.step(f"then {claim.sentence}", told=told):
            self.recorder.finding(claim, finding)
            narration.attach(claim.name, {"finding": str(finding)})
            raise_for(finding, about=claim.name)
        return finding

    def _claim(self, name: str) -> Claim:
        if name not in self.claims:
            raise Misconfigured(where="proofs/claims", key=name, wanted=", ".join(sorted(self.claims)), got=name)
        return self.claims[name]

    def _toggle(self, act: Callable[[], Toggled], *, layer: str, wanted: str, moment: str) -> Toggled:
        with self.recorder.step(f"ask for {layer} {wanted}"):
            done = self._acted(act)
            facts: Iterable[Fact] = (Toggle(layer=layer, wanted=wanted, changed=done.changed), *done.facts)
            self.recorder.record(moment, facts)
        return done

    def _acted(self, act: Callable[[], T]) -> T:
        """Run an act of the engine; an error of its tree becomes the verdict that it amounts to."""
        try:
            return act()
        except SwitchyardError as exc:
            raise verdict_of(exc) from exc
