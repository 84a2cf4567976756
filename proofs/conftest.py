"""The ladder of fixtures that proofs climb: what they ask, what they write, and the layer that they are about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import pytest

from switchyard.errors import SwitchyardError
from switchyard.judging import verdict_of
from switchyard.kube import Kube
from switchyard.scenario import Scenario
from switchyard.yard import Expectation, HttpProbe, Wanted, Yard
from yardfacts.facts import Answer
from yardfacts.target import Target

from .canaries.fixtures import Released, _canaries, _release  # noqa: F401 - pytest finds fixtures by these names
from .canaries.offline import FEATURE, Offline, key_of, value_of
from .lifecycle.fixtures import _contests, _layered, _stories  # noqa: F401 - as above
from .services.exercise import PARTS, Hands, exercise

LAYER = "features"
"""The layer of yard.toml that these proofs toggle."""

NOTICED_S = 5.0
"""A gateway looks for the feature store every second, and gives it a second to answer."""


class Use(Protocol):
    """Uses services, and records what they answered."""

    def __call__(
        self, *parts: str, moment: str = ..., environments: Sequence[str] = ..., patience_s: float = ...
    ) -> None:
        """
        Use *parts* (all by default, see ``services.exercise``) in *environments* (all by default).

        Services have *patience_s* seconds to let us in, where they may be starting.
        """


@dataclass(frozen=True)
class Canary:
    """The row of features that no other proof has written, in every environment."""

    written: tuple[Answer, ...]
    """What the offline store gave back right after the write."""
    reads: tuple[HttpProbe, ...]
    """Ask the online store for it."""
    withhold: Callable[[], None]
    """Take the row out of the offline stores."""
    write: Callable[[], None]
    """Put it there, again."""


@pytest.fixture(name="layer", scope="session")
def _layer() -> str:
    """Name of the layer that is toggled."""
    return LAYER


@pytest.fixture(name="gateways", scope="session")
def _gateways(declared: Yard) -> Sequence[HttpProbe]:
    """The known inference, one probe an environment."""
    return [probe for probe in declared.probes if isinstance(probe, HttpProbe) and probe.name == "gateway"]


@pytest.fixture(name="look", scope="session")
def _look(yard: Scenario, gateways: Sequence[HttpProbe]) -> Callable[[str, str], None]:
    """Ask the gateways whether they have features, then look at everything: ``look("detached", "absent")``."""

    def look(moment: str, features: str) -> None:
        with yard.recorder.step(f"ask the gateways: features {features}?"):
            for gateway in gateways:
                headers = {**gateway.expect.headers, "x-switchyard-features": features}
                asked = replace(gateway, expect=replace(gateway.expect, headers=headers))
                yard.ask(asked, moment=moment, within_s=NOTICED_S, name=f"features-{features}")
        yard.observe(moment)

    return look


@pytest.fixture(name="canary", scope="session")
def _canary(declared: Yard, canaries: Released) -> Canary:
    """The row that the canaries have in every offline store, and what asks the online stores for it."""
    key, value = key_of(canaries.nonce), value_of(canaries.nonce)
    rows = [canaries.canary(Offline, environment) for environment in declared.environments]
    reads = tuple(
        replace(
            one,
            name="feature-read",
            body={"features": [f"wine_features:{FEATURE}"], "entities": {"sample_id": [key]}},
            expect=Expectation(values=(Wanted(pointer="/results/1/values/0", value=value),)),
        )
        for one in declared.probes
        if isinstance(one, HttpProbe) and one.name == "features"
    )
    written = tuple(
        # Of the row, the value alone: the file's size and digest are the canary's business.
        replace(fact, probe="feature-written", wanted=_value(fact.wanted), got=_value(fact.got))
        for fact in canaries.written
        if isinstance(fact, Answer) and fact.probe == f"canary-{Offline.store}"
    )

    def withhold() -> None:
        for row in rows:
            row.remove(canaries.nonce)

    def write() -> None:
        for row in rows:
            row.write(canaries.nonce)

    return Canary(written, reads, withhold, write)


@pytest.fixture(name="hands", scope="session")
def _hands(yard: Scenario, kube: Kube, declared: Yard, target: Target, layer: str) -> Callable[[str], Hands]:
    """What reaches the services of an environment, new each time: ``hands("dev")``."""

    def hands(environment: str) -> Hands:
        deserted = declared.layer(layer).namespaces if yard.is_detached(layer) else ()
        return Hands(environment, kube, target, declared, yard.run_id, deserted)

    return hands


@pytest.fixture(name="use", scope="session")
def _use(yard: Scenario, declared: Yard, hands: Callable[[str], Hands]) -> Use:
    """Use the services of every environment for what they are there for: ``use("tracking", moment="exercised")``."""

    def use(
        *parts: str,
        moment: str = "exercised",
        environments: Sequence[str] = declared.environments,
        patience_s: float = 0.0,
    ) -> None:
        chosen = parts or tuple(PARTS)
        with yard.recorder.step(f"use {', '.join(chosen)} in {' and '.join(environments)}"):
            try:
                every = [replace(hands(environment), patience_s=patience_s) for environment in environments]
                facts = exercise(every, parts=chosen)
            except SwitchyardError as exc:
                raise verdict_of(exc) from exc
            yard.record(moment, *facts)

    return use


@pytest.fixture(name="bring", scope="session")
def _bring(yard: Scenario, layer: str) -> Callable[[str], None]:
    """Bring the layer into a state that a test starts from, from whatever it is in: ``bring("attached")``."""

    def bring(state: str) -> None:
        is_off = yard.is_detached(layer)
        if state == "attached" and is_off:
            yard.attach(layer, moment="prepared")
        elif state == "detached" and not is_off:
            yard.detach(layer, moment="prepared")

    return bring


def _value(described: str) -> str:
    """The value in what is told of a row; anything else as it is."""
    return described.partition(", ")[0].removeprefix(f"{FEATURE} ")
