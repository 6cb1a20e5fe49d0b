"""Which techniques are in these words? Surface codes: from the words and the last words of the patient, nothing else.

Text goes in as it was given; detections come out with character offsets into that same text.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from simpatient.cues import Cue
from simpatient.detect.mishearing import Misheard, misheard
from simpatient.detect.pack import Pack, Rule, load_pack
from simpatient.detect.semantic import Meaning, Scored, Semantic, load_semantic
from simpatient.model import Behaviour, Detection
from simpatient.text import Token, content_words, tokens

MARGIN = 12
"""Characters by which a guard or a stronger code reaches beyond its own words, about two words."""
ECHO = 0.4
"""Share of the learner's content words that must come from the patient's last turn to count as a reflection."""
MOSTLY = 0.65
"""Share from which nothing of one's own was added."""
LEAST, MOST = 0.5, 0.85
"""Lowest and highest confidence of what the matcher hears alone: always below that of a cue."""
CURT, LONG = 3, 25
"""Words up to which, and beyond which, the matcher may not overrule a cue: too few to tell, or one of many."""
SURE = 0.9
"""Probability from which what the matcher hears stands beside a stronger code on the same words."""
UNSURE = 0.45
"""Confidence of a question about suicide that may have been misheard: not credited, and never taken for not asked."""
_PLAIN = ("OPENQ", "CLOSEDQ")
_BACKCHANNEL = 2
_TRUSTED = frozenset({"GOAL_BRIDGE", "REPAIR", "SIDE_FX"})
"""Codes beside those of risk whose cues are not overruled: the matcher knows too few of their forms."""
_GREETINGS = frozenset("hello hi hey good".split())
_QUESTION_OPENERS = frozenset(
    "what how why where who when which do did does are is was were have has can could would".split()
)


@dataclass(frozen=True)
class _Hit:
    rule: Rule
    start: int
    end: int
    confidence: float
    cue: str
    meant: bool = False
    """Heard by the matcher, not by a cue."""
    sure: bool = False
    """The matcher is sure of it, whether a cue heard it or not."""
    backed: bool = False
    """Heard by a cue, and the matcher alone would have heard it too."""


@dataclass(frozen=True)
class Hearing:
    """What one learner turn holds."""

    detections: tuple[Detection, ...]
    behaviour: Behaviour
    topics: tuple["Touched", ...]
    """Topics touched, in the order they are named."""
    questions: tuple[tuple[int, int], ...] = ()
    """Characters of each question; questions on the same words are one."""
    jargon: tuple[tuple[int, int], ...] = ()
    """Characters of words that a patient does not know."""
    uncertain: tuple[Misheard, ...] = ()
    """Words that may be a question about suicide, misheard; they are never scored, the patient asks back."""

    @property
    def smalltalk(self) -> tuple[int, int] | None:
        """Where the weather or the journey is spoken of."""
        return next(((t.start, t.end) for t in self.topics if t.name == "smalltalk"), None)


@dataclass(frozen=True)
class Touched:
    """A topic that the words touch, with its characters in the text as it was given."""

    name: str
    start: int
    end: int
    risk: bool


