"""
Alloy's syntax: blocks, attributes, and the expressions of a configuration that computes nothing but names.

The binary that reads these files takes twenty minutes to build, too long to wait for a typing error. What it calls a
syntax error is one here too, with file, line and column; what it knows besides (components, arguments, types) is not
known here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .errors import BadSyntax

__all__ = ["Attribute", "Block", "Call", "Join", "Reference", "parse", "value"]


@dataclass(frozen=True)
class Reference:
    """Something that another block exports, by its dotted name."""

    name: str


@dataclass(frozen=True)
class Call:
    """A function of Alloy's library and what it is given."""

    function: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True)
class Join:
    """Two expressions with a plus between them."""

    left: Expression
    right: Expression


Expression = str | int | float | bool | None | Reference | Call | Join | tuple["Expression", ...]


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """``name = expression``."""

    name: str
    expression: Expression


@dataclass(frozen=True, kw_only=True)
class Block:
    """``name "label" { ... }``; the file itself is a block without a name."""

    name: str
    label: str
    body: tuple[Attribute | Block, ...]

    def attributes(self) -> Mapping[str, Expression]:
        """Return the block's own attributes by name."""
        return {item.name: item.expression for item in self.body if isinstance(item, Attribute)}

    def blocks(self, name: str) -> tuple[Block, ...]:
        """Return the blocks of *name* directly inside, in order."""
        return tuple(item for item in self.body if isinstance(item, Block) and item.name == name)


@dataclass(frozen=True, kw_only=True)
class _Token:
    kind: str
    text: str
    line: int
    column: int


# In this order: a comment begins like nothing else, a name may not begin with a digit.
_LEXICON: Final = re.compile(
    r"""(?P<blank>[ \t\r]+|//[^\n]*|/\*.*?\*/)
      | (?P<newline>\n)
      | (?P<string>"(?:[^"\\\n]|\\.)*"|`[^`]*`)
      | (?P<number>\d+(?:\.\d+)?)
      | (?P<name>[A-Za-z_]\w*)
      | (?P<mark>[-+=.,(){}\[\]])""",
    re.VERBOSE | re.DOTALL,
)
_LITERALS: Final[Mapping[str, bool | None]] = {"true": True, "false": False, "null": None}


def parse(path: Path) -> Block:
    """
    Return the configuration in *path* as a block.

    Raises:
        BadSyntax: It is none; says where, and what was wanted there.
    """
    return _Parser(path, list(_tokens(path))).file()


def value(expression: Expression, environment: Mapping[str, str]) -> object:
    """
    Return what *expression* is in a process with *environment*; a reference stays one.

    Raises:
        LookupError: The environment has no such variable, or a function other than ``sys.env`` is called.
        TypeError: Something other than text is joined.
    """
    match expression:
        case tuple():
            return [value(item, environment) for item in expression]
        case Join(left, right):
            parts = value(left, environment), value(right, environment)
            if not isinstance(parts[0], str) or not isinstance(parts[1], str):
                raise TypeError(f"only text is joined here, not {parts!r}")
            return parts[0] + parts[1]
        case Call("sys.env", (str(name),)):
            return environment[name]
        case Call(function):
            raise LookupError(f"no value is known for {function}()")
        case _:
            return expression


def _tokens(path: Path) -> Iterator[_Token]:
    """Yield tokens; a line's end is one where a statement may end, as in Go."""
    text = path.read_text()
    at, line, line_start, previous = 0, 1, 0, ""
    while at < len(text):
        column = at - line_start + 1
        match = _LEXICON.match(text, at)
        if match is None:
            raise BadSyntax(path, line, column, "a name, a literal or a mark", text[at])
        kind, found, at = str(match.lastgroup), match[0], match.end()
        if kind == "mark":
            kind = found
        if kind not in {"blank", "newline"} or (kind == "newline" and previous in {"string", "number", "name", *")]}"}):
            yield _Token(kind=kind, text=found, line=line, column=column)
            previous = kind
        if "\n" in found:
            line += found.count("\n")
            line_start = match.start() + found.rindex("\n") + 1
    yield _Token(kind="end", text="the end of the file", line=line, column=at - line_start + 1)


class _Parser:
    """One walk over the tokens of a file; each method reads what it is named after."""

    def __init__(self, path: Path, tokens: list[_Token]) -> None:
        self._path = path
        self._tokens = tokens
        self._at = 0

    def file(self) -> Block:
        return Block(name="", label="", body=self._body("end"))

    def _body(self, closer: str) -> tuple[Attribute | Block, ...]:
        found: list[Attribute | Block] = []
        while not self._skip(closer):
            found.append(self._statement())
            if self._tokens[self._at].kind != closer:
                self._take("newline", "a line's end after a statement")
        return tuple(found)

    def _statement(self) -> Attribute | Block:
        name = self._dotted("the name of a block or an attribute")
        if self._skip("="):
            return Attribute(name=name, expression=self._expression())
        token = self._tokens[self._at]
        label = json.loads(self._take("string", "").text) if token.kind == "string" else ""
        self._take("{", "= for an attribute, or { for a block")
        return Block(name=name, label=label, body=self._body("}"))

    def _expression(self) -> Expression:
        left = self._operand()
        while self._skip("+"):
            left = Join(left, self._operand())
        return left

    def _operand(self) -> Expression:
        token = self._tokens[self._at]
        match token.kind:
            case "string":
                self._at += 1
                return token.text[1:-1] if token.text.startswith("`") else str(json.loads(token.text))
            case "number":
                self._at += 1
                return float(token.text) if "." in token.text else int(token.text)
            case "[":
                self._at += 1
                return self._list("]")
            case "name" if token.text in _LITERALS:
                self._at += 1
                return _LITERALS[token.text]
            case _:
                name = self._dotted("an expression")
                return Call(name, self._list(")")) if self._skip("(") else Reference(name)

    def _list(self, closer: str) -> tuple[Expression, ...]:
        found: list[Expression] = []
        while not self._skip(closer):
            found.append(self._expression())
            if self._tokens[self._at].kind != closer:
                self._take(",", f", or {closer}")
        return tuple(found)

    def _dotted(self, wanted: str) -> str:
        parts = [self._take("name", wanted).text]
        while self._skip("."):
            parts.append(self._take("name", "a name after the dot").text)
        return ".".join(parts)

    def _skip(self, kind: str) -> bool:
        if self._tokens[self._at].kind != kind:
            return False
        self._at += 1
        return True

    def _take(self, kind: str, wanted: str) -> _Token:
        token = self._tokens[self._at]
        if token.kind != kind:
            raise BadSyntax(self._path, token.line, token.column, wanted, token.text)
        self._at += 1
        return token
