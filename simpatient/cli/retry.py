"""`simpatient retry`: the patient as they were before one turn; the learner says it another way and may go on."""

from pathlib import Path

from rich.console import Console
from rich.table import Table

from simpatient import places
from simpatient.cli import common, screen
from simpatient.cli.consent import at_prompt, consent
from simpatient.cli.talk import OWN_RISK, WARNING, Wishes, hold, spoke_of_own_risk
from simpatient.detect.detector import Detector
from simpatient.errors import JournalError, UsageError
from simpatient.grading.grade import grade
from simpatient.grading.station import Station
from simpatient.model import Ended, Grade, Reply, Transcript
from simpatient.outcome import second_visit
from simpatient.patient.engine import MIDDLE, Engine
from simpatient.session import manifest, retry
from simpatient.session.journal import Journal, Read, read
from simpatient.session.outputs import REPORT, write_outputs
from simpatient.session.records import Json
from simpatient.session.runner import Session

SHOWN = (("Reluctance", "reluctance"), ("Hope", "hope"), ("Goals agreed", "goal_agreement"),
         ("Tasks agreed", "task_agreement"))  # fmt: skip


def run_retry(
    folder: Path, turn: int | None, wishes: Wishes, *, persona: str | None, out: Path | None
) -> None:  # fmt: skip
    """Holds the conversation from that turn on and shows both ways side by side."""
    if wishes.say is not None and not wishes.say.strip():
        raise UsageError("--say: found nothing; give a sentence")
    origin = read(folder)
    view = screen.console()
    try:
        station, engine = _again(origin, persona)
        old = origin.transcript()
        marks = grade(old, engine.patient, engine.detector.pack, station)
        turn = turn or retry.worst(old, marks.moments)
        now = retry.before(origin, engine, turn)
    except JournalError as error:
        raise JournalError(f"{folder}: {error}") from None
    about = manifest.load(folder)
    source = {"session": about.id if about else folder.resolve().name, "turn": turn}
    new = common.session_folder(out, f"{engine.patient.id}-retry")
    screen.say(view, f"{WARNING}\n\n{engine.patient.persona.setting}\n")
    screen.say(view, f"Turn {turn} once more. You said: “{old.turns[turn - 1].utterance.text or '…'}”\n")

    def begin(about: Json) -> tuple[Session, Reply]:
        more = {**about, "origin": source} | ({"learner": wishes.learner} if wishes.learner else {})
        return retry.begin(origin, engine, turn, now, Journal(new, over=False), more)

    may = consent(wishes.typed or bool(wishes.say), wishes.keep_audio, wishes.retain_days, at_prompt)
    ended = hold(view, engine, new, wishes, may, begin)
    if ended is not None:
        _compare(view, new, engine, station, (old, marks), turn, ended)


def _again(origin: Read, persona: str | None) -> tuple[Station | None, Engine]:
    """The station, if there was one, and the patient as they were met. Raises JournalError."""
    header, detector = origin.header, Detector()
    station = common.station_of(header)
    if station and persona is None:
        patient = common.sitting(places.station(station.id), station, detector)
    else:
        patient = common.patient(persona or header["persona"]["id"], detector)
    return station, Engine(patient, detector, header["seed"], header.get("difficulty", MIDDLE))


def _compare(
    view: Console, folder: Path, engine: Engine, station: Station | None, other: tuple[Transcript, Grade], turn: int,
    ended: Ended,
) -> None:  # fmt: skip
    """Both ways in a small table, and the report that shows them side by side."""
    new, old = read(folder).transcript(), other[0]
    write_outputs(folder, engine.patient, engine.detector.pack, station, other=other)
    if ended == "aborted":
        screen.say(view, f"\n{OWN_RISK}" if spoke_of_own_risk(folder) else "\nStopped.")
    if len(new.turns) >= turn:
        view.print(table(old, new, turn))
    screen.say(view, f"Report: {folder / REPORT}")


def table(old: Transcript, new: Transcript, turn: int) -> Table:
    """Reluctance, hope, agreement and the second visit: before the turn, after it both ways, and at both ends."""
    before = old.turns[turn - 1].before
    columns = [("Before", before, second_visit(before))]
    columns += [(name, t.after, second_visit(t.after, t.ended))
                for name, t in (("Then", old.turns[turn - 1]), ("Now", new.turns[turn - 1]))]  # fmt: skip
    if len(new.turns) > turn:
        columns += [(f"{name}, at the end", t.turns[-1].after, second_visit(t.turns[-1].after, t.ended))
                    for name, t in (("Then", old), ("Now", new))]  # fmt: skip
    shown = Table("in 100", *(name for name, _, _ in columns), title=f"Turn {turn}, both ways", title_justify="left")
    for label, variable in SHOWN:
        shown.add_row(label, *(_percent(getattr(state, variable)) for _, state, _ in columns))
    shown.add_row("Would come back", *(_percent(likely) for _, _, likely in columns))
    return shown


def _percent(value: float) -> str:
    return str(round(100 * value))
