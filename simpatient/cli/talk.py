"""`simpatient talk`: a live conversation, by microphone or by keyboard."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from simpatient.cli import common, screen
from simpatient.errors import UsageError
from simpatient.grading.coach import coach
from simpatient.model import Turn, Utterance
from simpatient.patient.engine import Engine
from simpatient.session import records
from simpatient.session.journal import Journal
from simpatient.session.outputs import REPORT, write_outputs
from simpatient.session.runner import Session, run

if TYPE_CHECKING:
    from simpatient.cli.display import Look
    from simpatient.cli.live import Sound

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


def run_talk(
    persona: str, *, typed: bool, look: "Look", as_json: bool, sound: "Sound", out: Path | None, seed: int,
    difficulty: int,
) -> None:  # fmt: skip
    """Holds the conversation and writes the session."""
    if as_json and not typed:
        raise UsageError("--json goes with --typed")
    if as_json and look.coach:
        raise UsageError("--coach goes without --json, which tells all of it")
    if typed and (sound.push_to_talk or not look.captions):
        raise UsageError("--push-to-talk and --no-captions go without --typed")
    engine = common.engine(persona, seed, difficulty)
    folder = common.session_folder(out, engine.patient.id)
    talk = _Typed(engine, folder, look, as_json) if typed else None
    if talk is None:
        from simpatient.cli.live import run_live

        run_live(engine, folder, look, sound)
        return
    talk.run()


class _Typed:
    """The typed face: on a terminal with prompts, from a pipe one line a turn."""

    def __init__(self, engine: Engine, folder: Path, look: "Look", as_json: bool) -> None:
        self.engine = engine
        self.folder = folder
        self.look = look
        self.as_json = as_json
        self.view = screen.console()
        self.name = engine.patient.persona.name

    def run(self) -> None:
        about = {"mode": "talk", "recogniser": {"name": "typed", "digest": ""}, "voice": "none"}
        session = Session(self.engine, Journal(self.folder, over=False), about)
        if not self.as_json:
            screen.say(self.view, f"{WARNING}\n\n{self.engine.patient.persona.setting}\n")
            screen.show_reply(self.view, self.name, session.opening)
        ended = run(session, self._lines(), lambda reply: None, self._turn)
        debrief(self.view, self.folder, self.engine, ended, quiet=self.as_json)

    def _lines(self) -> Iterator[Utterance | None]:
        lines = common.typed_lines()
        while True:
            if common.at_terminal() and not self.as_json:
                print("You: ", end="", flush=True)
            line = next(lines, None)
            if line is None:
                return
            yield Utterance(line.strip()[:LONGEST]) if line.strip() else None

    def _turn(self, turn: Turn) -> None:
        if self.as_json:
            print(records.canonical(records.of_turn(turn)), flush=True)
        else:
            screen.show_turn(self.view, self.name, turn, state=self.look.show_state, heard=not common.at_terminal())
            if self.look.coach:
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
