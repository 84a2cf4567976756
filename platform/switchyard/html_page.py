"""pytest-html's page: the sentence that each proof shows, beside its name. Loaded when proofs are asked for."""

from __future__ import annotations

from html import escape
from typing import Any

import pytest

from switchyard import stages

__all__: list[str] = []  # pytest finds hooks by itself

COLUMN = 2
"""Behind result and name."""


def pytest_html_report_title(report: Any) -> None:
    """The page is about proofs; whether they hold is for the verdict to say."""
    report.title = "Switchyard: what every proof did"


def pytest_html_results_table_header(cells: list[str]) -> None:
    """One more column."""
    cells.insert(COLUMN, "<th>It shows</th>")


def pytest_html_results_table_row(report: pytest.TestReport, cells: list[str]) -> None:
    """The sentence of the test; the hook before it has put it on the report."""
    # A module that could not be imported has a row too, and no properties.
    properties = getattr(report, "user_properties", ())
    sentence = next((value for name, value in properties if name == "shows"), "")
    cells.insert(COLUMN, f"<td>{escape(str(sentence))}</td>")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let junit.xml and the page carry the sentence of each proof."""
    if stages.is_proof(item):
        item.user_properties.append(("shows", stages.title_of(item)))
