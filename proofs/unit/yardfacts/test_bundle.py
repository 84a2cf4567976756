"""A bundle is complete or it is not, and what was changed after sealing is found out."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from yardfacts.bundle import COMPLETE, ENVELOPE, MANIFEST, Bundle, Damaged, digest, run_name, switch, verify
from yardfacts.redact import Redactor


@pytest.fixture(name="bundle")
def _bundle(tmp_path: Path) -> Bundle:
    bundle = Bundle(tmp_path / "run", redactor=Redactor(secrets=["planted-secret"]))
    bundle.text("journal.jsonl", "{}\n")
    bundle.json("verdict.json", {"verdict": "PROVED"})
    bundle.text("report/page.html", "<p>page</p>")
    return bundle


def _seal(bundle: Bundle) -> None:
    manifest = bundle.manifest()
    bundle.envelope(b"{}\n")
    envelope = digest(bundle.folder / ENVELOPE)
    bundle.complete(json.dumps({"manifest_sha256": manifest, "envelope_sha256": envelope}))


def test_a_sealed_bundle_verifies(bundle: Bundle) -> None:
    """Every file is in the manifest, the manifest and what is signed about it in COMPLETE."""
    _seal(bundle)
    verify(bundle.folder)
    names = [line.split("  ")[1] for line in (bundle.folder / MANIFEST).read_text().splitlines()]
    assert names == ["journal.jsonl", "report/page.html", "verdict.json"]


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        pytest.param(lambda run: (run / COMPLETE).unlink(), "not sealed", id="no end"),
        pytest.param(lambda run: (run / "journal.jsonl").write_text("{ }\n"), "was changed", id="one byte more"),
        pytest.param(lambda run: (run / "verdict.json").unlink(), "missing", id="a file less"),
        pytest.param(lambda run: (run / "more.txt").write_text("x"), "not in the manifest", id="a file more"),
        pytest.param(lambda run: (run / MANIFEST).write_text(""), "not the one", id="another manifest"),
        pytest.param(lambda run: (run / ENVELOPE).write_text("{ }"), "not the one", id="another envelope"),
        pytest.param(lambda run: (run / COMPLETE).write_text("[]"), "not the one", id="an end that says nothing"),
        pytest.param(lambda run: (run / "more").symlink_to(run / COMPLETE), "a link", id="a link"),
    ],
)
def test_harm_is_found_out(harm: Callable[[Path], object], message: str, bundle: Bundle) -> None:
    """Whatever is changed, added or removed is named."""
    _seal(bundle)
    harm(bundle.folder)
    with pytest.raises(Damaged, match=message):
        verify(bundle.folder)


def test_what_others_wrote_is_scrubbed(bundle: Bundle) -> None:
    """Reports of third parties pass no door of ours when they are written, so they pass one before sealing."""
    foreign = bundle.folder / "junit.xml"
    foreign.write_text("<a>planted-secret</a>")
    bundle.scrub()
    assert foreign.read_text() == "<a>[redacted]</a>"


def test_what_nobody_can_redact_is_refused(bundle: Bundle) -> None:
    """A picture may show anything."""
    (bundle.folder / "screen.png").write_bytes(b"\x89PNG")
    with pytest.raises(Damaged, match="text only"):
        bundle.scrub()


def test_names_sort_by_time() -> None:
    """A listing of runs is their history."""
    early = run_name(at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), sha="f" * 40, run_id="ffffff")
    late = run_name(at=datetime(2026, 11, 2, 3, 4, 5, tzinfo=UTC), sha="0" * 40, run_id="000000")
    assert early == "20260102T030405Z_ffffffff_ffffff"
    assert early < late


def test_latest_is_switched_in_one_step(tmp_path: Path) -> None:
    """The link points at the old folder or at the new one; nothing is left beside it."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        switch(tmp_path / "latest", tmp_path / name)
        assert (tmp_path / "latest").resolve() == tmp_path / name
    assert sorted(path.name for path in tmp_path.iterdir()) == ["latest", "one", "two"]
