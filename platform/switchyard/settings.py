"""The process's edge: environment variables, and ``yard.toml`` as the records of ``yard``. Nothing else reads them."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from pydantic_settings import BaseSettings, SettingsConfigDict

from switchyard import pointer
from switchyard.errors import Misconfigured
from switchyard.references import names_in
from switchyard.table import Table
from switchyard.yard import (
    Attribution,
    Budgets,
    Expectation,
    HttpProbe,
    Job,
    Known,
    Layer,
    Placeholders,
    Probe,
    Prober,
    S3Probe,
    Wanted,
    Yard,
)
from yardfacts.churn import too_wide
from yardfacts.facts import ChurnRule

__all__ = ["Settings", "find_yard", "load_yard"]

FILE: Final = "yard.toml"


class Settings(BaseSettings):
    """Environment variables with the prefix ``SWITCHYARD_``; options of a command go before them."""

    # Another variable with the prefix, SWITCHYARD_STATE, is the node's.
    model_config = SettingsConfigDict(env_prefix="SWITCHYARD_", frozen=True, extra="ignore")

    config: Path | None = None
    """yard.toml; none: the nearest one from the working folder upwards."""
    kubeconfig: Path | None = None
    """Where *context* stands; none: ``~/.kube/config``."""
    context: str = ""
    """Context of a cluster that is already there."""
    secrets: Path | None = None
    """YAML of credentials that probes of a *context* need, below each environment's name."""
    target: str = ""
    """Name of a target provider; empty: the only one that is up."""
    cache: Path = Path.home() / ".cache" / "switchyard"
    """Where the renderer of Allure's page is installed; the node keeps its own things there too."""
    signing_key: Path | None = None
    """PEM file of the Ed25519 key that seals evidence; none: one of the user's own, made at first use."""


def find_yard(path: Path | None = None) -> Path:
    """
    *path*, or the nearest ``yard.toml`` from the working folder upwards; it is not read.

    Raises:
        Misconfigured: There is none.
    """
    return (path or _nearest(Path.cwd())).resolve()


def load_yard(path: Path | None = None) -> Yard:
    """
    Read *path*, or the nearest ``yard.toml`` from the working folder upwards.

    Raises:
        Misconfigured: The file, the key, what was wanted and what is there.
    """
    file = find_yard(path)
    try:
        parsed = tomllib.loads(file.read_text())
    except (OSError, tomllib.TOMLDecodeError) as exc:
        raise Misconfigured(where=str(file), key="(whole file)", wanted="TOML that can be read", got=str(exc)) from exc
    top = Table(parsed, where=str(file))
    environments = top.texts("environments")
    known = tuple(one for name, table in top.tables("known") for one in _known(name, table, environments))
    yard = Yard(
        path=file,
        namespace=top.text("namespace", "argocd"),
        environments=environments,
        layers={name: _layer(name, table, file=file) for name, table in top.tables("layers")},
        attributions=tuple(_attribution(table) for _, table in top.tables("attribution")),
        probes=tuple(
            probe
            for name, table in top.tables("probes")
            for probe in _probes(name, table, environments, known=known, file=file)
        ),
        churn=tuple(_churn(table) for _, table in top.tables("churn")),
        budgets=_budgets(top.table("budgets")),
        placeholders=_placeholders(top.table("placeholders")),
        prober=_prober(top.table("prober")),
        jobs={name: _job(table) for name, table in top.tables("jobs")},
        known=known,
    )
    top.done()
    for probe in yard.probes:
        yard.layer(probe.layer)
    return yard


def _nearest(start: Path) -> Path:
    for folder in (start, *start.parents):
        if (folder / FILE).is_file():
            return folder / FILE
    raise Misconfigured(where=str(start), key=FILE, wanted="the file here or in a folder above, or --config", got=None)


def _layer(name: str, table: Table, *, file: Path) -> Layer:
    manifest = table.text("manifest", "")
    layer = Layer(
        name=name,
        selector=table.text("selector"),
        roots=table.texts("roots", ()),
        root=table.text("root", ""),
        manifest=file.parent / manifest if manifest else None,
        applications=table.texts("applications", ()),
        namespaces=table.texts("namespaces", ()),
    )
    table.done()
    if layer.root and not (layer.manifest and layer.manifest.is_file()):
        raise table.wrong("manifest", wanted=f"the file that attaches {layer.root}, relative to {file.parent}")
    return layer


def _attribution(table: Table) -> Attribution:
    rule = Attribution(
        reason=table.text("reason"),
        kind=table.text("kind", ""),
        name=table.text("name", ""),
        applications=table.texts("applications", ()),
        label=table.text("label", ""),
        owned_by=table.text("owned_by", ""),
    )
    table.done()
    if rule == Attribution(reason=rule.reason):
        raise table.wrong("kind", wanted="a kind, name, applications, label or owner: this rule explains everything")
    return rule


def _churn(table: Table) -> ChurnRule:
    rule = ChurnRule(
        kind=table.text("kind"),
        pointer=table.text("pointer"),
        manager=table.text("manager"),
        reason=table.text("reason"),
        namespace=table.text("namespace", ""),
        name=table.text("name", ""),
        every_s=table.number("every_s", 0.0),
    )
    table.done()
    if wide := too_wide(rule):
        raise table.wrong("pointer", wanted=f"a rule that explains less: {wide}")
    return rule


