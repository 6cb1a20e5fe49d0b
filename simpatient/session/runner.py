"""One loop for every mode: ears give utterances, the engine answers, the mouth speaks, the journal keeps.

A mode is a composition made by the command line; the runner knows no device, no screen and no clock.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from simpatient import __version__
from simpatient.errors import OutputError, SimpatientError
from simpatient.model import AllianceState, Ended, Reply, Turn, Utterance
from simpatient.outcome import second_visit
from simpatient.patient.engine import SILENCE, Engine
from simpatient.patient.situation import Situation
from simpatient.session import records
from simpatient.session.journal import FORMAT, Journal
from simpatient.session.records import Json


@dataclass(frozen=True, slots=True)
class Cut:
    """The learner spoke into a reply, and the patient stopped."""

    said: str
    """What the patient had said of it."""


Watcher = Callable[[Turn], None]
Mouth = Callable[[Reply], Cut | None]


class Session:
    """A patient in conversation, journalled."""

    def __init__(self, engine: Engine, journal: Journal, about: Json, now: Situation | None = None) -> None:
        """`about` is what the header says of mode, recogniser and voice; a session that goes on from `now` has one."""
        self.engine = engine
        self.journal = journal
        self.opening, self.now = engine.open()
        self._over = False
        self._interrupting = False
        if now is not None:
            self.now = now
            return
        patient = engine.patient
        journal.add(
            "header", format=FORMAT, version=__version__, seed=engine.seed, difficulty=engine.difficulty,
            persona={"id": patient.id, "version": patient.persona.version, "digest": patient.digest},
            pack=engine.detector.digest,
            opening=records.of_reply(self.opening), start=records.of_state(self.now.state), **about,
        )  # fmt: skip

    @property
    def state(self) -> AllianceState:
        return self.now.state

    def foresee(self, utterance: Utterance) -> Turn:
        """The turn that would follow these words; nothing happens, and any thread may ask."""
        return self.engine.hear(self.now, utterance, self._interrupting)[0]

    def hear(self, utterance: Utterance) -> Turn | None:
        """The turn that follows; None if the learner stopped or spoke of their own risk (nothing of it is kept)."""
        turn, after = self.engine.hear(self.now, utterance, self._interrupting)
        if turn.ended == "aborted":
            self.journal.add("paused")
            self.end("aborted")
            return None
        return self._keep("unclear" if _asked_back(turn) else "heard", turn, after)

    def silence(self, seconds: float = SILENCE) -> Turn:
        """The learner has said nothing for so long."""
        turn, after = self.engine.silence(self.now, seconds)
        return self._keep("silence", turn, after, seconds=seconds)

    def _keep(self, event: str, turn: Turn, after: Situation, **more: object) -> Turn:
        self.journal.add(event, turn=turn.no, utterance=records.of_utterance(turn.utterance), **more)
        self.journal.add("decided", **records.of_decision(turn))
        self.now, self._interrupting = after, False
        return turn

    def spoke(self, reply: Reply) -> None:
        self.journal.add("spoke", turn=self.now.memory.turn, reply=reply.id)

    def interrupted(self, reply: Reply, cut: Cut) -> None:
        """The learner spoke while the patient was speaking, and goes on; the next turn is that of an interrupter."""
        self._interrupting = True
        self.journal.add("interrupted", turn=self.now.memory.turn, reply=reply.id, said=cut.said)

    def end(self, reason: Ended) -> Ended:
        """Ends the session once; a reason that the patient gave stands. Returns the reason that stands."""
        if not self._over:
            self._over = True
            reason = self.now.ended or reason
            self.now = Situation(self.now.state, self.now.memory, reason)
            self.journal.add("ended", reason=reason, second_visit=second_visit(self.now.state, reason))
        assert self.now.ended is not None
        return self.now.ended

    def fail(self, error: SimpatientError) -> None:
        """Notes what broke the session; words of learner or patient are no part of an error."""
        self.journal.add("failed", error=type(error).__name__)
        self.end("tech")


def _asked_back(turn: Turn) -> bool:
    return turn.reply.id.startswith("unclear.")


def run(
    session: Session, ears: Iterable[Utterance | None], mouth: Mouth, watch: Watcher, first: Reply | None = None
) -> Ended:
    """Runs a session to its end and closes its journal. Returns the reason of the end.

    An ear's None is a long silence. The patient says `first` before listening; without it, the opening.
    An error or Ctrl-C on the way leaves a whole journal that says `failed` or `aborted`.
    """
    try:
        return converse(session, ears, mouth, watch, first or session.opening)
    finally:
        session.journal.close()


def converse(
    session: Session, ears: Iterable[Utterance | None], mouth: Mouth, watch: Watcher, first: Reply | None
) -> Ended:
    """As `run`, and the journal stays open. `first` is what the patient says before listening."""
    try:
        if first is not None:
            _say(session, mouth, first)
        if session.now.ended is None:
            _exchange(session, ears, mouth, watch)
        return session.end("closed")
    except KeyboardInterrupt:
        session.end("aborted")
        raise
    except OutputError:
        raise
    except SimpatientError as error:
        session.fail(error)
        raise


def _exchange(session: Session, ears: Iterable[Utterance | None], mouth: Mouth, watch: Watcher) -> None:
    for utterance in ears:
        turn = session.silence() if utterance is None else session.hear(utterance)
        if turn is None:
            return
        watch(turn)
        _say(session, mouth, turn.reply)
        if turn.ended:
            return


def _say(session: Session, mouth: Mouth, reply: Reply) -> None:
    """An interrupted reply was said too, as far as the line before says."""
    if cut := mouth(reply):
        session.interrupted(reply, cut)
    session.spoke(reply)
