"""One turn of a session said another way: the patient stands exactly where they stood before it.

The new session repeats the earlier turns word for word, so that it is whole in itself: it can be replayed and graded
like any other. Its header names where it comes from: {"origin": {"session": id, "turn": N}}.
"""

from simpatient.errors import JournalError, UsageError
from simpatient.model import Moment, Reply, Transcript, Turn
from simpatient.outcome import second_visit
from simpatient.patient.engine import Engine
from simpatient.patient.situation import Situation
from simpatient.session.journal import Journal, Read
from simpatient.session.records import Json
from simpatient.session.resume import situation
from simpatient.session.runner import Session

REPEATED = frozenset({"heard", "unclear", "silence", "interrupted", "decided", "spoke"})
"""Events of earlier turns that the new journal repeats; a station's bells and pauses are not lived through again."""
ABOUT = ("station", "learner", "extra")
"""What the new header takes over from the old one."""


def before(origin: Read, engine: Engine, turn: int) -> Situation:
    """Where the patient stood before this turn. Raises UsageError, JournalError where the patient has changed since."""
    last = len(origin.transcript().turns)
    if last == 0:
        raise JournalError("nothing was said in this session; there is nothing to say another way")
    if not 1 <= turn <= last:
        raise UsageError(f"--turn: found {turn}; allowed: 1 to {last}")
    return situation(origin, engine, turn - 1)


def begin(
    origin: Read, engine: Engine, turn: int, now: Situation, journal: Journal, about: Json
) -> tuple[Session, Reply]:  # fmt: skip
    """The new session at that turn, and what the patient says last before it. `now` comes from `before`."""
    header = {name: origin.header[name] for name in ABOUT if name in origin.header}
    session = Session(engine, journal, {"mode": "retry", **header, **about})
    for event in _earlier(origin, turn):
        journal.add(**event)
    session.now = now
    return session, now.memory.said or session.opening


def _earlier(origin: Read, turn: int) -> list[Json]:
    """The events before the turn, without the last thing that the patient said: it is said again."""
    found = [e for e in origin.events if e["event"] in REPEATED and e.get("turn", 0) < turn]
    return [e for e in found if e["event"] != "spoke" or e["turn"] < turn - 1]


def worst(transcript: Transcript, moments: tuple[Moment, ...]) -> int:
    """The turning point that cost most, else the turn that did. Raises UsageError where none cost anything."""
    turning = {moment.turn for moment in moments if moment.kind == "turning"}
    turns = [turn for turn in transcript.turns if turn.no in turning] or list(transcript.turns)
    turn = min(turns, key=_gain, default=None)
    if turn is None or (not turning and _gain(turn) >= 0):
        raise UsageError("no turn of this session moved the patient away; name one with --turn")
    return turn.no


def _gain(turn: Turn) -> float:
    return second_visit(turn.after, turn.ended) - second_visit(turn.before)
