"""Cues: the small pattern language in which techniques, topics and tasks are named, and its compiler.

    what would you like     these words in this order
    (help|be useful)        one of these, which may hold any of the other forms
    [today]                 may stand here; [today|now] likewise
    ..                      up to 3 words        ...  up to 8 words
    worth*                  a word that starts so
    <want>                  one entry of the list `want` in lists.yaml
    ^ and $                 the start and the end of the turn

A cue is made uniform like what is heard (see `simpatient.text`): softeners such as "really" fall out of both.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from simpatient.text import uniform

GAPS = {"..": 3, "...": 8}
MOST = 8
"""Places of one cue that are looked at in one turn."""
_PIECES = re.compile(r"\.{2,3}|<[a-z_]+>|[()\[\]|^$]|[^\s()\[\]|<>^$]+")


class CueError(ValueError):
    """A cue does not follow the language."""


@dataclass(frozen=True)
class Cue:
    """A compiled cue. `needs` are word sets of which each must meet the turn's words, a cheap test before matching."""

    source: str
    pattern: re.Pattern[str]
    needs: tuple[frozenset[str], ...]

    def find(self, text: str, words: frozenset[str]) -> Iterator[tuple[int, int]]:
        """Where the cue stands in uniform text, as character offsets."""
        if not any(need.isdisjoint(words) for need in self.needs):
            yield from (match.span() for match in islice(self.pattern.finditer(text), MOST))


def compile_cue(source: str, lists: Mapping[str, Sequence[str]]) -> Cue:
    """Raises CueError, saying what is wrong."""
    parser = _Parser(source, lists)
    body = parser.sequence()
    if parser.peek():
        raise CueError(f"cue {source!r}: found {parser.peek()!r} with nothing open")
    if not any(piece[0].isalnum() or piece[0] == "<" for piece in parser.pieces):
        raise CueError(f"cue {source!r}: holds no word")
    if re.match(body, ""):
        raise CueError(f"cue {source!r}: all of it may be missing; hesitations are never heard")
    return Cue(source, re.compile(r"(?<![^ ])" + body), tuple(parser.needs))


class _Parser:
    """Recursive descent over the pieces of one cue; emits a regular expression over 'word word ' text."""

    def __init__(self, source: str, lists: Mapping[str, Sequence[str]]) -> None:
        self.source = source
        self.lists = lists
        self.pieces = _PIECES.findall(source)
        self.at = 0
        self.depth = 0
        self.needs: list[frozenset[str]] = []

    def peek(self) -> str:
        return self.pieces[self.at] if self.at < len(self.pieces) else ""

    def take(self) -> str:
        piece = self.peek()
        self.at += 1
        return piece

    def sequence(self) -> str:
        out = []
        while self.peek() not in ("", ")", "]", "|"):
            out.append(self.item())
        return "".join(out)

    def item(self) -> str:
        piece = self.take()
        if piece in GAPS:
            return rf"(?:\S+ ){{0,{GAPS[piece]}}}?"
        if piece == "^":
            return r"\A"
        if piece == "$":
            return r"\Z"
        if piece == "(":
            return f"(?:{self.group(')')})"
        if piece == "[":
            return f"(?:{self.group(']')})?"
        if piece.startswith("<"):
            return self.listed(piece[1:-1])
        return self.word(piece)

    def group(self, closing: str) -> str:
        self.depth += 1
        start = self.at
        branches = [self.sequence()]
        while self.peek() == "|":
            self.take()
            branches.append(self.sequence())
        if self.take() != closing:
            raise CueError(f"cue {self.source!r}: {closing!r} is missing")
        self.depth -= 1
        if closing == ")" and not self.depth:
            self.need(self.pieces[start : self.at - 1])
        return "|".join(branch for branch in branches if branch)

    def listed(self, name: str) -> str:
        if name not in self.lists:
            raise CueError(f"cue {self.source!r}: no list {name!r}; lists: {', '.join(sorted(self.lists))}")
        inner = _Parser("(" + "|".join(self.lists[name]) + ")", self.lists)
        body = inner.sequence()
        if not self.depth:
            self.needs += inner.needs
        return body

    def word(self, piece: str) -> str:
        if piece.endswith("*"):
            return re.escape(piece[:-1]) + r"\S* "
        words = uniform(piece).split()
        if not self.depth:
            self.needs += [frozenset([word]) for word in words]
        return "".join(re.escape(word) + " " for word in words)

    def need(self, inside: Sequence[str]) -> None:
        """From the pieces of a group of plain alternatives: a turn must hold the first word of one of them."""
        if any(p in "()[]" or p in GAPS or p.endswith("*") or p[0] in "<^$" for p in inside):
            return
        branches = [uniform(branch).split() for branch in " ".join(inside).split("|")]
        self.needs.append(frozenset(branch[0] for branch in branches if branch))
