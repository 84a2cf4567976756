"""
An environment in which nobody has ever deployed anything, made of one where somebody has, and given back afterwards.

The volume is wiped (``wiping``), MLflow forgets who decided what (``marks``), and every replica of the gateway starts
anew, so that nobody is left who remembers. From there on it goes as on the first day: the platform's own job seeds, and
the first deployment is over what the seed has made.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from proofs.lifecycle import marks
from proofs.lifecycle.aftermath import BECAUSE, Aftermath
from proofs.lifecycle.attempt import FAILED, REFUSED
from proofs.lifecycle.ledger import truth_of
from proofs.lifecycle.losing import SAID_WIPED, wiped
from proofs.lifecycle.memory import Memory
from proofs.lifecycle.replicas import BACK_S, delete, is_ready, replicas
from proofs.lifecycle.standing import places_told, unmoved
from proofs.services.exercise import Hands
from proofs.services.rest import Rest

from switchyard.jobs import JOBS
from switchyard.judging import Inconclusive
from switchyard.kinds import PODS
from switchyard.objects import Json, dig
from yardfacts.facts import Fact

__all__ = ["forget", "promote", "recover", "refuse", "restore", "roll_back", "seed", "swing"]

SEEDED_S: Final = 240.0
"""Until Argo CD has made the job anew, and it has trained beside the other environment's."""
SEED, TRITON = "app.kubernetes.io/name=seed", "app.kubernetes.io/name=triton"
"""Labels of the job that seeds, and of Triton's pods."""


def forget(after: Aftermath) -> tuple[Fact, ...]:
    """Take away whatever anybody remembers; then users are told that there is no model, and there is no way back."""
    after.begin()
    inquiry, hands = after.inquiry, after.story.hands
    mlflow = hands.mlflow().rest
    marks.keep(mlflow)
    inquiry.ask("blank-wiped", wanted=SAID_WIPED, got=lambda: wiped(hands))
    marks.clear(mlflow)
    inquiry.ask("blank-registry", wanted=str(marks.FIRST), got=lambda: str(marks.read(mlflow)))
    gone = replicas(hands)
    inquiry.ask("blank-deleted", wanted="2 deleted", got=lambda: f"{sum(delete(hands, one) for one in gone)} deleted")
    inquiry.ask(
        "blank-replicas",
        wanted="generation 0 in 2 of 2 others",
        got=lambda: _following(hands, gone),
        within_s=BACK_S,
    )
    inquiry.ask("blank-answer", wanted="HTTP 503 alias-vacant from 2", got=lambda: _answered(hands))
    after.refused("blank", "rollback", code=FAILED, error="NeverDeployed", said="has the seed run?")
    inquiry.ask("blank-ledger", wanted="0 generations", got=lambda: f"{len(after.story.ledger())} generations")
    return tuple(inquiry.facts)


def seed(after: Aftermath) -> tuple[Fact, ...]:
    """Let the platform's own job seed, and Triton start over it; nobody tells the gateways."""
    after.chapter()
    inquiry, story = after.inquiry, after.story
    hands = story.hands
    (job,) = _jobs(hands)
    meta = job["metadata"]
    hands.kube.delete(JOBS, meta["name"], namespace=meta["namespace"], uid=meta["uid"], propagation="Background")
    # Argo CD makes anew what git declares and the cluster has lost.
    wanted = "another one has succeeded"
    inquiry.ask("seeded-job", wanted=wanted, got=lambda: _succeeded(hands, meta["uid"]), within_s=SEEDED_S)
    gone = [pod["metadata"] for pod in _servers(hands)]
    for one in gone:
        hands.kube.delete(PODS, one["name"], namespace=one["namespace"], uid=one["uid"])
    uids = frozenset(str(one["uid"]) for one in gone)
    inquiry.ask("seeded-triton", wanted="1 other ready", got=lambda: _others(hands, uids), within_s=BACK_S)
    ledger = story.ledger()
    if not [one for one in ledger if one.phase == "committed"]:
        raise Inconclusive(f"wanted a ledger that begins in {story.environment}, got {len(ledger)} generations")
    # From here on this is what was before; who was the champion in truth is still ``after.home``.
    story.before = ledger
    after.whole("seeded", champion=truth_of(ledger), within_s=BACK_S)
    story.deployed.add(truth_of(ledger).champion)
    story.deliver()
    return (*inquiry.facts, *ledger)


def refuse(after: Aftermath) -> tuple[Fact, ...]:
    """Roll back where nothing was before: refused, and nothing moves."""
    _refused(after, "first", error="NothingToRollBackTo", said="nothing stood before generation 1")
    return tuple(after.inquiry.facts)


