"""Whether a mark sheet's condition holds in a transcript, and because of which words.

Pure. Moments are compared by (turn, character), so that what stands earlier in one turn comes before what stands later.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from simpatient.detect.pack import Pack
from simpatient.grading import listen
from simpatient.grading.goals import goals_voiced
from simpatient.grading.station import Condition
from simpatient.model import Detection, Evidence, Transcript, Turn
from simpatient.persona.load import Patient

DEPTHS = ("deflect", "partial", "full")
_END = (10**9, 0)
Place = tuple[int, int]
"""Turn, and character in it."""


@dataclass(frozen=True, slots=True)
class Held:
    """Whether a condition holds, and the moments that show it."""

    holds: bool
    evidence: tuple[Evidence, ...] = ()

    @property
    def unsure(self) -> bool:
        """It rests on something heard with a confidence below .7."""
        return any(e.confidence < listen.SURE for e in self.evidence)


@dataclass(frozen=True)
class Session:
    """A transcript with what conditions ask of it, worked out once."""

    transcript: Transcript
    patient: Patient
    pack: Pack

    @property
    def turns(self) -> tuple[Turn, ...]:
        return self.transcript.turns

    @cached_property
    def detections(self) -> tuple[tuple[Turn, Detection], ...]:
        """Every detection that counts, in order."""
        return tuple((turn, d) for turn in self.turns for d in listen.heard(turn))

    @cached_property
    def topics(self) -> tuple[tuple[Turn, dict[str, tuple[int, int]]], ...]:
        """The topics asked about in each turn: named in a question, or answered by the patient."""
        return tuple((turn, self._asked(turn)) for turn in self.turns)

    @cached_property
    def told(self) -> tuple[tuple[Turn, str, str], ...]:
        """(turn, topic, depth) of what the patient answered from a topic."""
        return tuple((turn, *found) for turn in self.turns if (found := listen.told(turn, self.pack)))

    @cached_property
    def goals(self) -> tuple[tuple[Turn, frozenset[str]], ...]:
        """The goals that each turn's reply voiced, of those not voiced before."""
        seen: set[str] = set()
        found = []
        for turn in self.turns:
            fresh = frozenset(goals_voiced({turn.reply.id}, self.patient)) - seen
            seen |= fresh
            if fresh:
                found.append((turn, fresh))
        return tuple(found)

    def _asked(self, turn: Turn) -> dict[str, tuple[int, int]]:
        found = listen.topics_in(turn.utterance.text, self.pack) if listen.asks(turn, self.pack) else {}
        answered = listen.told(turn, self.pack)
        return {**({answered[0]: (0, len(turn.utterance.text))} if answered else {}), **found}


def rests_on_the_patient(condition: Condition | None) -> bool:
    """Whether a condition depends on what the patient said or felt, which in open loop is the engine's guess."""
    c = condition
    return c is not None and bool(
        c.told
        or c.replies
        or c.after_reply
        or c.at_least
        or c.at_most
        or c.stage
        or c.goals
        or c.tasks
        or any(map(rests_on_the_patient, c.any))
    )


def holds(condition: Condition, session: Session) -> Held:
    """Every key that is given must hold."""
    c = condition
    inside = _between(c, session)
    if inside is None:
        return Held(False)
    if not c.together:
        return _holds(c, session, inside)
    turns = (_holds(c, session, _in_turn(turn.no, inside)) for turn in session.turns)
    return next((held for held in turns if held.holds), Held(False))


def _in_turn(no: int, inside: Callable[[Place], bool]) -> Callable[[Place], bool]:
    return lambda place: place[0] == no and inside(place)


def _holds(c: Condition, session: Session, inside: Callable[[Place], bool]) -> Held:
    parts: list[Held] = []
    if c.heard:
        parts.append(_heard(c, session, inside))
    parts += [_first(code, session, inside) for code in c.every]
    if c.never:
        parts.append(Held(not any(d.code in c.never for _, d in session.detections)))
    if c.asked:
        parts.append(_asked(c, session, inside))
    if c.told:
        parts.append(_told(c, session, inside))
    if c.says:
        parts.append(_says(c, session, inside))
    if c.replies:
        parts.append(_replied(c.replies, session, inside))
    if c.any:
        parts.append(next((h for one in c.any if (h := holds(one, session)).holds), Held(False)))
    parts += _state(c, session)
    return Held(all(p.holds for p in parts), tuple(e for p in parts if p.holds for e in p.evidence))


def _between(c: Condition, session: Session) -> Callable[[Place], bool] | None:
    """Which places count; None where `after` or `after_reply` names what never came."""
    before = _place(c.before, session) or _END
    after: Place = (0, 0)
    if c.after:
        first = _place(c.after, session)
        if first is None:
            return None
        after = (first[0], 0)
    if c.after_reply:
        turn = next((t for t in session.turns if _is_reply(t, c.after_reply)), None)
        if turn is None:
            return None
        after = max(after, (turn.no + 1, 0))
    if c.last and session.turns:
        after = max(after, (session.turns[-1].no - c.last + 1, 0))
    return lambda place: after <= place < before