class Detector:
    """Hears techniques by the cues of a pack and, in wordings that no cue knows, by the semantic matcher.

    Deterministic; one instance serves any number of turns. Without a matcher the cues serve alone.
    """

    def __init__(self, pack: Pack | None = None, semantic: Semantic | Literal["shipped"] | None = "shipped") -> None:
        self.pack = pack or load_pack()
        self.semantic = load_semantic() if semantic == "shipped" else semantic
        self._rules = {rule.technique.code: rule for rule in self.pack.rules}
        self._beats = {rule.technique.code: frozenset(rule.technique.beats) for rule in self.pack.rules}

    @property
    def digest(self) -> str:
        """What it hears with: pack and matcher, as 'sha256:…' of both."""
        parts = self.pack.digest + (self.semantic.digest if self.semantic else "")
        return "sha256:" + hashlib.sha256(parts.encode()).hexdigest()

    def hear(self, text: str, after: str = "") -> Hearing:
        """Surface codes of one learner turn; `after` is what the patient said just before."""
        toks = tokens(text)
        line = _Line(toks)
        hits = [hit for rule in self.pack.rules if (hit := self._best(rule, line))]
        hits = self._echo(toks, line, after, hits)
        cued = {hit.rule.technique.code for hit in hits}
        meaning = self.semantic.hear(text, after, cued) if self.semantic and len(toks) > _BACKCHANNEL else None
        topics = self._topics(line)
        risky = bool(after) or any(topic.risk for topic in topics)
        hits = self._with_meaning(meaning, line, hits, risky) if meaning else hits
        kept = self._settle(hits)
        if not kept and 0 < len(toks) <= _BACKCHANNEL and toks[0].text not in _QUESTION_OPENERS | _GREETINGS:
            kept = [_Hit(self._rule("FACIL"), 0, len(line.text), 0.9, "a turn of one or two words")]
        found = tuple(line.detection(hit) for hit in sorted(kept, key=lambda h: (h.start, h.rule.technique.code)))
        unsure = () if any(hit.rule.family == "R" for hit in kept) else misheard(toks)
        found += tuple(
            Detection("SI_ASK", "surface", m.start, m.end, UNSURE, f"uncertain: may be “{m.meant}” misheard")
            for m in unsure
        )
        return Hearing(
            found, self._behaviour(kept, meaning), topics, _apart(line, kept), self._jargon(line), unsure
        )  # fmt: skip

    def _jargon(self, line: "_Line") -> tuple[tuple[int, int], ...]:
        return tuple(line.original(*span) for cue in self.pack.jargon for span in cue.find(line.text, line.words))

    def _best(self, rule: Rule, line: "_Line") -> _Hit | None:
        """The strongest cue of a code that no guard cancels; two weak cues make one of middle strength."""
        best: _Hit | None = None
        weak = 0
        for cue, confidence in rule.cues:
            if best and best.confidence >= confidence and weak != 1:
                break
            found = cue.find(line.text, line.words)
            span = next((span for span in found if not self._guarded(rule, line, *span)), None)
            if span is None:
                continue
            weak += confidence < 0.7
            if best is None or confidence > best.confidence:
                best = _Hit(rule, *span, confidence, cue.source)
        if best and best.confidence < 0.7 and weak > 1:
            best = _Hit(rule, best.start, best.end, 0.75, best.cue)
        return replace(best, end=len(line.text)) if best and rule.technique.takes_rest else best

    def _guarded(self, rule: Rule, line: "_Line", start: int, end: int) -> bool:
        return _cancelled(rule.guards, line, start, end)

    def _echo(self, toks: tuple[Token, ...], line: "_Line", after: str, hits: list[_Hit]) -> list[_Hit]:
        """A statement most of whose content the patient has just said is a simple reflection."""
        said, heard = content_words(" ".join(t.text for t in toks)), content_words(after)
        share = len(said & heard) / len(said) if said else 0.0
        if (
            share < ECHO
            or toks[0].text in _QUESTION_OPENERS
            or any(hit.rule.technique.form == "question" for hit in hits)
        ):
            return hits
        others = [hit for hit in hits if hit.rule.technique.code not in ("REFL_S", "REFL_C")]
        if share < MOSTLY and len(others) < len(hits):
            return hits
        return [
            *others,
            _Hit(
                self._rule("REFL_S"), 0, len(line.text), 0.9 if share >= MOSTLY else 0.75, "repeats the patient's words"
            ),
        ]

    def _with_meaning(self, meaning: Meaning, line: "_Line", hits: list[_Hit], risky: bool) -> list[_Hit]:
        """Adds what the matcher hears and no cue did, unless a guard speaks against it; drops what it finds absurd."""
        short = CURT < len(line.toks) <= LONG
        hits = [self._weighed(h, meaning) for h in hits if not self._absurd(h, meaning, short)]
        heard = {hit.rule.technique.code for hit in hits}
        fresh = [s for s in meaning.over if s.code in self._rules and s.code not in heard]
        if not risky:
            fresh = [s for s in fresh if s.code != "SI_AVOID"]  # a change of subject needs a subject
        if meaning.behaviour != "question":
            fresh = [s for s in fresh if s.code not in _PLAIN]
        meant = [hit for s in fresh if (hit := self._meant(s, line))]
        return hits + [hit for hit in meant if not any(_spoken_for(hit, cued) for cued in hits)]

    def _weighed(self, hit: _Hit, meaning: Meaning) -> _Hit:
        """A cue's hit with what the matcher thinks of it."""
        assert self.semantic is not None
        code = hit.rule.technique.code
        probability = meaning.most.get(code, 0.0)
        return replace(hit, sure=probability >= SURE, backed=probability >= self.semantic.alone.get(code, 1.0))

    def _absurd(self, hit: _Hit, meaning: Meaning, short: bool) -> bool:
        """A cue's words in a sentence that means something else, whatever was said before: "no wonder it's cold".
        Never said of risk."""
        assert self.semantic is not None
        code = hit.rule.technique.code
        whole = code in _PLAIN or hit.rule.technique.pull == "hurt"
        sure = meaning.most if whole else meaning.anywhere
        told_at_length = not short and not hit.rule.technique.takes_rest
        trusted = hit.rule.family == "R" or code in _TRUSTED or told_at_length
        probability = max(sure.get(code, 1.0), meaning.bare.get(code, 0.0))
        return not trusted and probability < self.semantic.with_cue.get(code, 0.0)

    def _meant(self, scored: Scored, line: "_Line") -> _Hit | None:
        rule = self._rules[scored.code]
        start, end = line.span(scored.start, scored.end)
        if end <= start or self._guarded(rule, line, start, end):
            return None
        assert self.semantic is not None
        confidence = min(max(LEAST, round(20 * self.semantic.sureness(scored)) / 20), MOST)
        return _Hit(rule, start, end, confidence, f"sounds like {rule.technique.name.lower()} (matcher)", True,
                    scored.probability >= SURE)  # fmt: skip

    def _settle(self, hits: list[_Hit]) -> list[_Hit]:
        """Of two codes on the same words the one that beats the other stays."""
        return [
            hit
            for hit in hits
            if not any(
                self._gives_way(hit, other) and other.confidence + 0.2 >= hit.confidence
                for other in hits
                if other is not hit
            )
        ]

    def _gives_way(self, hit: _Hit, other: _Hit) -> bool:
        """Whether the other stands instead: on the same words a question with a purpose for a plain one, or as the pack
        says; in a turn that hurts by its question, a plain one counts for nothing wherever it stands.
        """
        code = hit.rule.technique.code
        hurts = other.rule.technique.pull == "hurt"
        if code in _PLAIN and hurts and other.rule.technique.form == "question":
            return True
        stands = (hit.sure and not other.sure) or (hit.backed and other.meant)
        if stands and code not in (*_PLAIN, "INFO") and not hurts:
            return False
        same = other.meant and other.rule.family == hit.rule.family and code not in _PLAIN and not hurts
        if not _near(hit, other) or same:
            return False
        purpose = other.rule.technique.form == "question" and other.rule.technique.code not in _PLAIN
        return code in self._beats[other.rule.technique.code] or (code in _PLAIN and purpose)

    def _behaviour(self, hits: Iterable[_Hit], meaning: Meaning | None) -> Behaviour:
        if meaning and meaning.behaviour:
            return meaning.behaviour
        forms = {hit.rule.technique.form for hit in hits}
        order: tuple[Behaviour, ...] = ("question", "reflection", "input")
        return next((form for form in order if form in forms), "other")

    def _topics(self, line: "_Line") -> tuple[Touched, ...]:
        first: dict[str, tuple[int, int]] = {}
        for name, cue in self.pack.topic_cues:
            for span in cue.find(line.text, line.words):
                if not _cancelled(self.pack.topic_guards[name], line, *span):
                    first[name] = min(span, first.get(name, span))
        places = sorted((span, name) for name, span in first.items())
        return tuple(Touched(name, *line.original(*span), self.pack.topics[name].risk) for span, name in places)

    def _rule(self, code: str) -> Rule:
        return self._rules[code]


