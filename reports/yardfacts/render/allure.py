"""
Allure's page, made fit for evidence: it phones nobody, and a browser would not let it.

Allure 3's page loads an analytics script whatever its options say, so the script is taken out, and a Content Security
Policy forbids every address but the page itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

__all__ = ["UnknownPage", "anonymous", "quiet", "write_properties"]

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
    for path in sorted(results.glob("*-result.json")):
        result = json.loads(path.read_text())
        for label in result.get("labels", ()):
            if label["name"] in {"host", "thread"}:
                label["value"] = {"host": "yard", "thread": "proof"}[label["name"]]
        path.write_text(json.dumps(result, ensure_ascii=False))


def write_properties(results: Path, *, environment: Mapping[str, str], run: str) -> None:
    """Tell Allure what ran; called after pytest, for ``--clean-alluredir`` would have removed it."""
    lines = [f"{name.replace(' ', '.')}={value}\n" for name, value in environment.items()]
    (results / "environment.properties").write_text("".join(lines))
    executor = {"name": "switchyard", "type": "switchyard", "buildName": run, "reportName": run}
    (results / "executor.json").write_text(json.dumps(executor))
