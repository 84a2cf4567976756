"""The gate: everything known and good is a promotion, and nothing else is."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yardflow.drift import Drift
from yardflow.errors import PolicyUnusable
from yardflow.gate import METRICS, Findings, Policy, decide

SAME = Drift("same", (), 60)
DRIFTED = Drift("drifted", ("ash: wanted p of at least 0.1, got 0.01",), 60, ("ash",))
UNMEASURABLE = Drift("unmeasurable", ("rows: wanted at least 30, got 3",), 3)
METRIC = dict(zip(METRICS, (0.97, 0.1, 0.96), strict=True))
GOOD = Findings(candidate=METRIC, champion=METRIC, drift=SAME, signature_ok=True, parity_ok=True)
FIRST = replace(GOOD, champion=None, drift=None)

ANY_METRICS = st.dictionaries(st.sampled_from([*METRICS, "other"]), st.floats())
SHARE = st.floats(0, 1)
SOUND_METRICS = st.fixed_dictionaries(dict(zip(METRICS, (SHARE, st.floats(0, 50), SHARE), strict=True)))
TRUTH = st.sampled_from([True, False, None])
POLICIES = st.builds(Policy, accuracy_threshold=SHARE, margin=SHARE)
FINDINGS = st.builds(
    Findings,
    candidate=ANY_METRICS | SOUND_METRICS,
    champion=st.none() | ANY_METRICS | SOUND_METRICS,
    drift=st.sampled_from([None, SAME, DRIFTED, UNMEASURABLE]),
    signature_ok=TRUTH,
    parity_ok=TRUTH,
)


def _with(accuracy: float, recall: float = 0.96) -> dict[str, float]:
    return {**METRIC, "holdout_accuracy": accuracy, "holdout_macro_recall": recall}


DECIDED = {
    "all is good": (GOOD, "promotion", "holdout_accuracy: wanted at least 0.9, got 0.97"),
    "there is no champion yet": (FIRST, "promotion", "drift: wanted"),
    "better than the champion": (replace(GOOD, champion=_with(0.91)), "promotion", "below the champion's 0.91"),
    "other columns": (replace(GOOD, signature_ok=False), "stop", "signature: wanted True, got False"),
    "nobody looked at the columns": (replace(GOOD, signature_ok=None), "stop", "signature: wanted True, got None"),
    "packaged otherwise": (replace(GOOD, parity_ok=False), "stop", "parity: wanted True, got False"),
    "nobody asked the package": (replace(GOOD, parity_ok=None), "stop", "parity: wanted True, got None"),
    "a metric is missing": (replace(GOOD, candidate={}), "stop", "candidate's holdout_accuracy: wanted"),
    "no number": (replace(GOOD, candidate=_with(math.nan)), "stop", "got nan"),
    "infinite": (replace(GOOD, candidate=_with(math.inf)), "stop", "got inf"),
    "no share": (replace(GOOD, candidate=_with(97.0)), "stop", "got 97"),
    "the champion's is missing": (replace(GOOD, champion={}), "stop", "champion's holdout_accuracy: wanted"),
    "too few rows for drift": (replace(GOOD, drift=UNMEASURABLE), "shadow", "rows: wanted at least 30, got 3"),
    "nobody looked for drift": (replace(GOOD, drift=None), "shadow", "drift: wanted a comparison"),
    "drift": (replace(GOOD, drift=DRIFTED), "shadow", "ash: wanted p of at least 0.1, got 0.01"),
    "below the threshold": (replace(FIRST, candidate=_with(0.89)), "shadow", "wanted at least 0.9, got 0.8900"),
    "below the champion": (replace(GOOD, candidate=_with(0.96)), "shadow", "at most 0 below the champion's 0.9700"),
    "a class pays for it": (replace(GOOD, candidate=_with(0.97, 0.5)), "shadow", "holdout_macro_recall: wanted"),
}


@pytest.mark.parametrize(("findings", "outcome", "words"), DECIDED.values(), ids=DECIDED)
def test_what_was_found_decides(findings: Findings, outcome: str, words: str) -> None:
    """Every decision says what was wanted and got."""
    decision = decide(Policy(), findings)

    assert decision.outcome == outcome
    assert any(words in reason for reason in decision.reasons), decision.reasons


def test_what_is_worst_comes_first() -> None:
    """All that did not hold is said at once, and nothing of what held."""
    findings = replace(GOOD, parity_ok=None, drift=DRIFTED)

    names = [reason.partition(":")[0] for reason in decide(Policy(), findings).reasons]

    assert names == ["parity", "drift"]


@pytest.mark.parametrize(("candidate", "outcome"), [(0.95, "promotion"), (0.94, "shadow")])
def test_the_margin_is_as_wide_as_it_says(candidate: float, outcome: str) -> None:
    """At the margin is within it: 0.97 - 0.95 is 0.02, also in binary."""
    findings = replace(GOOD, candidate=_with(candidate))

    assert decide(Policy(margin=0.02), findings).outcome == outcome


@pytest.mark.parametrize("value", [math.nan, math.inf, -0.01, 1.01])
@pytest.mark.parametrize("name", ["accuracy_threshold", "margin"])
def test_a_policy_that_is_no_share_decides_nothing(name: str, value: float) -> None:
    """A threshold of nan would be below nothing, and above nothing."""
    with pytest.raises(PolicyUnusable, match=f"wanted {name} from 0 to 1"):
        Policy(**{name: value})


@given(policy=POLICIES, findings=FINDINGS)
def test_only_what_is_known_and_good_is_promoted(policy: Policy, findings: Findings) -> None:
    """Whatever else was found: unverifiable or failing, it is no promotion; and everything gets a decision."""
    decision = decide(policy, findings)

    assert decision.reasons
    known = [findings.candidate] if findings.champion is None else [findings.candidate, findings.champion]
    sound = all(math.isfinite(metrics.get(name, math.nan)) for metrics in known for name in METRICS)
    if not (sound and findings.signature_ok is True and findings.parity_ok is True):
        assert decision.outcome == "stop"
    if decision.outcome == "promotion":
        assert findings.candidate["holdout_accuracy"] >= policy.accuracy_threshold
        assert findings.drift is SAME or (findings.drift is None and findings.champion is None)
        if findings.champion is not None:
            fall = findings.champion["holdout_accuracy"] - findings.candidate["holdout_accuracy"]
            assert fall <= policy.margin + 1e-9


@given(policy=POLICIES, one=SOUND_METRICS, other=SOUND_METRICS)
def test_what_is_good_enough_is_promoted(policy: Policy, one: dict[str, float], other: dict[str, float]) -> None:
    """The gate opens: above the threshold and no worse than the champion is a promotion."""
    candidate = {name: max(one[name], other[name]) for name in METRICS}
    candidate["holdout_accuracy"] = max(candidate["holdout_accuracy"], policy.accuracy_threshold)
    champion = {name: min(one[name], other[name]) for name in METRICS}

    assert decide(policy, replace(GOOD, candidate=candidate, champion=champion)).outcome == "promotion"