def _cancelled(guards: Iterable[Cue], line: "_Line", start: int, end: int) -> bool:
    return any(
        first < end + MARGIN and start - MARGIN < last
        for guard in guards
        for first, last in guard.find(line.text, line.words)
    )


def _apart(line: "_Line", hits: Iterable[_Hit]) -> tuple[tuple[int, int], ...]:
    """The questions of a turn, those on the same words as one."""
    spans = sorted((hit.start, hit.end) for hit in hits if hit.rule.technique.form == "question")
    found: list[tuple[int, int]] = []
    for start, end in spans:
        if not found or start >= found[-1][1]:
            found.append((start, end))
    return tuple(line.original(*span) for span in found)


def _near(hit: _Hit, other: _Hit) -> bool:
    return other.start < hit.end + MARGIN and hit.start < other.end + MARGIN


def _spoken_for(hit: _Hit, cued: _Hit) -> bool:
    """The matcher alone accuses nobody where a cue hears a good move, nor praises where one hears a mistake."""
    code = cued.rule.technique.code
    opposite = (hit.rule.technique.pull == "hurt") != (cued.rule.technique.pull == "hurt")
    return opposite and code not in (*_PLAIN, *hit.rule.technique.beats) and _near(hit, cued)


class _Line:
    """A turn as cues see it: 'word word ', and the way back to the characters of the original."""

    def __init__(self, toks: tuple[Token, ...]) -> None:
        self.toks = toks
        self.text = "".join(token.text + " " for token in toks)
        self.words = frozenset(token.text for token in toks)
        self._at: list[int] = []
        for i, token in enumerate(toks):
            self._at += [i] * (len(token.text) + 1)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The place in uniform text of characters of the original."""
        inside = [i for i, token in enumerate(self.toks) if token.start < end and start < token.end]
        if not inside:
            return 0, 0
        lengths = [len(token.text) + 1 for token in self.toks]
        return sum(lengths[: inside[0]]), sum(lengths[: inside[-1] + 1])

    def original(self, start: int, end: int) -> tuple[int, int]:
        first, last = self.toks[self._at[start]], self.toks[self._at[min(end, len(self._at)) - 1]]
        return first.start, last.end

    def detection(self, hit: _Hit) -> Detection:
        return Detection(
            hit.rule.technique.code, "surface", *self.original(hit.start, hit.end), hit.confidence, hit.cue
        )
