"""`simpatient demo`: a shipped recording of a learner in, spoken answers and a report out."""

from collections.abc import Iterator
from pathlib import Path

from simpatient import places
from simpatient.cli import common, screen
from simpatient.errors import DeviceError
from simpatient.model import Reply, Turn, Utterance
from simpatient.ports import RATE, Pcm, Recogniser, Speaker
from simpatient.session.conversation import CLIPS, Conversation, Kept, clip_line
from simpatient.session.journal import Journal
from simpatient.session.outputs import CONVERSATION, LEARNER, REPORT, write_outputs, write_text
from simpatient.session.runner import Session, run
from simpatient.session.turns import turns

PERSONA = "teen"


def run_demo(takes: tuple[str, ...], out: Path | None, silent: bool, seed: int) -> None:
    """Plays the takes one after the other into `out`/good and `out`/bad."""
    root = common.session_folder(out, "demo")
    view = screen.console()
    with common.recogniser("clinic") as ears:
        screen.say(view, f"Listening: {ears.about}")
        loud = None if silent else _speaker()
        for take in takes:
            view.print(f"\n[bold]The {take} take[/bold]")
            _play(take, root / take, ears, loud, seed)
        if loud:
            loud.close()
    view.print("\nNext: simpatient talk teen --typed --show-state   (or, with a microphone: simpatient talk teen)")


def _speaker() -> Speaker | None:
    from simpatient.ports.sounddevice_io import DeviceSpeaker

    try:
        return DeviceSpeaker(None)
    except DeviceError as error:
        common.note(f"Not aloud: {error}. The conversation is written to a file instead.")
        return None


def _play(take: str, folder: Path, ears: Recogniser, loud: Speaker | None, seed: int) -> None:
    from simpatient.ports.recordings import blocks, save
    from simpatient.ports.voice import SpokenVoice

    engine = common.engine(PERSONA, seed)
    mouth = common.Mouth(engine.patient, SpokenVoice())
    kept = Kept(blocks(places.demo() / f"{PERSONA}-{take}.flac"))
    view, talk, name = screen.console(), Conversation(), engine.patient.persona.name
    about = {"mode": "demo", "recogniser": {"name": ears.name, "digest": ears.digest}, "voice": "pyttsx3"}
    session = Session(engine, Journal(folder), about)
    session.journal.add("consent", audio=True, why="a recording made by a machine voice for this program")

    def learner() -> Iterator[Utterance]:
        for utterance in turns(ears.listen(kept)):
            talk.learner(utterance, kept)
            if loud:
                loud.play(Pcm(kept.cut(utterance.start_ms, utterance.end_ms), RATE))
            yield utterance

    def speak(reply: Reply) -> None:
        sound = mouth.say(reply)
        if sound:
            talk.patient(reply, sound)
            if loud:
                loud.play(sound)

    def watch(turn: Turn) -> None:
        screen.show_turn(view, name, turn)

    screen.show_reply(view, name, session.opening)
    try:
        run(session, learner(), speak, watch)
    finally:
        mouth.close()
    save(folder / LEARNER, kept.all())
    save(folder / CONVERSATION, talk.sound())
    write_text(folder / CLIPS, "".join(clip_line(turn, *clip) for turn, clip in talk.clips.items()))
    grade = write_outputs(folder, engine.patient, engine.detector.pack)
    screen.say(view, grade.outcome, bold=True)
    screen.say(view, f"Report: {folder / REPORT}")