def _place(codes: Iterable[str], session: Session) -> Place | None:
    return min(((turn.no, d.start) for turn, d in session.detections if d.code in codes), default=None)


def _heard(c: Condition, session: Session, inside: Callable[[Place], bool]) -> Held:
    """The surest detection of each turn that holds one of the codes."""
    best: dict[int, tuple[float, Evidence]] = {}
    for turn, d in session.detections:
        if d.code in c.heard and inside((turn.no, d.start)) and d.confidence > best.get(turn.no, (0.0,))[0]:
            best[turn.no] = (d.confidence, listen.by_code(turn, d))
    found = sorted((e for _, e in best.values()), key=lambda e: (e.confidence < listen.SURE, e.turn))
    shown = tuple(sorted(found[: c.times], key=lambda e: e.turn))
    return Held(len(found) >= c.times, shown)


def _first(code: str, session: Session, inside: Callable[[Place], bool]) -> Held:
    found = [(t, d) for t, d in session.detections if d.code == code and inside((t.no, d.start))]
    if not found:
        return Held(False)
    turn, d = next(((t, d) for t, d in found if d.confidence >= listen.SURE), found[0])
    return Held(True, (listen.by_code(turn, d),))


def _asked(c: Condition, session: Session, inside: Callable[[Place], bool]) -> Held:
    first: dict[str, Evidence] = {}
    for turn, topics in session.topics:
        for name, (start, end) in topics.items():
            if name in c.asked and name not in first and inside((turn.no, start)):
                first[name] = listen.by_phrase(turn, start, end, name, f"asks about {name}")
    return _several(first, c.topics)


def _told(c: Condition, session: Session, inside: Callable[[Place], bool]) -> Held:
    first: dict[str, Evidence] = {}
    least = DEPTHS.index(c.depth)
    for turn, name, depth in session.told:
        if name in c.told and name not in first and DEPTHS.index(depth) >= least and inside((turn.no, 0)):
            first[name] = listen.by_reply(turn, name, f"tells of {name} ({depth})")
    return _several(first, c.topics)


def _several(first: dict[str, Evidence], wanted: int) -> Held:
    shown = sorted(first.values(), key=lambda e: e.turn)[:wanted]
    return Held(len(first) >= wanted, tuple(shown))


def _says(c: Condition, session: Session, inside: Callable[[Place], bool]) -> Held:
    cues = [listen.cue(source) for source in c.says]
    for turn in session.turns:
        for start, end, rule in listen.phrases(turn.utterance.text, cues):
            if inside((turn.no, start)):
                return Held(True, (listen.by_phrase(turn, start, end, "words", rule),))
    return Held(False)


def _is_reply(turn: Turn, names: Iterable[str]) -> bool:
    return any(
        turn.reply.reply_class == name or (name.endswith(".") and turn.reply.id.startswith(name)) for name in names
    )


def _replied(names: tuple[str, ...], session: Session, inside: Callable[[Place], bool]) -> Held:
    turn = next((t for t in session.turns if inside((t.no, 0)) and _is_reply(t, names)), None)
    return Held(False) if turn is None else Held(True, (listen.by_reply(turn, turn.reply.reply_class, turn.reply.id),))


def freely_agreed(turn: Turn) -> bool:
    """The patient agreed to a step, and was not pressed."""
    return turn.reply.reply_class == "assent_task" and all(d.code != "PRESSURE" for d in listen.heard(turn))


def _state(c: Condition, session: Session) -> Iterator[Held]:
    turns = session.turns
    end = turns[-1].after if turns else session.transcript.start
    for name, least in c.at_least.items():
        yield Held(getattr(end, name) >= least)
    for name, most in c.at_most.items():
        yield Held(getattr(end, name) <= most)
    if c.stage:
        reached = next((t for t in turns if t.after.stage in c.stage), None)
        yield Held(bool(reached), (listen.by_reply(reached, reached.after.stage, "stage reached"),) if reached else ())
    if c.goals:
        count = sum(len(fresh) for _, fresh in session.goals)
        shown = tuple(listen.by_reply(t, ", ".join(sorted(g)), "voices a goal") for t, g in session.goals)
        yield Held(count >= c.goals, shown[: c.goals])
    if c.tasks:
        agreed = [t for t in turns if freely_agreed(t)]
        yield Held(
            len(agreed) >= c.tasks, tuple(listen.by_reply(t, "task", "agrees to a step") for t in agreed[: c.tasks])
        )
    if c.turns:
        yield Held(len(turns) >= c.turns)
