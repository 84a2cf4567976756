"""Publishing: whole or not at all, once, and never over what is there."""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from models.errors import GoldenMismatch, GoldenMissing, ModelForeign, RepositoryUnusable, VersionConflict
from models.ledger import Action, Ledger, Placed
from models.repository import Repository, digest_of
from models.wine import seed
from models.wine.golden import check, read_golden
from models.wine.scoring import read_weights


def _files(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def _version(text: str) -> Callable[[Path], None]:
    def build(folder: Path) -> None:
        folder.joinpath("model.py").write_text(text, encoding="utf-8")

    return build


@pytest.fixture(name="config")
def _config(tmp_path: Path) -> Path:
    path = tmp_path / "config.pbtxt"
    path.write_text('name: "m"\nversion_policy: { specific: { versions: [ 1 ] } }\n', encoding="utf-8")
    return path


@pytest.fixture(name="volume")
def _volume(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    return folder


def test_the_seed_publishes_a_version_that_answers_golden(volume: Path) -> None:
    """What stands in the repository afterwards is what Triton needs, and nothing stands beside the version."""
    published = seed.publish(volume)

    assert (published.model, published.version, published.outcome) == ("wine", 1, "published")
    assert published.digest == read_golden().digest, "a file of a published version changed: make it a new version"
    assert sorted(_files(volume / "repository")) == [
        "wine/1/model.py",
        "wine/1/scoring.py",
        "wine/1/weights.npz",
        "wine/config.pbtxt",
    ]
    check(read_golden(), weights=read_weights(volume / "repository" / "wine" / "1" / "weights.npz"))
    assert [*volume.glob("staging/*/*")] == []


def test_the_seed_begins_the_ledger_once(volume: Path) -> None:
    """Version 1 becomes the champion of generation 1; where somebody has decided since, nothing is decided again."""
    seed.publish(volume)
    ledger = Ledger(volume, "wine")
    other = Placed(2, "d2")
    ledger.commit(
        ledger.intend("d", action=Action.DEPLOY, actor="a", reason="r"), aliases={"champion": other}, reason="r"
    )

    seed.publish(volume)

    assert [entry.intent.action for entry in ledger.history()] == [Action.SEED, Action.DEPLOY]
    assert ledger.current is not None
    assert ledger.current.aliases == {"champion": other}


def test_publishing_twice_changes_nothing(volume: Path) -> None:
    """The second run finds the same digest and touches no file."""
    first = seed.publish(volume)
    before = {path: path.stat().st_mtime_ns for path in volume.joinpath("repository").rglob("*")}

    second = seed.publish(volume)

    assert (second.outcome, second.digest) == ("present", first.digest)
    assert {path: path.stat().st_mtime_ns for path in volume.joinpath("repository").rglob("*")} == before


def test_the_seed_brings_what_a_release_before_did_not_keep(volume: Path) -> None:
    """A version that was published without golden rows gets them, and nothing of it is published again."""
    seed.publish(volume)
    kept = _files(volume)
    volume.joinpath("manifests/wine/1.golden.json").unlink()

    assert seed.publish(volume).outcome == "present"
    assert _files(volume) == kept


def test_the_seed_knows_a_version_that_was_collected(volume: Path) -> None:
    """Many deployments later version 1 is gone: that is no news to the job that runs again with every image."""
    seed.publish(volume)
    repository = Repository(volume)
    for version in range(2, 9):
        repository.add("wine", version=version, owner="d", golden=b"{}", build_version=_version(f"{version}"))
    repository.arrange("wine", [7, 8])
    assert 1 in repository.collect("wine", keep=[7, 8])
    before = _files(volume)

    assert seed.publish(volume).outcome == "collected"
    assert _files(volume) == before


def test_golden_rows_of_other_files_are_not_kept(volume: Path) -> None:
    """What stands under the number has another digest: it answers something else, whatever the seed knows."""
    seed.publish(volume)
    golden = volume / "manifests/wine/1.golden.json"
    golden.unlink()
    volume.joinpath("repository/wine/1/scoring.py").write_text("", encoding="utf-8")

    with pytest.raises(VersionConflict):
        seed.publish(volume)
    assert not golden.exists()


@pytest.mark.parametrize("content", [None, "", "{", "[]", '{"rows": []}', '{"rows": [{}]}', '{"rows": 1}'])
def test_missing_golden_rows_are_named(tmp_path: Path, content: str | None) -> None:
    """Who has to roll back reads which file, and who writes it again."""
    path = tmp_path / "7.golden.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(GoldenMissing, match=r"7\.golden\.json, got .*the seed writes"):
        read_golden(path)


def test_the_manifest_tells_what_the_version_consists_of(volume: Path, config: Path) -> None:
    """It stands outside the model's folder and carries the digest of the version's folder."""
    published = Repository(volume).publish("m", version=1, config=config, golden=config, build_version=_version("x"))

    manifest = json.loads((volume / "manifests" / "m" / "1.json").read_text(encoding="utf-8"))
    assert manifest["digest"] == published.digest == digest_of(volume / "repository" / "m" / "1")
    assert [file["path"] for file in manifest["files"]] == ["model.py"]


def test_another_content_under_the_same_version_is_refused(volume: Path, config: Path) -> None:
    """Versions never change: nothing in the repository or the manifest moves, and both digests are named."""
    repository = Repository(volume)
    repository.publish("m", version=1, config=config, golden=config, build_version=_version("x"))
    before = _files(volume)

    with pytest.raises(VersionConflict, match="never change") as refusal:
        repository.publish("m", version=1, config=config, golden=config, build_version=_version("y"))

    assert refusal.value.published != refusal.value.offered
    assert {path: content for path, content in _files(volume).items() if not path.startswith("staging/")} == before


def test_a_policy_edited_later_is_no_conflict(volume: Path, config: Path) -> None:
    """config.pbtxt belongs to the life cycle; only the version's folder is immutable."""
    repository = Repository(volume)
    repository.publish("m", version=1, config=config, golden=config, build_version=_version("x"))
    visible = volume / "repository" / "m" / "config.pbtxt"
    visible.write_text("edited", encoding="utf-8")

    assert (
        repository.publish("m", version=1, config=config, golden=config, build_version=_version("x")).outcome
        == "present"
    )
    assert visible.read_text(encoding="utf-8") == "edited"


def test_a_folder_of_somebody_else_is_left_alone(volume: Path, config: Path) -> None:
    """A model's folder without the version was not made by this publisher."""
    (volume / "repository" / "m" / "7").mkdir(parents=True)

    with pytest.raises(ModelForeign, match="did not make it"):
        Repository(volume).publish("m", version=1, config=config, golden=config, build_version=_version("x"))


def test_what_fails_while_it_is_built_is_never_visible(volume: Path, config: Path) -> None:
    """A version that misses its golden outputs leaves the repository empty, and the next run starts afresh."""

    def fails(folder: Path) -> None:
        folder.joinpath("weights.npz").write_bytes(b"half")
        raise GoldenMismatch("wrong")

    with pytest.raises(GoldenMismatch):
        Repository(volume).publish("m", version=1, config=config, golden=config, build_version=fails)

    assert list((volume / "repository").iterdir()) == []
    assert (
        Repository(volume).publish("m", version=1, config=config, golden=config, build_version=_version("x")).outcome
        == "published"
    )
    assert sorted(_files(volume / "repository")) == ["m/1/model.py", "m/config.pbtxt"]


def test_files_are_readable_for_triton_whatever_the_umask(volume: Path, config: Path) -> None:
    """Triton runs as another process, perhaps another user, on a read-only mount."""
    before = os.umask(0o077)
    try:
        Repository(volume).publish("m", version=1, config=config, golden=config, build_version=_version("x"))
    finally:
        os.umask(before)

    modes = {stat.S_IMODE(path.stat().st_mode) for path in volume.joinpath("repository", "m").rglob("*")}
    assert modes == {0o755, 0o644}


def test_a_volume_that_is_not_there_is_named(tmp_path: Path, config: Path) -> None:
    """The message names the volume, the reason and the remedy."""
    file = tmp_path / "file"
    file.touch()

    with pytest.raises(RepositoryUnusable, match=f"wanted a writable volume at {file}"):
        Repository(file).publish("m", version=1, config=config, golden=config, build_version=_version("x"))


def test_an_interpreters_cache_does_not_change_the_digest(volume: Path, config: Path) -> None:
    """Where the mount is writable Python may leave __pycache__ behind: the version is still the same."""
    repository = Repository(volume)
    repository.publish("m", version=1, config=config, golden=config, build_version=_version("x"))
    cache = volume / "repository" / "m" / "1" / "__pycache__"
    cache.mkdir()
    cache.joinpath("model.pyc").write_bytes(b"x")

    assert (
        repository.publish("m", version=1, config=config, golden=config, build_version=_version("x")).outcome
        == "present"
    )


@pytest.fixture(name="published")
def _published(volume: Path, config: Path) -> Repository:
    repository = Repository(volume)
    repository.publish("m", version=1, config=config, golden=config, build_version=_version("one"))
    return repository


def _add(repository: Repository, version: int, text: str = "more") -> str:
    return repository.add(
        "m", version=version, owner="d", golden=b"{}", build_version=_version(f"{text} {version}")
    ).outcome


def test_another_version_stands_beside_the_first(published: Repository) -> None:
    """It comes whole, with manifest and golden rows, once; config.pbtxt does not name it yet."""
    assert (_add(published, 2), _add(published, 2)) == ("published", "present")
    assert published.versions("m") == {1, 2}
    assert published.arranged("m") == {1}
    assert published.golden("m", 2).read_bytes() == b"{}"
    with pytest.raises(VersionConflict):
        _add(published, 2, "other")


def test_a_model_without_a_first_version_takes_no_other(volume: Path) -> None:
    """Its configuration comes with the seed."""
    with pytest.raises(ModelForeign, match="comes with the seed"):
        _add(Repository(volume), 2)


def test_the_configuration_names_what_is_to_be_loaded(published: Repository) -> None:
    """The whole file is replaced, and only where it differs; nothing else appears in the model's folder."""
    _add(published, 2)

    assert published.arrange("m", [2, 1])
    assert published.arranged("m") == {1, 2}
    assert not published.arrange("m", {1, 2})
    assert sorted(path.name for path in published.folder("m").iterdir()) == ["1", "2", "config.pbtxt"]


@pytest.mark.parametrize("versions", [[1, 9], []])
def test_what_is_not_published_is_not_named(published: Repository, versions: list[int]) -> None:
    """A version that is missing, or none at all, would leave Triton without an answer."""
    with pytest.raises(RepositoryUnusable):
        published.arrange("m", versions)
    assert published.arranged("m") == {1}


def test_a_failed_version_goes_out_of_sight(published: Repository) -> None:
    """It is kept elsewhere; a second call changes nothing."""
    _add(published, 2)
    published.quarantine("m", 2)
    published.quarantine("m", 2)

    assert published.versions("m") == {1}
    assert (published.root / "quarantine" / "m" / "2" / "model.py").is_file()


def test_garbage_never_takes_what_serves(published: Repository) -> None:
    """Champion, previous, what is arranged and the last five stay; the rest goes."""
    for version in range(2, 10):
        _add(published, version)
    published.arrange("m", [3])

    assert published.collect("m", keep={1, 2}) == (4,)
    assert published.versions("m") == {1, 2, 3, 5, 6, 7, 8, 9}


def test_a_removal_that_was_killed_half_way_is_ended_by_the_next(
    published: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies out of sight goes, also where the same version was published again meanwhile."""
    for version in range(2, 9):
        _add(published, version)
    with monkeypatch.context() as dying:
        dying.setattr(shutil, "rmtree", _killed)
        with pytest.raises(OSError, match="killed"):
            published.collect("m", keep={1})
    remains = published.root / "staging" / "m.2.removed"
    assert remains.is_dir()

    _add(published, 2)
    assert published.collect("m", keep={1}) == (2,)
    assert not remains.exists()


def _killed(path: Path) -> None:
    raise OSError(f"killed before {path} was gone")
