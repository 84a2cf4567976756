"""
The JSON Schema (draft 2020-12) of a journal's records and of every kind of fact, derived from the dataclasses.

It stands nowhere as a file: ``switchyard schema`` prints it. Whoever checks a journal with a validator of his own
accepts exactly what ``decode`` accepts, which a test holds against both.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from itertools import pairwise
from textwrap import dedent
from types import NoneType, UnionType
from typing import Any, Final, get_args, get_origin, get_type_hints

from yardfacts.facts import FACT_TYPES
from yardfacts.journal import Record

__all__ = ["DIALECT", "record_schema"]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

SCALARS: Final[Mapping[type, str]] = {str: "string", int: "integer", float: "number", bool: "boolean"}

Schema = dict[str, Any]


def record_schema() -> Schema:
    """
    The schema of one line of a journal; ``$defs`` holds one of every kind of fact, by its name.

    The body of a record that is no fact is an object, and no more is said of it.

    Raises:
        TypeError: A field has a type that ``decode`` could not read again.
    """
    found: dict[type, Schema] = {}
    record = _object(Record, found)
    for kind in FACT_TYPES.values():
        _reference(kind, found)
    return {
        "$schema": DIALECT,
        "title": "A record of a journal",
        **record,
        "if": {"properties": {"kind": {"const": "fact"}}},
        "then": {"properties": {"body": _fact_body()}},
        "$defs": {kind.__name__: schema for kind, schema in sorted(found.items(), key=lambda item: item[0].__name__)},
    }


def _fact_body() -> Schema:
    """Where and when a fact was recorded, and the fact in the shape of its type."""
    return {
        "type": "object",
        "properties": {"stage": {"type": "string"}, "moment": {"type": "string"}, "type": {"enum": sorted(FACT_TYPES)}},
        "required": ["stage", "moment", "type", "fact"],
        "allOf": [
            {
                "if": {"properties": {"type": {"const": name}}},
                "then": {"properties": {"fact": {"$ref": f"#/$defs/{name}"}}},
            }
            for name in sorted(FACT_TYPES)
        ],
    }


def _object(kind: type, found: dict[type, Schema]) -> Schema:
    told, hints = _told(kind), get_type_hints(kind)
    own: tuple[Field[Any], ...] = fields(kind)
    return {
        "description": inspect.getdoc(kind) or "",
        "type": "object",
        "properties": {one.name: {**_schema(hints[one.name], found), **told.get(one.name, {})} for one in own},
        "required": [one.name for one in own if one.default is MISSING and one.default_factory is MISSING],
        "additionalProperties": False,
    }


def _schema(wanted: Any, found: dict[type, Schema]) -> Schema:
    if isinstance(wanted, type) and is_dataclass(wanted):
        return _reference(wanted, found)
    if get_origin(wanted) is tuple:
        item, *rest = get_args(wanted)
        if rest == [...]:
            return {"type": "array", "items": _schema(item, found)}
    if get_origin(wanted) is UnionType:
        present = [one for one in get_args(wanted) if one is not NoneType]
        if len(present) == 1:
            return {"anyOf": [_schema(present[0], found), {"type": "null"}]}
    if wanted in SCALARS:
        return {"type": SCALARS[wanted]}
    if wanted == Mapping[str, Any]:
        return {"type": "object"}
    known = ", ".join(map(str, SCALARS))
    raise TypeError(f"wanted a record, a tuple of one type, one of {known}, or None beside any of them; got {wanted!r}")


def _reference(kind: type, found: dict[type, Schema]) -> Schema:
    if kind not in found:
        found[kind] = {}  # before its fields are looked at: one of them may be of its own type
        found[kind] = _object(kind, found)
    return {"$ref": f"#/$defs/{kind.__name__}"}


def _told(kind: type) -> dict[str, Schema]:
    """What stands below each field in the source: Python keeps the docstring of a class, and none of a field."""
    (definition,) = ast.parse(dedent(inspect.getsource(kind))).body
    lines = definition.body if isinstance(definition, ast.ClassDef) else []
    return {
        field.target.id: {"description": inspect.cleandoc(text.value.value)}
        for field, text in pairwise(lines)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant) and isinstance(text.value.value, str)
    }
