"""`simpatient talk`: a live conversation, by microphone or by keyboard."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from simpatient.cli import common, screen
from simpatient.cli.consent import Consent, at_prompt, consent
from simpatient.cli.options import RETAIN_DAYS
from simpatient.cli.sound import Sound
from simpatient.errors import UsageError
from simpatient.grading.coach import coach
from simpatient.model import Ended, Reply, Turn, Utterance
from simpatient.patient.engine import Engine
from simpatient.ports.clock import SystemClock
from simpatient.session import manifest, records
from simpatient.session.journal import Journal
from simpatient.session.outputs import REPORT, write_outputs
from simpatient.session.records import Json
from simpatient.session.runner import Session, run
from simpatient.session.tape import Tape

if TYPE_CHECKING:
    from simpatient.cli.display import Look

WARNING = (
    "Simulated patient. Distressing themes such as self-harm and suicide may come up. You may stop at any time\n"
    "without penalty: say or type “stop simulation”, or press Ctrl-C. Not for real patients."
)
OWN_RISK = (
    "The simulation is paused, and nothing of your last words was kept. If you are thinking of harming yourself,\n"
    "please talk to somebody now: in the US and Canada call or text 988; elsewhere your local emergency\n"
    "number. Your supervisor or occupational health service is there for you too."
)
LONGEST = 4_000
"""Characters of a typed turn that are read."""

Begin = Callable[[Json], tuple[Session, Reply]]
"""What the header says of recogniser and voice in; the session and what the patient says first out."""


@dataclass(frozen=True)
class Wishes:
    """What the command line asks of a conversation."""

    typed: bool = False
    show_state: bool = False
    coach: bool = False
    as_json: bool = False
    sound: Sound = field(default_factory=Sound)
    captions: bool = True
    keep_audio: bool = False
    retain_days: int = RETAIN_DAYS
    learner: str = ""
    say: str | None = None
    """Said first; without `typed` it is all that is said."""

    @property
    def look(self) -> "Look":
        from simpatient.cli.display import Look

        return Look(self.captions, self.coach, self.show_state)


def run_talk(persona: str, wishes: Wishes, *, out: Path | None, seed: int, difficulty: int) -> None:
    """Holds the conversation and writes the session."""
    if wishes.as_json and not wishes.typed:
        raise UsageError("--json goes with --typed")
    if wishes.as_json and wishes.coach:
        raise UsageError("--coach goes without --json, which tells all of it")
    if wishes.typed and (wishes.sound.push_to_talk or not wishes.captions):
        raise UsageError("--push-to-talk and --no-captions go without --typed")
    engine = common.engine(persona, seed, difficulty)
    talk_with(engine, common.session_folder(out, engine.patient.id), wishes)


def talk_with(engine: Engine, folder: Path, wishes: Wishes) -> None:
    """A whole session with a patient, from the start screen to the debrief."""
    view = screen.console()
    if not wishes.as_json:
        screen.say(view, f"{WARNING}\n\n{engine.patient.persona.setting}\n")
    may = consent(wishes.typed, wishes.keep_audio, wishes.retain_days, at_prompt)

    def begin(about: Json) -> tuple[Session, Reply]:
        who = {"learner": wishes.learner} if wishes.learner else {}
        session = Session(engine, Journal(folder, over=False), {"mode": "talk", **about, **who})
        return session, session.opening

    ended = hold(view, engine, folder, wishes, may, begin)
    if ended is not None:
        debrief(view, folder, engine, ended, quiet=wishes.as_json)


def hold(
    view: Console, engine: Engine, folder: Path, wishes: Wishes, may: Consent, begin: Begin
) -> Ended | None:  # fmt: skip
    """From the first words to the last; journal, sound and manifest are whole at the end, however it came.

    None where the learner left before it began: then nothing is written.
    """
    tape = Tape(folder, may.audio)
    begun = False

    def beginning(about: Json) -> tuple[Session, Reply]:
        nonlocal begun
        session, first = begin(about)
        session.journal.add("consent", **may.event())
        manifest.begin(folder, SystemClock.utc())
        begun = True
        return session, first

    try:
        if wishes.typed or wishes.say:
            return _Typed(view, engine, wishes).hold(beginning)
        from simpatient.cli.live import run_live

        return run_live(view, engine, folder, wishes, beginning, tape)
    finally:
        if begun:
            tape.close()
            manifest.finish(folder, SystemClock.utc())


class _Typed:
    """The typed face: on a terminal with prompts, from a pipe one line a turn."""

    def __init__(self, view: Console, engine: Engine, wishes: Wishes) -> None:
        self.view = view
        self.engine = engine
        self.wishes = wishes
        self.name = engine.patient.persona.name

    def hold(self, begin: Begin) -> Ended:
        session, first = begin({"recogniser": {"name": "typed", "digest": ""}, "voice": "none"})
        if not self.wishes.as_json:
            screen.show_reply(self.view, self.name, first)
        ears = chain(self._said(), self._lines() if self.wishes.typed else ())
        return run(session, ears, lambda reply: None, self._turn, first)

    def _said(self) -> list[Utterance]:
        return [Utterance(self.wishes.say.strip()[:LONGEST])] if self.wishes.say else []

    def _lines(self) -> Iterator[Utterance | None]:
        lines = common.typed_lines()
        while True:
            if common.at_terminal() and not self.wishes.as_json:
                print("You: ", end="", flush=True)
            line = next(lines, None)
            if line is None:
                return
            yield Utterance(line.strip()[:LONGEST]) if line.strip() else None

    def _turn(self, turn: Turn) -> None:
        if self.wishes.as_json:
            print(records.canonical(records.of_turn(turn)), flush=True)
        else:
            heard = self.wishes.say is not None or not common.at_terminal()
            screen.show_turn(self.view, self.name, turn, state=self.wishes.show_state, heard=heard)
            if self.wishes.coach:
                screen.say(self.view, f"Coach: {coach(turn, self.engine.patient, self.engine.detector.pack)}")


def debrief(view: Console, folder: Path, engine: Engine, ended: str, quiet: bool = False) -> None:
    """How it ended, and where the report is."""
    grade = write_outputs(folder, engine.patient, engine.detector.pack)
    if quiet:
        return
    if ended == "aborted":
        view.print(f"\n{OWN_RISK}" if spoke_of_own_risk(folder) else "\nStopped.")
    screen.say(view, f"\n{grade.outcome}", bold=True)
    screen.say(view, f"Report: {folder / REPORT}")


def spoke_of_own_risk(folder: Path) -> bool:
    """Whether the learner's last words are missing from the journal; an invigilator's pause says by whom it was."""
    from simpatient.session.journal import read

    return any(event["event"] == "paused" and "by" not in event for event in read(folder).events)
