"""Images are tagged by content, see only what they name, and keep nothing of the machine that built them."""

from __future__ import annotations

import tomllib
from configparser import ConfigParser
from pathlib import Path

import pytest

from yardnode.buildah import Site
from yardnode.debs import missing
from yardnode.errors import BuildFailed
from yardnode.families import FAMILIES
from yardnode.images import Context, ImageSet, names_below, read_context
from yardnode.paths import find_paths
from yardnode.progress import Progress

IMAGES = find_paths({"HOME": "/root"}).images


@pytest.fixture(name="checkout")
def _checkout(tmp_path: Path) -> Path:
    """A repository with a base, an image that copies a package, and one that copies a binary."""
    for name, context in (("base", None), ("app", "# its code\nsrc/app\n"), ("tool", "bin:cni/tool\n")):
        folder = tmp_path / "platform" / "images" / name
        folder.mkdir(parents=True)
        (folder / "Dockerfile").write_text(f"FROM scratch\n# {name}\n")
        if context:
            (folder / "context").write_text(context)
    (tmp_path / "src" / "app" / "__pycache__").mkdir(parents=True)
    (tmp_path / "src" / "app" / "main.py").write_text("print()\n")
    (tmp_path / "src" / "app" / "__pycache__" / "main.pyc").write_text("noise")
    return tmp_path


def image_set(checkout: Path, *, family: str = "family-1") -> ImageSet:
    """The images of *checkout*, with a toolchain whose family has the given key."""
    return ImageSet(
        checkout=checkout,
        cache=checkout / "cache",
        family=lambda _: checkout / family,
        progress=Progress(),
        environment={},
    )


def test_the_base_comes_first_and_images_with_binaries_last(checkout: Path) -> None:
    """What waits for the toolchain does not hold up the rest."""
    assert names_below(checkout / "platform" / "images") == ("base", "app", "tool")


def test_images_are_built_in_the_order_in_which_binaries_become_ready() -> None:
    """An image of a long family does not hold up those whose binaries are there."""
    names = names_below(IMAGES)
    turns = [
        max((FAMILIES.index(binary.partition("/")[0]) for binary in read_context(IMAGES / name).binaries), default=-1)
        for name in names
    ]
    assert turns == sorted(turns)


def test_a_context_names_paths_and_binaries(checkout: Path) -> None:
    """One path a line, binaries by family, comments left out."""
    folder = checkout / "platform" / "images"
    assert read_context(folder / "app") == Context(paths=("src/app",))
    assert read_context(folder / "tool") == Context(binaries=("cni/tool",))
    assert read_context(folder / "base") == Context()


@pytest.mark.parametrize("line", ["/etc/passwd", "../other", "src/../../other"])
def test_a_context_cannot_leave_the_repository(checkout: Path, line: str) -> None:
    """A build sees files that git shows, and no others."""
    folder = checkout / "platform" / "images" / "app"
    (folder / "context").write_text(line + "\n")
    with pytest.raises(BuildFailed, match="below the repository's root"):
        read_context(folder)


def test_a_path_that_is_not_there_is_told(checkout: Path) -> None:
    """A renamed source folder is named together with the file to correct."""
    (checkout / "platform" / "images" / "app" / "context").write_text("src/gone\n")
    with pytest.raises(BuildFailed, match=r"Wanted src/gone .*(?s:.*)Correct .*app/context"):
        image_set(checkout).ref("app")


def test_a_tag_is_the_content(checkout: Path) -> None:
    """The same files give the same tag, in any checkout and any order."""
    refs = {image_set(checkout).ref("app")}
    (checkout / "README").write_text("not in the context")
    (checkout / "src" / "app" / "__pycache__" / "main.pyc").write_text("other noise")
    refs.add(image_set(checkout).ref("app"))
    assert len(refs) == 1
    ref = refs.pop()
    assert ref.startswith("switchyard.local/app:")
    assert not ref.endswith("latest")


