"""The door to Allure: steps with true times, attachments, and the labels by which a reviewer finds a test."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

import allure
import pytest

__all__ = ["attach", "label", "step", "tag"]


def step(title: str) -> AbstractContextManager[None]:
    """A step of the running test; it ends as the block ends, and fails as the block fails."""
    step: AbstractContextManager[None] = allure.step(title)
    return step


def attach(name: str, value: Any) -> None:
    """Attach plain data to the running step."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    allure.attach(text, name=name, attachment_type=allure.attachment_type.JSON)


def tag(name: str) -> None:
    """Tag the running test, so that a reviewer can filter by it."""
    allure.dynamic.tag(name)  # type: ignore[no-untyped-call]  # the package types no decorator


def label(item: pytest.Function, *, title: str, labels: Mapping[str, str]) -> None:
    """Give *item* the title and the labels (``epic``, ``feature``, ``story``) under which reports show it."""
    allure.title(title)(item.function)  # type: ignore[no-untyped-call]  # the package types no decorator
    for kind, value in labels.items():
        item.add_marker(getattr(allure, kind)(value))
