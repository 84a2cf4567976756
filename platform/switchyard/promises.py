"""
Which claims a proof lets judge, read from its own text: the call ``yard.judge(...)`` is the only place that says so.

What a test judges under a condition it does not promise; everything else has to have a finding when the test passes.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from textwrap import dedent
from typing import Any, Final

from switchyard.errors import Misconfigured

__all__ = ["promised", "promises"]

CALL: Final = "judge"

CONDITIONS: Final = (ast.If, ast.For, ast.While, ast.Try, ast.Match, ast.FunctionDef, ast.Lambda)


def promised(function: Callable[..., Any]) -> tuple[str, ...]:
    """
    Claims that *function* lets judge whenever it comes to its end, in the order of its text.

    Raises:
        Misconfigured: A claim is named by anything but a word in the text: nobody could tell which.
    """
    return promises(dedent(inspect.getsource(function)), where=function.__qualname__)


def promises(text: str, *, where: str) -> tuple[str, ...]:
    """The same of the source *text* of one function; raises as ``promised``."""
    (definition,) = ast.parse(text).body
    return tuple(dict.fromkeys(name for call in _calls(definition) for name in _names(call, where=where)))


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call) and isinstance(child.func, ast.Attribute) and child.func.attr == CALL:
            yield child
        elif not isinstance(child, CONDITIONS):
            yield from _calls(child)


def _names(call: ast.Call, *, where: str) -> Iterator[str]:
    for argument in call.args:
        inner = argument.value if isinstance(argument, ast.Starred) else argument
        words = inner.elts if isinstance(inner, ast.Tuple | ast.List) else [inner]
        for word in words:
            if not isinstance(word, ast.Constant) or not isinstance(word.value, str):
                raise Misconfigured(
                    where=where, key="judge", wanted="claims named by words in the text", got=ast.unparse(word)
                )
            yield word.value
