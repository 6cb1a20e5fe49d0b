"""The taxonomy as data: `packs/<language>/`, a file a family, read strictly.

`lists.yaml` holds the word lists that cues name as <list>; `topics.yaml` the topics; every other file one family of
techniques. Each technique carries its definition, its crosswalk to MITI 4.2.1 and MISC 2.5, its cues, examples that
must be heard and near-misses that must not.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Literal

from simpatient.cues import Cue, CueError, compile_cue
from simpatient.errors import DataError
from simpatient.yamlfile import Range, line_of, load

PACKS = Path(__file__).parent / "packs"
STRONG, WEAK = 0.9, 0.6
"""Confidence of a cue and of a weak cue; the second is credited in part and flagged."""


@dataclass(frozen=True)
class Technique:
    """One code of the taxonomy, as written in the pack."""

    code: str
    name: str
    form: Literal["question", "reflection", "input", "other"]
    definition: str
    source: str
    says: tuple[str, ...]
    near: tuple[str, ...]
    pull: Literal["hurt", "ask", "offer", "say"] = "say"
    """What the patient answers first: a hurt before a question, a question before an offer, that before a remark."""
    star: bool = True
    right: str = ""
    wrong: str = ""
    instead: str = ""
    """For a mistake: a better move, in one sentence."""
    miti: str = ""
    misc: str = ""
    cues: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    not_: tuple[str, ...] = ()
    """Cues that cancel this code where they stand on the same words."""
    takes_rest: bool = False
    """Told over several sentences: what follows in the turn belongs to it."""
    beats: tuple[str, ...] = ()
    """Codes that give way to this one on the same words."""


@dataclass(frozen=True)
class Family:
    """A family file."""

    family: str
    title: str
    techniques: tuple[Technique, ...]
    not_: tuple[str, ...] = ()
    """Cues that cancel every code of the family where they stand on the same words: negation, quotation."""


@dataclass(frozen=True)
class Topic:
    """Something a patient can be asked about."""

    gate: Annotated[int, Range(0, 4)]
    cues: tuple[str, ...]
    risk: bool = False
    not_: tuple[str, ...] = ()
    """Cues that cancel the topic where they stand on the same words: reported speech."""


@dataclass(frozen=True)
class _Topics:
    topics: dict[str, Topic]


@dataclass(frozen=True)
class _Lists:
    lists: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Rule:
    """A technique with its compiled cues."""

    technique: Technique
    family: str
    cues: tuple[tuple[Cue, float], ...]
    guards: tuple[Cue, ...]


@dataclass(frozen=True)
class Pack:
    """Everything the detector knows."""

    rules: tuple[Rule, ...]
    topics: dict[str, Topic]
    topic_cues: tuple[tuple[str, Cue], ...]
    topic_guards: dict[str, tuple[Cue, ...]]
    jargon: tuple[Cue, ...]
    """Words of the clinic that a patient does not know."""
    digest: str

    def technique(self, code: str) -> Technique | None:
        return self._by_code.get(code)

    def codes(self) -> tuple[str, ...]:
        return tuple(rule.technique.code for rule in self.rules)

    @cached_property
    def _by_code(self) -> dict[str, Technique]:
        return {rule.technique.code: rule.technique for rule in self.rules}


@lru_cache(maxsize=4)
def load_pack(folder: Path = PACKS / "en") -> Pack:
    """Reads and compiles a pack. Raises DataError with file:line."""
    lists = load(folder / "lists.yaml", _Lists).lists
    topics = load(folder / "topics.yaml", _Topics).topics
    rules: list[Rule] = []
    files = [f for f in sorted(folder.glob("*.yaml")) if f.name not in ("lists.yaml", "topics.yaml")]
    for file in files:
        family = load(file, Family)
        rules += [_rule(file, technique, family, lists) for technique in family.techniques]
    _refuse_twins(folder, rules)
    topic_cues = [(name, _cue(folder / "topics.yaml", c, lists)) for name, topic in topics.items() for c in topic.cues]
    guards = {name: tuple(_cue(folder / "topics.yaml", c, lists) for c in topic.not_) for name, topic in topics.items()}
    jargon = tuple(_cue(folder / "lists.yaml", word, lists) for word in lists.get("jargon", ()))
    return Pack(tuple(rules), topics, tuple(topic_cues), guards, jargon, _digest(folder))


def _rule(file: Path, technique: Technique, family: Family, lists: dict[str, tuple[str, ...]]) -> Rule:
    cues = [(_cue(file, c, lists), STRONG) for c in technique.cues] + [
        (_cue(file, c, lists), WEAK) for c in technique.weak
    ]
    guards = tuple(_cue(file, c, lists) for c in (*technique.not_, *family.not_))
    return Rule(technique, family.family, tuple(cues), guards)


def _cue(file: Path, source: str, lists: dict[str, tuple[str, ...]]) -> Cue:
    try:
        return compile_cue(source, lists)
    except CueError as error:
        raise DataError(f"{file}:{line_of(file, source)}: {error}") from None


def _refuse_twins(folder: Path, rules: list[Rule]) -> None:
    codes = [rule.technique.code for rule in rules]
    for rule in rules:
        code = rule.technique.code
        if codes.count(code) > 1:
            raise DataError(f"{folder}:1: the code {code} stands in more than one technique")
        for other in rule.technique.beats:
            if other not in codes:
                raise DataError(f"{folder}:1: {code} beats {other}, which is no code of this pack")


def _digest(folder: Path) -> str:
    total = hashlib.sha256()
    for file in sorted(folder.glob("*.yaml")):
        total.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return "sha256:" + total.hexdigest()
