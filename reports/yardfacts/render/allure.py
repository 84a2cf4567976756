"""
Allure's page, made fit for evidence: it phones nobody, and a browser would not let it.

Allure 3's page loads an analytics script whatever its options say, so the script is taken out, and a Content Security
Policy forbids every address but the page itself.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from yardfacts.journal import History
from yardfacts.reckoning import Reckoning
from yardfacts.render.availability import Window, sheet
from yardfacts.render.chart import picture

__all__ = ["HOST", "THREAD", "UnknownPage", "anonymous", "attach", "label", "quiet", "write_properties"]

HOST: Final = "yard"
"""Of every result; Allure draws a chart a host."""
THREAD: Final = "proof"

LAYERS: Final[Mapping[str, str]] = {
    "layout": "The repository",
    "core_only": "Core and Baseline",
    "optional_on": "The optional layer",
    "storage": "Baseline",
}
"""What a stage is about; the others are about everything at once, and those that break something about the suite."""
EVERYTHING: Final = "All layers"
CONTROLS: Final = "Negative controls"

POLICY: Final = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' data: blob:; style-src 'unsafe-inline' data:; "
    "img-src data: blob:; font-src data:; connect-src data: blob:; worker-src data: blob:; frame-src data: blob:; "
    "media-src data: blob:"
)
META: Final = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'

SCRIPT: Final = re.compile(r"<script\b[^>]*>.*?</script>", re.DOTALL | re.IGNORECASE)
ANALYTICS: Final = ("googletagmanager.com", "google-analytics.com", "gtag(")
LARGEST_ANALYTICS: Final = 4000
"""Characters. The report's own bundle, megabytes long, may mention the same words and has to stay."""
FLAG: Final = re.compile(r'("?analyticsEnable"?\s*:\s*)(?:true|!0)')

HEAD: Final = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
EXTERNAL: Final = re.compile(
    r"<(?:script|link|img|iframe)\b[^>]*?\b(?:src|href)\s*=\s*[\"']?(?:https?:)?//[^\"'\s>]*", re.IGNORECASE
)


class UnknownPage(ValueError):
    """The page is not built as expected, so nobody can say that it is quiet."""


def quiet(html: str) -> str:
    """
    Take analytics out of *html* and insert the policy, first thing in the head.

    Raises:
        UnknownPage: There is no head, or something is still loaded from elsewhere.
    """

    def judged(match: re.Match[str]) -> str:
        script = match.group()
        phones = any(word in script for word in ANALYTICS) and len(script) <= LARGEST_ANALYTICS
        return "" if phones else script

    silent = FLAG.sub(r"\1false", SCRIPT.sub(judged, html))
    head = HEAD.search(silent)
    if head is None:
        raise UnknownPage("wanted an HTML page with a head; did Allure change its template?")
    guarded = silent[: head.end()] + META + silent[head.end() :]
    # Only markup counts: the bundled scripts carry addresses as text.
    markup = SCRIPT.sub(lambda match: match.group()[: match.group().index(">") + 1], guarded)
    external = EXTERNAL.search(markup)
    if external is not None:
        raise UnknownPage(f"wanted a page that loads nothing, got {external.group()[:120]}")
    return guarded


def anonymous(results: Path) -> None:
    """Replace host and thread in Allure's raw results: evidence names neither the machine nor its processes."""
    for path in _results(results):
        result = json.loads(path.read_text())
        for one in result.get("labels", ()):
            if one["name"] in {"host", "thread"}:
                one["value"] = {"host": HOST, "thread": THREAD}[one["name"]]
        path.write_text(json.dumps(result, ensure_ascii=False))


def label(results: Path, history: History) -> None:
    """Give every result its layer (epic), its phase (feature) and the claims that it let judge (stories)."""
    judged: dict[str, list[str]] = {}
    sentences = {record.body["claim"]: record.body["sentence"] for record in history.of("finding")}
    for kind in ("finding", "control"):
        for record in history.of(kind):
            claim = record.body["claim"]
            judged.setdefault(record.body["test"], []).append(sentences.get(claim, claim))
    stages = {test["test"]: test["stage"] for test in history.first("plan").get("tests", ())}
    for path in _results(results):
        result = json.loads(path.read_text())
        test = _node(result.get("fullName", ""))
        labels = result.get("labels", [])
        phase = next((one["value"] for one in labels if one["name"] == "epic"), "")
        kept = [one for one in labels if one["name"] not in {"epic", "feature", "story"}]
        added = [("epic", _layer(stages.get(test, ""))), ("feature", phase or stages.get(test, test))]
        added += [("story", story) for story in dict.fromkeys(judged.get(test, ()))]
        result["labels"] = [*kept, *({"name": name, "value": value} for name, value in added)]
        path.write_text(json.dumps(result, ensure_ascii=False))


def attach(results: Path, *, reckoning: Reckoning, windows: Iterable[Window]) -> None:
    """
    Attach to the whole report what belongs to no single test: claims, and every window as picture and as CSV.

    Whatever keeps the run from being proved becomes an error of the whole report.
    """
    given = [("verdict", "application/json", "json", _verdict(reckoning))]
    for window in windows:
        given.append((f"availability, {window.name}", "image/svg+xml", "svg", picture(window)))
        given.append((f"intervals, {window.name}", "text/csv", "csv", sheet(window)))
    attachments = []
    for name, kind, ending, content in given:
        source = f"{_key(name)}-attachment.{ending}"
        (results / source).write_text(content)
        attachments.append({"name": name, "type": kind, "source": source})
    plain = {"attachments": attachments, "errors": [{"message": told} for told in _errors(reckoning)]}
    (results / f"{_key('globals')}-globals.json").write_text(json.dumps(plain, ensure_ascii=False))


def write_properties(results: Path, *, environment: Mapping[str, str], run: str) -> None:
    """Tell Allure what ran; called after pytest, for ``--clean-alluredir`` would have removed it."""
    lines = [f"{name.replace(' ', '.')}={value}\n" for name, value in environment.items()]
    (results / "environment.properties").write_text("".join(lines))
    executor = {"name": "switchyard", "type": "switchyard", "buildName": run, "reportName": run}
    (results / "executor.json").write_text(json.dumps(executor))


def _results(folder: Path) -> list[Path]:
    return sorted(folder.glob("*-result.json"))


def _node(full_name: str) -> str:
    """pytest's name of a test from Allure's, ``proofs.test_p10_audit#test_it``."""
    module, _, test = full_name.partition("#")
    return f"{module.replace('.', '/')}.py::{test}"


def _layer(stage: str) -> str:
    kind = stage.partition("_")[2].partition(".")[0]
    return CONTROLS if kind.startswith("negative") else LAYERS.get(kind, EVERYTHING)


def _verdict(reckoning: Reckoning) -> str:
    claims = {one.claim: f"{one.finding.verdict.name} ({one.finding.reason})" for one in reckoning.claims}
    told: Mapping[str, Any] = {"verdict": reckoning.word, "because": reckoning.detail, "claims": claims}
    return json.dumps(told, indent=2, ensure_ascii=False)


def _errors(reckoning: Reckoning) -> Iterator[str]:
    if reckoning.exit_code == 0:
        return
    yield f"{reckoning.word}: {reckoning.detail}"
    for one in reckoning.claims:
        if one.finding.verdict:
            yield f"{one.finding.verdict.name} ({one.finding.reason}): {one.sentence} {one.finding.detail}"


def _key(name: str) -> str:
    # The same in every rendering of the same run.
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"switchyard {name}"))
