"""The lattice: false before unknown before true, and nothing at all is unknown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from yardfacts.verdict import Finding, Verdict, merge

FINDINGS = st.lists(st.builds(Finding, st.sampled_from(Verdict), st.text(max_size=8), st.text(max_size=20)), max_size=8)


@given(FINDINGS)
def test_the_worst_finding_decides(findings: list[Finding]) -> None:
    """A merge is as bad as its worst part, and INCONCLUSIVE when it has no part."""
    wanted = max((finding.verdict for finding in findings), default=Verdict.INCONCLUSIVE)
    assert merge(findings).verdict is wanted


@given(FINDINGS, FINDINGS)
def test_merging_in_parts_changes_no_verdict(some: list[Finding], others: list[Finding]) -> None:
    """Where findings are merged, and in which order, does not matter to the verdict."""
    parts = [merge(group) for group in (others, some) if group]
    assert merge(parts).verdict is merge([*some, *others]).verdict


@given(FINDINGS)
def test_the_reason_is_one_of_the_worst(findings: list[Finding]) -> None:
    """The reason of a merge was given by one of the findings that decided it."""
    merged = merge(findings)
    if findings and merged.verdict is not Verdict.PROVED:
        assert merged.reason in {finding.reason for finding in findings if finding.verdict is merged.verdict}


@given(FINDINGS)
def test_merging_again_changes_nothing(findings: list[Finding]) -> None:
    """A merge of a merge is that merge, and whatever is said twice counts once."""
    merged = merge(findings)
    assert merge([merged]) == merged
    assert merge([*findings, *findings]).verdict is merged.verdict


@given(FINDINGS.filter(bool), FINDINGS)
def test_more_findings_are_never_better(findings: list[Finding], more: list[Finding]) -> None:
    """Nothing that is found besides makes a verdict better."""
    assert merge([*findings, *more]).verdict >= merge(findings).verdict


def test_only_proved_is_zero() -> None:
    """No exit code but PROVED's is green."""
    assert [verdict for verdict in Verdict if verdict.exit_code == 0] == [Verdict.PROVED]
