"""`simpatient drill`: one station by the clock: sheet, reading, bell, interview, bell, feedback.

A crash loses nothing: `--resume` puts patient, clock and journal back to where they were and goes on.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from rich.console import Console

from simpatient import places
from simpatient.cli import common, screen
from simpatient.cli.desk import Desk, Wishes
from simpatient.cli.display import Look
from simpatient.cli.faces import Face, Nobody, Spoken, Typed
from simpatient.cli.feedback import ask_self, show_marks
from simpatient.cli.hands import Actions
from simpatient.cli.station import clock as minutes
from simpatient.cli.station import show_sheet
from simpatient.cli.talk import OWN_RISK, WARNING, spoke_of_own_risk
from simpatient.detect.detector import Detector
from simpatient.errors import JournalError, UsageError
from simpatient.grading.station import Station, Times, load_station
from simpatient.model import Ended, Reply, Turn, Utterance
from simpatient.patient.engine import Engine
from simpatient.session import assessment, manifest, records
from simpatient.session.journal import Journal, read
from simpatient.session.keeper import BY_RESTART, Keeper
from simpatient.session.limits import INTERVIEW, Limits, StationClock, limits, restored
from simpatient.session.outputs import REPORT, write_outputs
from simpatient.session.records import Json
from simpatient.session.resume import Left, left
from simpatient.session.runner import Cut, Session, converse
from simpatient.session.tape import Tape
from simpatient.session.timing import Timing, last_ms


@dataclass(frozen=True)
class Held:
    """A station about to be held, from its beginning or from where a crash left it."""

    station: Station
    engine: Engine
    clock: StationClock
    folder: Path
    left: Left | None = None


def run_drill(name: str | None, wishes: Wishes, out: Path | None, resume: Path | None) -> None:
    """One station."""
    if name is None and resume is None:
        raise UsageError("found neither a station nor --resume; see: simpatient station list")
    desk = Desk(wishes)
    try:
        if resume:
            hold(desk, taken_up(resume, name))
            return
        held = begun(name or "", wishes, out)
        desk.ask_consent()
        hold(desk, held)
    finally:
        desk.close()


def begun(name: str, wishes: Wishes, out: Path | None) -> Held:
    """A station from its beginning. Raises UsageError and DataError."""
    file = places.station(name)
    station = timed(load_station(file), wishes)
    detector = Detector()
    patient = common.sitting(file, station, detector)
    seed = station.seed if wishes.seed is None else wishes.seed
    engine = Engine(patient, detector, seed, station.difficulty)
    return Held(station, engine, StationClock(limits(station.timing())), common.session_folder(out, station.id))


def taken_up(folder: Path, name: str | None) -> Held:
    """A station from where a crash left it. Raises JournalError."""
    journal = read(folder)
    header = journal.header
    if header.get("mode") != "drill":
        raise JournalError(f"{folder}: found a session of `{header.get('mode')}`; only a drill goes on")
    file = places.station(name or header["station"]["id"])
    detector = Detector()
    try:
        station = common.station_of(header, name)
        assert station is not None
        engine = Engine(common.sitting(file, station, detector), detector, header["seed"], header["difficulty"])
        found = left(journal, engine)
    except JournalError as error:
        raise JournalError(f"{folder}: {error}") from None
    times = Limits(**{**header["times"], "warn_ms": tuple(header["times"]["warn_ms"])})
    clock = restored(times, found.bells, max(found.at_ms, last_ms(folder)), found.over)
    return Held(station, engine, clock, folder, found)


def timed(station: Station, wishes: Wishes) -> Station:
    """The station with the times that hold for this learner."""
    times = Times(profile=wishes.profile) if wishes.profile else station.times
    timing = times.timing().extended(wishes.extra_reading, wishes.extra_task)
    return replace(station, times=times if timing.task_s is None else Times(None, **asdict(timing)))


def hold(desk: Desk, held: Held) -> StationClock:
    """From the brief to the feedback. Returns the clock as it stood at the end."""
    with ExitStack() as stack:
        face = _face(desk, held)
        stack.callback(face.close)
        session = _session(held, face, desk)
        stack.callback(session.journal.close)
        manifest.begin(held.folder, desk.time.utc())
        stack.callback(lambda: manifest.finish(held.folder, desk.time.utc()))
        tape = Tape(held.folder, _audio(held.folder))
        stack.callback(tape.close)
        timing = Timing(held.folder)
        stack.callback(timing.close)
        bells = (desk.show, desk.sound, desk.lead_s)
        keeper = stack.enter_context(Keeper(held.clock, desk.time, session.journal, timing, *bells, cut=face.cut))
        face.attend(session, keeper, held.folder, tape)
        with _keys(desk, face, keeper):
            _brief(desk, held, keeper, face)
            _read(desk, held, keeper, face, session)
            ended = _interview(desk, held, keeper, face, session)
            if ended != "aborted":
                _linger(desk, keeper)
        tape.close()
        if ended == "aborted":
            keeper.close()
            _stopped(desk, held)
        elif desk.wishes.nobody:
            keeper.wait("CLOSED")
        else:
            _feedback(desk, held, keeper, session)
        return keeper.clock


def _face(desk: Desk, held: Held) -> Face:
    wishes, patient = desk.wishes, held.engine.patient
    if wishes.nobody:
        return Nobody(desk.view, desk.keyboard, patient.persona.name)
    if wishes.typed:
        return Typed(desk.view, desk.keyboard, patient.persona.name)
    return Spoken(desk, patient, wishes.sound, Look(wishes.captions))


def _session(held: Held, face: Face, desk: Desk) -> Session:
    """A new session, or the old one where it was left, with the turn that was running decided."""
    if held.left is None:
        session = Session(held.engine, Journal(held.folder, over=False), _about(held, face, desk.wishes))
        session.journal.add("consent", **desk.consent.event())
        return session
    session = Session(held.engine, Journal.again(held.folder), {}, held.left.now)
    session.journal.add("resumed", by=BY_RESTART, at_ms=held.clock.at_ms)
    if held.left.running:
        session.journal.add("decided", **records.of_decision(held.left.running))
    return session


def _audio(folder: Path) -> bool:
    """Whether the learner allowed that sound is kept: also in a session that goes on."""
    return any(e["event"] == "consent" and e["audio"] for e in read(folder).events)


def _about(held: Held, face: Face, wishes: Wishes) -> Json:
    station = held.station
    about: Json = {
        "mode": "drill", **face.about, "times": asdict(held.clock.limits),
        "station": {"id": station.id, "version": station.version, "digest": station.digest},
        "extra": {"reading": wishes.extra_reading, "task": wishes.extra_task},
    }  # fmt: skip
    return about | ({"learner": wishes.learner} if wishes.learner else {})


@contextmanager
def _keys(desk: Desk, face: Face, keeper: Keeper) -> Iterator[None]:
    """While it lasts the face's keys work, and the invigilator's, who alone can stop the time."""
    keys = face.keys() if common.at_terminal() else {}
    if desk.wishes.invigilator:
        keys |= _invigilators(desk, face, keeper, keys.get("r"))
    if not keys:
        yield
        return
    desk.keyboard.keys = keys
    spoken = not (desk.wishes.typed or desk.wishes.nobody)
    with desk.keyboard.single_keys() if spoken else nullcontext():
        desk.keyboard.watch()
        yield
    desk.keyboard.keys = {}


def _invigilators(desk: Desk, face: Face, keeper: Keeper, otherwise: Callable[[], None] | None) -> Actions:
    """p stops the time, r lets it go on; `otherwise` is what r does while time runs."""

    def pause() -> None:
        if keeper.pause():
            face.pause()
            desk.say(f"‖ PAUSED ‖ at {minutes(keeper.clock.at_ms / 1000)} by the invigilator.")

    def resume() -> None:
        if keeper.resume():
            face.resume()
            left = keeper.clock.left_ms
            desk.say("▶ GOING ON" + (f" ▶ {minutes(left / 1000)} left." if left else "."))
        elif otherwise:
            otherwise()

    return {"p": pause, "r": resume}


def _brief(desk: Desk, held: Held, keeper: Keeper, face: Face) -> None:
    """Who sits there, and what may distress; then the first bell. After a crash: where the station goes on."""
    view, lead = desk.view, f"{WARNING}\n\n{held.station.title}"
    if held.left is not None:
        lead += f"\nGoing on in {held.clock.phase} at {minutes(held.clock.at_ms / 1000)} of the station's time."
    screen.say(view, lead)
    if desk.wishes.asks and common.at_terminal() and not face.ready(lead):
        then = "." if held.left else "; then the bell rings and you read."
        screen.say(view, f"Press Enter when you are ready{then}")
        desk.keyboard.line(lambda: False)
    if held.clock.phase == "BRIEF":
        keeper.begin()
    keeper.run()


def _read(desk: Desk, held: Held, keeper: Keeper, face: Face, session: Session) -> None:
    """Until the bell that opens the task."""
    if keeper.phase not in ("READ", "READY"):
        keeper.ready()
        return
    show_sheet(held.station)
    face.prepare(session.opening)
    keeper.ready()
    if keeper.clock.limits.read_ms is None:
        if desk.wishes.asks and common.at_terminal():
            screen.say(desk.view, "\nPress Enter when you have read it.")
            desk.keyboard.line(lambda: keeper.phase != "READ")
        keeper.enter()
    keeper.wait(*INTERVIEW, "FEEDBACK")


def _interview(desk: Desk, held: Held, keeper: Keeper, face: Face, session: Session) -> Ended:
    """Until the two have ended it, or the bell."""
    if held.left and held.left.over:
        return "closed"

    def ears() -> Iterator[Utterance | None]:
        yield from face.ears(keeper)
        if not keeper.running:
            session.end("time")

    def watch(turn: Turn) -> None:
        keeper.note(turn=turn.no, said="learner")
        face.watch(turn)

    def mouth(reply: Reply) -> Cut | None:
        cut = face.say(reply, keeper)
        keeper.note(turn=session.now.memory.turn, said="patient")
        return cut

    desk.keyboard.forget()
    first = held.left.unsaid if held.left else session.opening
    try:
        ended = converse(session, ears(), mouth, watch, first)
    finally:
        face.leave()
    keeper.finish()
    return ended


def _linger(desk: Desk, keeper: Keeper) -> None:
    """Who has finished early stays until the bell."""
    left = keeper.clock.left_ms
    if keeper.phase == "LINGER" and left:
        screen.say(desk.view, f"\nThe interview is over. Stay in the station until the bell: {minutes(left / 1000)}.")
    keeper.wait("FEEDBACK")


def _stopped(desk: Desk, held: Held) -> None:
    """The learner stopped: no questions, no marks on the screen."""
    screen.say(desk.view, f"\n{OWN_RISK}" if spoke_of_own_risk(held.folder) else "\nStopped.")
    write_outputs(held.folder, held.engine.patient, held.engine.detector.pack, held.station)
    screen.say(desk.view, f"Report: {held.folder / REPORT}")


def _feedback(desk: Desk, held: Held, keeper: Keeper, session: Session) -> None:
    """First the learner's own view, then the marks."""
    view, person = desk.view, held.engine.patient.persona
    desk.keyboard.forget()
    own = assessment.load(held.folder)
    if own is None:
        screen.say(view, "\nBefore you see any mark: what do you think yourself?", bold=True)

        def ask(question: str) -> str | None:
            print(f"{question}: ", end="", flush=True)
            answer = desk.keyboard.line(lambda: keeper.phase == "CLOSED")
            if answer is None or not common.at_terminal():
                print(flush=True)
            return answer

        own = ask_self(held.station, person.name, ask, lambda text: _harmless(view, session, text))
        assessment.save(held.folder, own)
    grade = write_outputs(held.folder, held.engine.patient, held.engine.detector.pack, held.station)
    show_marks(view, grade, own)
    screen.say(view, f"\nReport: {held.folder / REPORT}")
    if desk.wishes.stays:
        keeper.wait("CLOSED")
    keeper.close()


def _harmless(view: Console, session: Session, text: str) -> bool:
    """Whether a text may be kept. What a learner says of their own risk is not, and is answered."""
    turn, _ = session.engine.hear(session.engine.open()[1], Utterance(text))
    if turn.ended == "aborted":
        screen.say(view, f"\n{OWN_RISK}")
    return turn.ended != "aborted"
