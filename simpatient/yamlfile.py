"""The one reader of YAML: strict, and a frozen dataclass is the schema.

`load(path, Persona)` reads a file into the dataclass `Persona`. Every mistake of an author is a `DataError` that says
`file:line: key: what was found; what is allowed`. Stricter than YAML 1.1: a key that stands twice is refused, `No`,
`on` and `12:30` stay words, there are no anchors, no tags and no merge keys.

A field of the dataclass may be: str, int, float, bool, a Literal, `X | None`, `tuple[X, ...]`, `dict[str, X]`, another
dataclass, or `Annotated[float, Range(0, 1)]`. A field without a default must stand in the file.
"""

import dataclasses
import re
import types
import typing
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import yaml

from simpatient.errors import DataError

T = TypeVar("T")
_BOOLEANS = {"true": True, "false": False}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_LIMIT = 4_000_000
"""Bytes of the largest file read; no data file of ours comes near."""


@dataclasses.dataclass(frozen=True)
class Range:
    """The closed range that a number must lie in."""

    low: float
    high: float


_yaml: Any = yaml
_Parser: Any = _yaml.cyaml.CParser if _yaml.__with_libyaml__ else None
"""libyaml's parser, several times as fast; every wheel of PyYAML has it."""
_BASES: Any = (_yaml.composer.Composer, _Parser, _yaml.resolver.Resolver) if _Parser else (_yaml.SafeLoader,)


class _Reader(*_BASES):  # type: ignore[misc]
    """Composes nodes from the parser's events; refuses anchors, tags and duplicate keys."""

    def __init__(self, text: str) -> None:
        for base in _BASES:
            reads = base in (_Parser, _yaml.SafeLoader)
            base.__init__(self, *([text] if reads else []))

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()
        if getattr(event, "anchor", None) is not None:
            line = event.start_mark.line + 1
            raise _Found(line, "found an anchor or alias; write the text out")
        if getattr(event, "tag", None) not in (None, "!"):
            raise _Found(event.start_mark.line + 1, f"found the tag {event.tag}; tags are not allowed")
        return super().compose_node(parent, index)


class _Found(Exception):
    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line = line


def load(path: Path, schema: type[T]) -> T:
    """Reads the file into `schema`. Raises DataError with file:line."""
    node = parse(path)
    try:
        built: T = _build(node, schema, "")
        return built
    except _Found as found:
        raise DataError(f"{path}:{found.line}: {found}") from None


