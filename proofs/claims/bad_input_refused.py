"""Bad input: everybody who sends what must not be taken is told so, and whoever serves does not notice."""

from __future__ import annotations

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Answer, Facts
from yardfacts.judges import answered
from yardfacts.mutants import asked, blind, change, drop
from yardfacts.verdict import Finding, Verdict, merge

ENVIRONMENTS = ("dev", "prod")
NOW = "refused-input"
BATCHES = (
    *("batch-unreadable", "batch-empty", "batch-without-column", "batch-wrong-type", "batch-cell-empty"),
    *("batch-not-finite", "batch-unknown-label", "batch-id-repeated", "batch-of-known-rows", "batch-of-one-class"),
)
PREDICTIONS = (
    *("predict-oversized", "predict-unknown-alias", "predict-unserved-alias", "predict-by-no-key", "predict-no-json"),
    *("predict-wrong-type", "predict-wrong-shape", "predict-too-many-rows", "predict-not-finite"),
)
RELOADS = (
    *("reload-unknown-alias", "reload-malformed", "reload-oversized", "reload-stale", "reload-overtaken"),
    "reload-unloaded",
)
STRANGERS = ("reload-tokenless", "reload-wrong-token", "variant-tokenless", "reload-sixth", "reload-locked-out")
LET_IN = "reload-let-in-again"
PLACES = (
    *("ledger-unmoved", "registry-unmoved", "replicas-unmoved", "triton-unmoved", "config-unmoved"),
    "generations-aborted",
)
MEANWHILE = "champion-meanwhile"
EVERY_OTHER = "every request answered, by version 3 in generation 5, as it was trained"


@claim(
    "What is malformed, unknown, too large, stale or unauthorised gets its documented answer in both environments, and "
    "nothing moves: not the ledger's truth, the registry's aliases, a replica's routing or what Triton has loaded; the "
    "champion answers all the while, and the right token counts again when the wrong ones are forgotten.",
    mutants=[
        Mutant(
            name="a batch that nobody can train on is taken",
            edit=change(
                Answer, at=NOW, where=asked("batch-not-finite", "prod"), outcome="wrong", got="gate: promotion; aborted"
            ),
            verdict=Verdict.DISPROVED,
            reason="batch_taken",
        ),
        Mutant(
            name="a batch is refused for another reason",
            edit=change(
                Answer,
                at=NOW,
                where=asked("batch-wrong-type", "dev"),
                outcome="wrong",
                got="features: BatchRefused unreadable, by name; aborted",
            ),
            verdict=Verdict.DISPROVED,
            reason="batch_taken",
        ),
        Mutant(
            name="a tensor of another type is predicted",
            edit=change(Answer, at=NOW, where=asked("predict-wrong-type", "prod"), outcome="wrong", got="200 accepted"),
            verdict=Verdict.DISPROVED,
            reason="answered_otherwise",
        ),
        Mutant(
            name="the gateway falls over what is too large",
            edit=change(
                Answer, at=NOW, where=asked("predict-oversized", "dev"), outcome="unanswered", got="RemoteProtocolError"
            ),
            verdict=Verdict.DISPROVED,
            reason="answered_otherwise",
        ),
        Mutant(
            name="one replica follows a stale announcement",
            edit=change(
                Answer,
                at=NOW,
                where=asked("reload-stale", "prod"),
                outcome="wrong",
                got="200 accepted, from 1; 409 overtaken, telling the current state, from 1",
            ),
            verdict=Verdict.DISPROVED,
            reason="reload_followed",
        ),
        Mutant(
            name="a wrong token opens",
            edit=change(
                Answer, at=NOW, where=asked("reload-wrong-token", "prod"), outcome="wrong", got="200 accepted, from 2"
            ),
            verdict=Verdict.DISPROVED,
            reason="stranger_let_in",
        ),
        Mutant(
            name="wrong tokens may be tried for ever",
            edit=change(
                Answer,
                at=NOW,
                where=asked("reload-sixth", "dev"),
                outcome="wrong",
                got="401, 401, 401 unauthorized, Retry-After 0 s, from 2",
            ),
            verdict=Verdict.DISPROVED,
            reason="stranger_let_in",
        ),
        Mutant(
            name="the right token is shut out for good",
            edit=change(Answer, at=NOW, where=asked(LET_IN, "dev"), outcome="wrong", got="429 too-many, from 2"),
            verdict=Verdict.DISPROVED,
            reason="shut_out",
        ),
        Mutant(
            name="an alias of the registry moved",
            edit=change(Answer, at=NOW, where=asked("registry-unmoved", "prod"), outcome="wrong", got="champion 4"),
            verdict=Verdict.DISPROVED,
            reason="moved",
        ),
        Mutant(
            name="a refused deployment left its generation open",
            edit=change(
                Answer, at=NOW, where=asked("generations-aborted", "dev"), outcome="wrong", got="10 generations, open"
            ),
            verdict=Verdict.DISPROVED,
            reason="moved",
        ),
        Mutant(
            name="somebody else answered meanwhile",
            edit=change(Answer, at=NOW, where=asked(MEANWHILE, "prod"), outcome="wrong", got=EVERY_OTHER),
            verdict=Verdict.DISPROVED,
            reason="champion_disturbed",
        ),
        Mutant(
            name="nobody sent a stale announcement",
            edit=drop(Answer, at=NOW, where=asked("reload-stale", "prod")),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
        ),
        Mutant(
            name="nobody looked whether the routing moved",
            edit=drop(Answer, at=NOW, where=asked("replicas-unmoved", "dev")),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
        ),
        Mutant(
            name="one environment was left out",
            edit=drop(Answer, at=NOW, where=lambda one: one.environment == "prod"),
            verdict=Verdict.INCONCLUSIVE,
            reason="not_asked",
        ),
        Mutant(
            name="an outcome that nobody knows",
            edit=change(Answer, at=NOW, where=asked("batch-unreadable", "prod"), outcome="fine"),
            verdict=Verdict.INCONCLUSIVE,
            reason="unknown_outcome",
        ),
        Mutant(
            name="nothing was sent",
            edit=drop(Answer, at=NOW),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_evidence",
        ),
        Mutant(
            name="an answer could not be read",
            edit=blind(Answer, at=NOW),
            verdict=Verdict.INCONCLUSIVE,
            reason="unreadable",
        ),
    ],
)
def bad_input_refused(facts: Facts) -> Finding:
    """Read what everybody was answered, and what stands where afterwards."""
    now = facts.at(NOW)
    return merge((
        *answered(now, probes=BATCHES, environments=ENVIRONMENTS, reason="batch_taken"),
        *answered(now, probes=PREDICTIONS, environments=ENVIRONMENTS, reason="answered_otherwise"),
        *answered(now, probes=RELOADS, environments=ENVIRONMENTS, reason="reload_followed"),
        *answered(now, probes=STRANGERS, environments=ENVIRONMENTS, reason="stranger_let_in"),
        *answered(now, probes=(LET_IN,), environments=ENVIRONMENTS, reason="shut_out"),
        *answered(now, probes=PLACES, environments=ENVIRONMENTS, reason="moved"),
        *answered(now, probes=(MEANWHILE,), environments=ENVIRONMENTS, reason="champion_disturbed"),
    ))  # fmt: skip
