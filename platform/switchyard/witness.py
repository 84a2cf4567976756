"""What a window is seen by: every object under watch, and every service asked, from one end of it to the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext
from dataclasses import dataclass, field

from switchyard.census import survey
from switchyard.kube import Kube
from switchyard.observation import Observation
from switchyard.observing import observed
from switchyard.probing import Prober, probing
from switchyard.recorder import Recorder
from switchyard.targets import open_target
from switchyard.yard import Yard
from yardfacts.facts import Fact
from yardfacts.target import Target

__all__ = ["Witness"]


@dataclass
class Witness:
    """Sees windows; what it needs in the cluster stands from the first window to ``close``."""

    yard: Yard
    target: Target
    recorder: Recorder
    _ending: ExitStack = field(default_factory=ExitStack)
    _kube: Kube | None = None
    _prober: Prober | None = None
    _seen: dict[str, Observation] = field(default_factory=dict)

    @contextmanager
    def window(self, name: str, *, asks: bool = True) -> Iterator[None]:
        """
        See all that happens while the block runs, and record it under the moment *name*, however the block ends.

        Args:
            name: Of the window.

            asks: Have the prober ask the services, too; else objects alone are watched.

        Raises:
            SwitchyardError: It cannot begin. Once it has begun, what was not seen is a fact.
        """
        bundle = self.recorder.bundle
        # What the prober needs is made before the window, in which it would be one more thing that changed.
        asking: AbstractContextManager[list[Fact]] = (
            self._standing().window(name, bundle=bundle) if asks else nullcontext([])
        )
        watching = observed(self._own(), yard=self.yard, window=name, bundle=bundle, run_id=self.recorder.run_id)
        with ExitStack() as ended:
            with watching as observation, asking as answers:
                ended.callback(lambda: self.recorder.record(name, (*observation.facts(), *answers)))
                yield
            self._seen[name] = observation

    def saw(self, name: str) -> bool:
        """Whether there was a window of that *name*, which was seen to its end."""
        return name in self._seen

    def survey(self, since: str, until: str) -> tuple[Fact, ...]:
        """How what stood when the window *since* began differs from what stood when *until* ended."""
        return survey(self._seen[since].found, self._seen[until].left, rules=self.yard.churn)

    def close(self) -> None:
        """
        Take away what stands in the cluster.

        Raises:
            SwitchyardError: It does not go.
        """
        self._ending.close()

    def _own(self) -> Kube:
        """Connections of its own: a watch of every kind holds as many as others would wait for."""
        if self._kube is None:
            self._kube = self._ending.enter_context(closing(open_target(self.target)))
        return self._kube

    def _standing(self) -> Prober:
        if self._prober is None:
            with self.recorder.step("put up the prober, and wait until every question is answered"):
                self._prober = self._ending.enter_context(
                    probing(
                        self._own(),
                        yard=self.yard,
                        secrets_file=self.target.secrets_file,
                        run_id=self.recorder.run_id,
                        tell=self.recorder.note,
                    )
                )
        return self._prober