def parse(path: Path) -> yaml.Node:
    """The file's YAML nodes, which know their lines. Raises DataError."""
    try:
        data = path.read_bytes()
        text = data.decode("utf-8")
    except OSError as error:
        raise DataError(f"{path}:1: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise DataError(f"{path}:{line}: found a byte that is not UTF-8; save the file as UTF-8") from None
    if len(data) > _LIMIT:
        raise DataError(f"{path}:1: found {len(data)} bytes; at most {_LIMIT} are read")
    try:
        node: yaml.Node | None = _Reader(text).get_single_node()
    except _Found as found:
        raise DataError(f"{path}:{found.line}: {found}") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise DataError(f"{path}:{line}: not YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise DataError(f"{path}:1: not YAML: {str(error).splitlines()[0]}") from None
    except RecursionError:
        raise DataError(f"{path}:1: nested too deeply") from None
    if node is None:
        raise DataError(f"{path}:1: found an empty file")
    return node


def line_of(file: Path, needle: str) -> int:
    """The first line of a file that holds a text; 1 if none does."""
    lines = file.read_text("utf-8").splitlines()
    return next((n for n, line in enumerate(lines, 1) if needle in line), 1)


def _build(node: yaml.Node, want: Any, where: str) -> Any:
    origin = get_origin(want)
    if dataclasses.is_dataclass(want):
        return _record(node, typing.cast(type, want), where)
    if origin is typing.Annotated:
        return _in_range(node, want, where)
    if origin in (Union, types.UnionType):
        return _optional(node, want, where)
    if origin is tuple:
        if not isinstance(node, yaml.SequenceNode):
            raise _wrong(node, where, "a list")
        return tuple(_build(item, get_args(want)[0], f"{where}[{i}]") for i, item in enumerate(node.value, 1))
    if origin is dict:
        return {key: _build(value, get_args(want)[1], _join(where, key)) for key, value in _pairs(node, where)}
    return _scalar(node, want, where)


def _record(node: yaml.Node, schema: type, where: str) -> Any:
    hints = typing.get_type_hints(schema, include_extras=True)
    fields = {f.name.rstrip("_"): f for f in dataclasses.fields(schema) if f.init and not f.name.startswith("_")}
    values = {}
    for key, value in _pairs(node, where):
        if key not in fields:
            raise _Found(value.start_mark.line + 1, f"{_join(where, key)}: unknown key; allowed: {', '.join(fields)}")
        values[fields[key].name] = _build(value, hints[fields[key].name], _join(where, key))
    for key, f in fields.items():
        has_default = f.default is not dataclasses.MISSING or f.default_factory is not dataclasses.MISSING
        if f.name not in values and not has_default:
            raise _Found(node.start_mark.line + 1, f"{_join(where, key)}: missing; this key must be given")
    try:
        return schema(**values)
    except ValueError as error:
        raise _Found(node.start_mark.line + 1, f"{where + ': ' if where else ''}{error}") from None


def _pairs(node: yaml.Node, where: str) -> list[tuple[str, yaml.Node]]:
    if not isinstance(node, yaml.MappingNode):
        raise _wrong(node, where, "keys with values")
    seen: dict[str, int] = {}
    pairs = []
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise _Found(line, f"{where}: found a key that is not a word")
        if key.value in seen:
            raise _Found(line, f"{_join(where, key.value)}: stands twice, first in line {seen[key.value]}")
        seen[key.value] = line
        pairs.append((key.value, value))
    return pairs


def _scalar(node: yaml.Node, want: Any, where: str) -> Any:
    if not isinstance(node, yaml.ScalarNode):
        raise _wrong(node, where, _name(want))
    value, plain = node.value, not node.style
    if get_origin(want) is Literal:
        if value in get_args(want):
            return value
        raise _wrong(node, where, "one of " + ", ".join(map(str, get_args(want))))
    if want is str:
        if plain and value in ("", "~", "null"):
            raise _wrong(node, where, "a text")
        return value
    if want is bool and plain and value in _BOOLEANS:
        return _BOOLEANS[value]
    if want is int and plain and _INTEGER.fullmatch(value):
        return int(value)
    if want is float and plain and _FLOAT.fullmatch(value):
        return float(value)
    raise _wrong(node, where, _name(want))


def _in_range(node: yaml.Node, want: Any, where: str) -> Any:
    base, limits = get_args(want)
    value = _build(node, base, where)
    if not limits.low <= value <= limits.high:
        raise _wrong(node, where, f"a number from {limits.low:g} to {limits.high:g}")
    return value


def _optional(node: yaml.Node, want: Any, where: str) -> Any:
    if isinstance(node, yaml.ScalarNode) and not node.style and node.value in ("", "~", "null"):
        return None
    (inner,) = (a for a in get_args(want) if a is not type(None))
    return _build(node, inner, where)


def _wrong(node: yaml.Node, where: str, allowed: str) -> _Found:
    kinds: dict[type[yaml.Node], str] = {yaml.MappingNode: "keys with values", yaml.SequenceNode: "a list"}
    found = repr(node.value[:40]) if isinstance(node, yaml.ScalarNode) else kinds[type(node)]
    return _Found(node.start_mark.line + 1, f"{where + ': ' if where else ''}found {found}; allowed: {allowed}")


def _name(want: Any) -> str:
    return {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}.get(want, "one value")


def _join(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key
