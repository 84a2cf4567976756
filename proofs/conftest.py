"""The ladder of fixtures that proofs climb: what they ask, what they write, and the layer that they are about."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

import pyarrow as pa
import pytest
from pyarrow import parquet

from switchyard.errors import SwitchyardError
from switchyard.judging import verdict_of
from switchyard.kube import Kube
from switchyard.probe import open_store
from switchyard.scenario import Scenario
from switchyard.yard import Expectation, HttpProbe, S3Probe, Wanted, Yard
from yardfacts.facts import Answer
from yardfacts.target import Target

from .services.exercise import PARTS, Hands, exercise

LAYER = "features"
"""The layer of yard.toml that these proofs toggle."""

NOTICED_S = 5.0
"""A gateway looks for the feature store every second, and gives it a second to answer."""

GOLDEN = "serving/models/wine/golden.json"
"""Names the columns; the rows of the packaged data set that the model was verified with."""

FEATURE = "alcohol"
"""The column that carries the value; the others are zero."""

FIRST_OWN_KEY = 1_000_000
"""Keys from here on belong to proofs; the packaged rows have 0 to 177."""


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
    """One row of features that no other proof has written, in every environment."""

    key: int
    value: float
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
def _canary(yard: Scenario, kube: Kube, declared: Yard, target: Target) -> Iterator[Canary]:
    """Write a row into the offline store, one file an environment, and take the files away at the end."""
    key = FIRST_OWN_KEY + int(yard.run_id, 16)
    value = key + 0.5  # exact in binary, and no measurement of any wine
    probe = next(probe for probe in declared.probes if isinstance(probe, HttpProbe) and probe.name == "features")
    stores = [replace(probe, bucket="features") for probe in declared.probes if isinstance(probe, S3Probe)]
    name = f"offline/proof-{yard.run_id}.parquet"
    columns = json.loads((declared.checkout / GOLDEN).read_text())["columns"]
    row = _row_file(key=key, value=value, columns=columns)
    written = []
    try:
        with yard.recorder.step(f"write the feature {value} of sample {key} to the offline stores"):
            for place in stores:
                store = open_store(place, kube=kube, secrets_file=target.secrets_file)
                store.put(place.bucket, name, row)
                back = parquet.read_table(io.BytesIO(store.get(place.bucket, name)))[FEATURE][0].as_py()
                written.append(
                    Answer(
                        probe="feature-written",
                        environment=place.environment,
                        outcome="right" if back == value else "wrong",
                        wanted=str(value),
                        got=str(back),
                        took_s=0.0,
                    )
                )
    except SwitchyardError as exc:
        raise verdict_of(exc) from exc
    reads = tuple(
        replace(
            one,
            name="feature-read",
            body={"features": [f"wine_features:{FEATURE}"], "entities": {"sample_id": [key]}},
            expect=Expectation(values=(Wanted(pointer="/results/1/values/0", value=value),)),
        )
        for one in declared.probes
        if isinstance(one, HttpProbe) and one.name == probe.name
    )

    def withhold() -> None:
        for place in stores:
            open_store(place, kube=kube, secrets_file=target.secrets_file).remove(place.bucket, name)

    def write() -> None:
        for place in stores:
            open_store(place, kube=kube, secrets_file=target.secrets_file).put(place.bucket, name, row)

    yield Canary(key, value, tuple(written), reads, withhold, write)
    withhold()


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


def _row_file(*, key: int, value: float, columns: Sequence[str]) -> bytes:
    """One row as Parquet: sample_id: int64, every feature: float64, event_timestamp: timestamp[us, UTC]."""
    features = {name: pa.array([value if name == FEATURE else 0.0], pa.float64()) for name in columns}
    now = pa.array([datetime.now(UTC)], pa.timestamp("us", tz="UTC"))
    file = io.BytesIO()
    parquet.write_table(pa.table({"sample_id": pa.array([key], pa.int64()), **features, "event_timestamp": now}), file)
    return file.getvalue()
