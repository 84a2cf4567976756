"""Fixtures of a proof, from the cluster up to the ``yard``; the plugin loads them when proofs are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from switchyard.ground import Cluster, Ground, held_ground
from switchyard.kube import Kube
from switchyard.probe.known import fill_known
from switchyard.scenario import Scenario
from switchyard.session import SESSION, ProofSession
from switchyard.settings import Settings, load_yard
from switchyard.targets import find_target, open_target
from switchyard.yard import Yard
from yardfacts.catalogue import load_claims
from yardfacts.target import Target

__all__: list[str] = []  # pytest finds fixtures by itself


@pytest.fixture(name="config_file", scope="session")
def _config_file(pytestconfig: pytest.Config) -> Path:
    """The declaration of what is proven; another repository has its own."""
    return Settings().config or pytestconfig.rootpath / "yard.toml"


@pytest.fixture(name="declared", scope="session")
def _declared(config_file: Path, kube: Kube, target: Target) -> Yard:
    """yard.toml as records; what models are known to answer is read once, so that all of a run wants the same."""
    return fill_known(load_yard(config_file), kube=kube, secrets_file=target.secrets_file)


@pytest.fixture(name="target", scope="session")
def _target(pytestconfig: pytest.Config, proof_session: ProofSession) -> Target:
    """The cluster that options or environment name, else the only one that is up."""
    option, settings = pytestconfig.option, Settings()
    target = find_target(
        checkout=pytestconfig.rootpath,
        name=option.switchyard_target or settings.target,
        kubeconfig=option.switchyard_kubeconfig or settings.kubeconfig,
        context=option.switchyard_context or settings.context,
        secrets_file=settings.secrets,
    )
    proof_session.meet(target)
    return target


@pytest.fixture(name="kube", scope="session")
def _kube(target: Target) -> Iterator[Kube]:
    """The connection to the cluster."""
    kube = open_target(target)
    yield kube
    kube.close()


@pytest.fixture(name="proof_session", scope="session")
def _proof_session(pytestconfig: pytest.Config) -> ProofSession:
    """The record of this session."""
    session = pytestconfig.stash.get(SESSION, None)
    if session is None:
        raise pytest.UsageError("a proof has to be asked for: pytest -m core_only, or the path of a proof")
    return session


@pytest.fixture(name="ground", scope="session")
def _ground(kube: Kube, declared: Yard, target: Target, proof_session: ProofSession) -> Iterator[Cluster]:
    """The cluster under the lease; how it was found is how it is left, whatever happens."""
    with held_ground(kube, yard=declared, target=target, recorder=proof_session.recorder) as ground:
        yield ground


@pytest.fixture(name="yard", scope="session")
def _yard(ground: Ground, proof_session: ProofSession, claims_folder: Path) -> Scenario:
    """What a proof acts with, looks with, and lets claims judge with."""
    proof_session.claims = load_claims(claims_folder)
    return Scenario(ground, proof_session.recorder, proof_session.claims)


@pytest.fixture(name="claims_folder", scope="session")
def _claims_folder(pytestconfig: pytest.Config) -> Path:
    """One file a claim."""
    return pytestconfig.rootpath / "proofs" / "claims"
