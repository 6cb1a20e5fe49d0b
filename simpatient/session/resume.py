"""Puts a session that a crash broke off back to where it was, from its journal alone.

The recorded words go through the engine again; since it is pure, the patient stands where it stood, to the last digit.
Where a decision differs from the recorded one the patient has changed since, and the session does not go on.
"""

from dataclasses import dataclass

from simpatient.errors import JournalError
from simpatient.model import Reply, Turn
from simpatient.patient.engine import SILENCE, Engine
from simpatient.patient.situation import Situation
from simpatient.session import records
from simpatient.session.journal import Read
from simpatient.session.limits import Bell
from simpatient.session.records import Json


@dataclass(frozen=True)
class Left:
    """What a crash left."""

    now: Situation
    """With the turn that was running, if its words were kept."""
    running: Turn | None = None
    """The turn whose words were kept and whose answer was not: decided anew."""
    unsaid: Reply | None = None
    """What the patient had to say and perhaps did not."""
    bells: tuple[Bell, ...] = ()
    at_ms: int = 0
    """The station's time of the last bell, pause or resumption."""
    over: bool = False
    """The interview had ended."""


def situation(journal: Read, engine: Engine, turns: int | None = None) -> Situation:
    """Where the patient stood after so many turns of a journal (None: all). Raises JournalError."""
    _same(journal, engine)
    opening, now = engine.open()
    if records.of_reply(opening) != journal.header["opening"]:
        raise _changed("the opening")
    heard: Json = {}
    interrupting = False
    for event in journal.events:
        if event["event"] == "interrupted":
            interrupting = True
        elif event["event"] in ("heard", "unclear", "silence"):
            heard = event
        elif event["event"] == "decided":
            if turns is not None and event["turn"] > turns:
                break
            turn, now = _repeat(heard, engine, now, interrupting)
            interrupting = False
            if {"event": "decided", **records.of_decision(turn)} != event:
                raise _changed(f"turn {turn.no}")
    return now


def left(journal: Read, engine: Engine) -> Left:
    """What there is to go on from. Raises JournalError where nothing is."""
    now = situation(journal, engine)
    events = journal.events
    last = next((e for e in reversed(events) if e["event"] in ("heard", "unclear", "silence", "decided")), None)
    ended = next((e["reason"] for e in reversed(events) if e["event"] == "ended"), None)
    if ended == "aborted" or any(e["event"] == "paused" and "by" not in e for e in events):
        raise JournalError("the learner stopped this session; it does not go on")
    running = None
    if last and last["event"] != "decided":
        running, now = _repeat(last, engine, now, _interrupting(events))
    said = {e["turn"] for e in events if e["event"] == "spoke"}
    over = ended is not None and ended != "tech"
    unsaid = None if over or now.memory.turn in said else now.memory.said or engine.open()[0]
    at_ms = max((e["at_ms"] for e in events if "at_ms" in e), default=0)
    return Left(now, running, unsaid, bells(journal), at_ms, over)


def bells(journal: Read) -> tuple[Bell, ...]:
    """The bells that have rung."""
    return tuple(Bell(e["name"], e["at_ms"], e["left_ms"]) for e in journal.events if e["event"] == "bell")


def _interrupting(events: tuple[Json, ...]) -> bool:
    """Whether the last turn cut into the patient's words."""
    marks = [e["event"] for e in events if e["event"] in ("interrupted", "decided")]
    return bool(marks) and marks[-1] == "interrupted"


def _repeat(heard: Json, engine: Engine, now: Situation, interrupting: bool) -> tuple[Turn, Situation]:
    if heard["event"] == "silence":
        return engine.silence(now, heard.get("seconds", SILENCE))
    return engine.hear(now, records.to_utterance(heard["utterance"]), interrupting)


def _same(journal: Read, engine: Engine) -> None:
    then = journal.header
    if then["persona"]["digest"] != engine.patient.digest:
        raise _changed("the patient")
    if then["pack"] != engine.detector.digest:
        raise _changed("what the program hears")


def _changed(what: str) -> JournalError:
    return JournalError(f"{what} has changed since this session was written; it can be graded, and does not go on")
