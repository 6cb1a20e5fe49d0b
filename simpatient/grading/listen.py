"""What the learner's words hold beside the codes: topics asked about, phrases, times of day and year; and evidence.

Everything found is an `Evidence`: the turn, its time in the audio, the words, and the rule that found them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from simpatient.cues import Cue, compile_cue
from simpatient.detect.detector import MARGIN
from simpatient.detect.pack import Pack
from simpatient.model import Detection, Evidence, Turn, Utterance
from simpatient.text import Token, tokens
from simpatient.yamlfile import load

CREDITED = 0.5
"""Confidence from which a detection counts."""
SURE = 0.7
"""Confidence from which it counts without a human's look."""
_META = frozenset({"goodbye", "stop", "own_risk", "say_again", "smalltalk"})


@dataclass(frozen=True)
class Words:
    """words.yaml: phrases that grading listens for, by name; stations name them as <safety> and the like."""

    promise: tuple[str, ...]
    limit: tuple[str, ...]
    limited: tuple[str, ...]
    safety: tuple[str, ...]
    next: tuple[str, ...]
    honest: tuple[str, ...]
    regions: dict[str, tuple[str, ...]]


@lru_cache(maxsize=1)
def words() -> Words:
    return load(Path(__file__).with_name("words.yaml"), Words)


@lru_cache(maxsize=512)
def cue(source: str) -> Cue:
    """A cue compiled; the lists of words.yaml stand in it as <safety> and the like. Raises CueError."""
    w = words()
    own = ("promise", "limit", "limited", "safety", "next", "honest")
    lists = {**{name: getattr(w, name) for name in own}, **w.regions}
    return compile_cue(source, lists)


@lru_cache(maxsize=256)
def _line(text: str) -> tuple[tuple[Token, ...], str, frozenset[str], tuple[int, ...]]:
    """Tokens, uniform text, its words, and for each of its characters the number of the token."""
    toks = tokens(text)
    at = tuple(i for i, token in enumerate(toks) for _ in range(len(token.text) + 1))
    return toks, "".join(token.text + " " for token in toks), frozenset(token.text for token in toks), at


def phrases(text: str, cues: Iterable[Cue]) -> Iterator[tuple[int, int, str]]:
    """Where cues stand in a text as it was given: start, end, cue."""
    toks, line, bag, at = _line(text)
    for one in cues:
        for start, end in one.find(line, bag):
            yield toks[at[start]].start, toks[at[min(end, len(at)) - 1]].end, one.source


def topics_in(text: str, pack: Pack) -> dict[str, tuple[int, int]]:
    """Topics that the words name, with their characters."""
    toks, line, bag, at = _line(text)
    found: dict[str, tuple[int, int]] = {}
    for name, one in pack.topic_cues:
        for start, end in one.find(line, bag) if name not in found else ():
            guards = (span for guard in pack.topic_guards[name] for span in guard.find(line, bag))
            if not any(first < end + MARGIN and start - MARGIN < last for first, last in guards):
                found[name] = (toks[at[start]].start, toks[at[min(end, len(at)) - 1]].end)
                break
    return {name: span for name, span in found.items() if name not in _META}


def asks(turn: Turn, pack: Pack) -> bool:
    """Whether the turn holds a question: by a code, or by how it is written."""
    forms = (pack.technique(d.code) for d in turn.detections)
    return any(t is not None and t.form == "question" for t in forms) or turn.utterance.text.rstrip().endswith("?")


def told(turn: Turn, pack: Pack) -> tuple[str, str] | None:
    """The topic and depth that the patient answered at in this turn."""
    topic, _, rest = turn.reply.id.partition(".")
    depth = rest.partition(".")[0]
    return (topic, depth) if topic in pack.topics and depth in ("deflect", "partial", "full") else None


# ---- evidence


def by_code(turn: Turn, d: Detection) -> Evidence:
    """A detection as evidence."""
    return _of_words(turn, d.start, d.end, d.code, d.confidence, d.cue)


def by_phrase(turn: Turn, start: int, end: int, name: str, rule: str) -> Evidence:
    """Words of the learner that a cue found."""
    return _of_words(turn, start, end, name, 1.0, rule)


def by_reply(turn: Turn, name: str, rule: str) -> Evidence:
    """What the patient said."""
    u = turn.utterance
    return Evidence(turn.no, u.end_ms, u.end_ms, turn.reply.text, name, 1.0, f"the patient's words: {rule}")


def _of_words(turn: Turn, start: int, end: int, code: str, confidence: float, rule: str) -> Evidence:
    first_ms, last_ms = span_ms(turn.utterance, start, end)
    return Evidence(turn.no, first_ms, last_ms, turn.utterance.text[start:end], code, confidence, rule)


def span_ms(utterance: Utterance, start: int, end: int) -> tuple[int, int]:
    """The time in the audio of characters of the turn; the whole turn where words have no times."""
    at, inside = 0, []
    for word in utterance.words:
        if at < end and start < at + len(word.text):
            inside.append(word)
        at += len(word.text) + 1
    if not inside:
        return utterance.start_ms, utterance.end_ms
    return inside[0].start_ms, inside[-1].end_ms


def heard(turn: Turn) -> tuple[Detection, ...]:
    """The detections that count."""
    return tuple(d for d in turn.detections if d.confidence >= CREDITED)
