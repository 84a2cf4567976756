"""
What is signed about a run: an in-toto Statement with the predicate ``test-result``.

It is computed from the journal and the manifest's digest alone, so that a reader computes it again and compares bytes.
Its subjects are the bundle's manifest and the commit under test; its configuration are the claims' files that judged.
The predicate knows no third result: what is INCONCLUSIVE is FAILED there, and named in our own field ``switchyard``.

Source: in-toto/attestation, spec/v1/statement.md and spec/predicates/test-result.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from yardfacts.facts import Timing, Usage
from yardfacts.journal import History
from yardfacts.reckoning import Reckoning

__all__ = ["PAYLOAD_TYPE", "PREDICATE_TYPE", "STATEMENT_TYPE", "statement"]

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE: Final = "https://in-toto.io/attestation/test-result/v0.1"

MEASURES: Final = (Timing.__name__, Usage.__name__)


def statement(history: History, reckoning: Reckoning, *, manifest_sha256: str) -> bytes:
    """The statement about a run as JSON; the same for the same run."""
    begin, target = history.first("begin"), history.first("target")
    subject = [{"name": "MANIFEST.sha256", "digest": {"sha256": manifest_sha256}}]
    if target.get("commit"):
        # The sources that were tested, which is what the predicate's specification expects here.
        subject.append({"name": "commit under test", "digest": {"gitCommit": target["commit"]}})
    passed = [test.test for test in reckoning.tests if test.outcome == "passed"]
    over = set(_over_budget(history))
    plain = {
        "_type": STATEMENT_TYPE,
        "subject": subject,
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "result": _result(reckoning),
            "configuration": _configuration(begin.get("claims", {})),
            "passedTests": [test for test in passed if test not in over],
            "warnedTests": [test for test in passed if test in over],
            "failedTests": [test.test for test in reckoning.tests if test.outcome != "passed"],
            "switchyard": {
                "run": begin.get("run", ""),
                "verdict": reckoning.word,
                "exitCode": reckoning.exit_code,
                "journalHead": history.head,
                "dirty": target.get("dirty", ""),
                "inconclusiveTests": [
                    test.test for test in reckoning.tests if test.outcome not in ("passed", "disproved", "defective")
                ],
            },
        },
    }
    return json.dumps(plain, indent=2, ensure_ascii=False).encode() + b"\n"


def _result(reckoning: Reckoning) -> str:
    """Exceeded budgets are a warning here as everywhere: they are reported and judge nothing."""
    if reckoning.exit_code:
        return "FAILED"
    return "WARNED" if reckoning.exceeded else "PASSED"


def _configuration(claims: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"name": name, "digest": {"sha256": sha256}} for name, sha256 in claims.items()]


def _over_budget(history: History) -> Iterator[str]:
    """Tests during which a budget was not kept: a fact stands in the journal before the end of its test."""
    over = False
    for record in history.records:
        if record.kind == "fact" and record.body.get("type") in MEASURES:
            _, fact = record.entry
            over |= isinstance(fact, Timing | Usage) and fact.over != ""
        elif record.kind == "test":
            if over:
                yield record.body["test"]
            over = False