def promote(after: Aftermath) -> tuple[Fact, ...]:
    """The first run of the life cycle."""
    return after.story.promote()


def roll_back(after: Aftermath) -> tuple[Fact, ...]:
    """Back to what the seed has made."""
    return after.story.roll_back()


def swing(after: Aftermath) -> tuple[Fact, ...]:
    """Roll back what was rolled back: refused, and nothing moves."""
    _refused(after, "again", error="Flapping", said="--again")
    return tuple(after.inquiry.facts)


def recover(after: Aftermath) -> str:
    """
    Give back what a proof took that was killed; what was done.

    Where somebody has decided since, that stands, and the marks from before are of no use any more.
    """
    mlflow = after.story.hands.mlflow().rest
    if marks.kept(mlflow) is None:
        return "nothing was taken"
    if [one for one in after.story.ledger() if one.phase == "committed" and one.action != "seed"]:
        marks.drop(mlflow)
        return "somebody has decided since"
    _give_back(after)
    return "given back"


def restore(after: Aftermath) -> None:
    """
    Give back what was taken, and let the champion from before be it again.

    Raises:
        Inconclusive: A command failed; who serves is what its last words say.
    """
    if marks.kept(after.story.hands.mlflow().rest) is not None:
        _give_back(after)
    if after.story.before:
        after.story.before = (after.home,)
    after.restore()


def _give_back(after: Aftermath) -> None:
    """The ledger is made again of what MLflow remembered, above all that anybody has followed meanwhile."""
    environment, mlflow = after.story.environment, after.story.hands.mlflow().rest
    if (taken := marks.kept(mlflow)) is None:
        raise Inconclusive(f"wanted the marks that were kept in {environment}, got none")
    if (said := wiped(after.story.hands)) != SAID_WIPED:
        raise Inconclusive(f"wanted the volume of {environment} wiped once more, got {said}")
    marks.give(mlflow, taken)
    if (said := after.code("rebuild", *BECAUSE)) != "exit code 0":
        raise Inconclusive(f"wanted a ledger in {environment} again, got {said}")
    marks.drop(mlflow)


def _refused(after: Aftermath, name: str, *, error: str, said: str) -> None:
    """Type a rollback, and hold every place that knows who serves against before."""
    after.chapter()
    story, before = after.story, after.story.ledger()
    places, memory = places_told(story, before), Memory.of(story.hands, truth_of(before).champion)
    after.refused(name, "rollback", code=REFUSED, error=error, said=said)
    unmoved(story, after.inquiry, story.ledger(), since=places)
    after.inquiry.ask("golden-unmoved", wanted=memory.said, got=lambda: memory.asked(story.hands))


def _following(hands: Hands, gone: Sequence[str]) -> str:
    """Which generations those replicas follow that are ready and not among those that are *gone*."""
    tables = [Rest(hands.kube, url).get("/v1/aliases") for url in replicas(hands) if url not in gone]
    numbers = ", ".join(map(str, sorted({one["generation"] for one in tables}))) or "none"
    return f"generation {numbers} in {len(tables)} of 2 others"


def _answered(hands: Hands) -> str:
    """What users are told who ask a replica for the champion, and by how many."""
    body = hands.trace().inference
    replies = [Rest(hands.kube, url).send("POST", "/v1/champion/infer", body=body) for url in replicas(hands)]
    said = {f"HTTP {one.status_code} {one.json().get('reason', 'without a reason')}" for one in replies}
    return f"{', '.join(sorted(said)) or 'nothing'} from {len(replies)}"


def _jobs(hands: Hands) -> Sequence[Json]:
    return hands.kube.list(JOBS, namespace=f"airflow-{hands.environment}", selector=SEED).items


def _succeeded(hands: Hands, gone: str) -> str:
    """How many jobs there are beside the one that is *gone*, and how they ended."""
    others = [one for one in _jobs(hands) if one["metadata"]["uid"] != gone]
    ends = [f"{dig(one, 'status', 'succeeded') or 0} pods succeeded" for one in others]
    return "another one has succeeded" if ends == ["1 pods succeeded"] else f"{len(others)} others: {', '.join(ends)}"


def _servers(hands: Hands) -> Sequence[Json]:
    return hands.kube.list(PODS, namespace=f"triton-{hands.environment}", selector=TRITON).items


def _others(hands: Hands, gone: frozenset[str]) -> str:
    ready = [pod for pod in _servers(hands) if pod["metadata"]["uid"] not in gone and is_ready(pod)]
    return f"{len(ready)} other ready"