def test_a_tag_follows_everything_that_decides_the_image(checkout: Path) -> None:
    """The Dockerfile, a file, its executable bit, a binary and the base each make another tag."""
    refs = {image_set(checkout).ref("app")}
    (checkout / "src" / "app" / "main.py").write_text("print(1)\n")
    refs.add(image_set(checkout).ref("app"))
    (checkout / "src" / "app" / "main.py").chmod(0o755)
    refs.add(image_set(checkout).ref("app"))
    (checkout / "platform" / "images" / "app" / "Dockerfile").write_text("FROM scratch\n")
    refs.add(image_set(checkout).ref("app"))
    (checkout / "platform" / "images" / "base" / "Dockerfile").write_text("FROM scratch\n")
    refs.add(image_set(checkout).ref("app"))
    assert len(refs) == 5
    assert image_set(checkout).ref("tool") != image_set(checkout, family="family-2").ref("tool")


def test_an_unknown_image_is_told_with_the_known_ones(checkout: Path) -> None:
    """A misspelt name does not end as an empty answer."""
    with pytest.raises(BuildFailed, match="Wanted one of base, app, tool"):
        image_set(checkout).build(["ap"])


@pytest.mark.parametrize("name", names_below(IMAGES))
def test_every_context_of_this_repository_exists(name: str) -> None:
    """No Dockerfile waits for a file that is gone."""
    checkout = IMAGES.parents[1]
    assert [path for path in read_context(IMAGES / name).paths if not (checkout / path).exists()] == []


@pytest.mark.parametrize("name", names_below(IMAGES))
def test_every_dockerfile_starts_from_its_argument(name: str) -> None:
    """The node passes what an image starts from; a tag in a Dockerfile would be a second place for it."""
    lines = (IMAGES / name / "Dockerfile").read_text().splitlines()
    argument = "DEBIAN" if name == "base" else "BASE"
    first = next(line for line in lines if line.startswith("FROM "))
    assert first.split(" AS ")[0] == f"FROM ${{{argument}}}"
    assert not [line for line in lines if ":latest" in line]


def test_the_machines_settings_are_told_to_both_installers(tmp_path: Path) -> None:
    """Indexes and certificates of the site hold during a build, for pip and for uv."""
    bundle = tmp_path / "bundle.pem"
    bundle.touch()
    site = Site.from_environment(
        {
            "PIP_INDEX_URL": "https://one.invalid/simple",
            "PIP_EXTRA_INDEX_URL": "https://two.invalid/simple https://three.invalid/simple",
            "PIP_TRUSTED_HOST": "two.invalid",
            "SSL_CERT_FILE": str(bundle),
        }
    )
    pip = ConfigParser()
    pip.read_string(site.pip_conf)
    assert pip["global"]["index-url"] == "https://one.invalid/simple"
    assert pip["global"]["extra-index-url"].split() == ["https://two.invalid/simple", "https://three.invalid/simple"]
    assert pip["global"]["cert"] == "/etc/ssl/certs/ca-certificates.crt"
    uv = tomllib.loads(site.uv_toml)
    assert uv["index-url"] == "https://one.invalid/simple"
    assert uv["extra-index-url"] == ["https://two.invalid/simple", "https://three.invalid/simple"]
    assert uv["allow-insecure-host"] == ["two.invalid"]


def test_a_machine_without_settings_tells_none(tmp_path: Path) -> None:
    """Where nothing is set, the installers' own defaults hold."""
    site = Site.from_environment({"SSL_CERT_FILE": str(tmp_path / "missing")})
    assert site == Site()
    assert "index-url" not in site.pip_conf + site.uv_toml


def test_only_missing_packages_are_installed() -> None:
    """A package that is removed but configured, or unknown, is missing; an installed one is not."""
    answer = "gcc\tinstalled\nkmod\tconfig-files\nlibc6-dev\tinstalled\nlibc6-dev\tnot-installed\n"
    assert missing(answer, wanted=("gcc", "kmod", "libc6-dev", "mmdebstrap")) == ("kmod", "mmdebstrap")