def _budgets(table: Table) -> Budgets:
    budgets = Budgets(**{name: table.number(name) for name in Budgets.__dataclass_fields__})
    table.done()
    return budgets


def _placeholders(table: Table) -> Placeholders:
    placeholders = Placeholders(repo_url=table.text("repo_url", ""), revision=table.text("revision", ""))
    table.done()
    return placeholders


def _prober(table: Table) -> Prober:
    prober = Prober(image=table.text("image", ""), image_of=table.text("image_of", ""))
    table.done()
    if prober.image and prober.image_of:
        raise table.wrong("image", wanted="image or image_of, not both")
    return prober


def _job(table: Table) -> Job:
    job = Job(
        namespace=table.text("namespace"),
        cronjob=table.text("cronjob"),
        command=table.texts("command"),
        deadline_s=table.number("deadline_s"),
    )
    table.done()
    return job


def _known(name: str, table: Table, environments: tuple[str, ...]) -> Iterator[Known]:
    for environment in environments:
        yield Known(
            name=name,
            environment=environment,
            url=_filled(table.text("url"), environment),
            model=table.text("model"),
            alias=table.text("alias"),
            artifact=table.text("artifact"),
            user=table.text("user"),
            password=table.text("password"),
            timeout_s=table.number("timeout_s", 5.0),
        )
    table.done()


def _probes(
    name: str, table: Table, environments: tuple[str, ...], *, known: tuple[Known, ...], file: Path
) -> Iterator[Probe]:
    """One probe an environment; ``{env}`` in any string of it becomes the environment's name."""
    kind = table.one_of("kind", ("http", "s3"))
    for environment in environments:
        if kind == "s3":
            yield S3Probe(
                name=name,
                environment=environment,
                layer=table.text("layer"),
                endpoint=_filled(table.text("endpoint"), environment),
                bucket=_filled(table.text("bucket"), environment),
                access_key=table.text("access_key"),
                secret_key=table.text("secret_key"),
                timeout_s=table.number("timeout_s", 5.0),
                path=table.text("path", ""),
            )
        else:
            probe = HttpProbe(
                name=name,
                environment=environment,
                layer=table.text("layer"),
                url=_filled(table.text("url"), environment),
                method=table.text("method", "GET"),
                headers=table.strings("headers"),
                body=_filled(_loaded(table, "body", file=file), environment),
                timeout_s=table.number("timeout_s", 5.0),
                expect=_expectation(table.table("expect"), environment, file=file),
                path=table.text("path", ""),
                state=table.text("state", ""),
            )
            yield replace(probe, known=_referred(probe, table, known=known))
    table.done()


def _referred(probe: HttpProbe, table: Table, *, known: tuple[Known, ...]) -> tuple[Known, ...]:
    expect = probe.expect
    names = set(names_in([probe.url, probe.body, expect.headers, [one.value for one in expect.values]]))
    if strangers := sorted(names - {one.name for one in known}):
        raise table.wrong("known", wanted=f"references to a table of [known], not to {', '.join(strangers)}")
    return tuple(one for one in known if one.name in names and one.environment == probe.environment)


def _expectation(table: Table, environment: str, *, file: Path) -> Expectation:
    expectation = Expectation(
        status=int(table.number("status", 200)),
        headers=_filled(table.strings("headers"), environment),
        values=tuple(_wanted(one, environment, file=file) for _, one in table.tables("values")),
        contains=_filled(table.text("contains", ""), environment),
    )
    table.done()
    return expectation


def _wanted(table: Table, environment: str, *, file: Path) -> Wanted:
    wanted = Wanted(
        pointer=table.text("pointer"),
        value=_filled(_loaded(table, "value", file=file), environment),
        tolerance=table.number("tolerance", 0.0),
    )
    table.done()
    return wanted


def _loaded(table: Table, key: str, *, file: Path) -> Any:
    """
    A literal; in it, however deep, ``{file, pointer}`` is the value at a JSON pointer of a JSON file.

    The file is relative to yard.toml.
    """
    try:
        return _resolved(table.value(key, None), folder=file.parent)
    except (OSError, ValueError, LookupError) as exc:
        raise table.wrong(key, wanted=f"a JSON file with something at that pointer ({exc})") from exc


def _resolved(value: Any, *, folder: Path) -> Any:
    if isinstance(value, dict) and value.keys() == {"file", "pointer"}:
        return pointer.at(json.loads((folder / value["file"]).read_text()), value["pointer"])
    if isinstance(value, dict):
        return {key: _resolved(below, folder=folder) for key, below in value.items()}
    if isinstance(value, list):
        return [_resolved(below, folder=folder) for below in value]
    return value


def _filled(value: Any, environment: str) -> Any:
    if isinstance(value, dict):
        return {key: _filled(below, environment) for key, below in value.items()}
    if isinstance(value, list):
        return [_filled(below, environment) for below in value]
    return value.replace("{env}", environment) if isinstance(value, str) else value
