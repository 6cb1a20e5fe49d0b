"""`simpatient talk` by microphone: half-duplex, so that the patient never hears itself."""

from collections.abc import Iterator
from pathlib import Path

from simpatient.cli import common, screen
from simpatient.cli.talk import WARNING, debrief
from simpatient.errors import DeviceError
from simpatient.model import Reply, Turn, Utterance
from simpatient.patient.engine import Engine
from simpatient.ports import Pcm, Speaker
from simpatient.session.journal import Journal
from simpatient.session.listening import next_turn
from simpatient.session.runner import Session, run

GUARD_MS = 300
"""Quiet kept after the patient has spoken, before the microphone counts again."""


def run_live(
    engine: Engine, folder: Path, show_state: bool, model: str | None, device_in: str | None, device_out: str | None
) -> None:
    """Holds the conversation. Raises DeviceError without a microphone."""
    from simpatient.ports.sounddevice_io import Microphone
    from simpatient.ports.voice import SpokenVoice

    view, name = screen.console(), engine.patient.persona.name
    screen.say(view, f"{WARNING}\n\n{engine.patient.persona.setting}\n")
    microphone = Microphone(device_in)
    mouth = common.Mouth(engine.patient, SpokenVoice())
    loud = _speaker(device_out)
    try:
        with common.recogniser(model) as ears:
            screen.say(view, f"Listening: {ears.about}\nMicrophone: {microphone.name}. Speak when you are ready.\n")
            about = {"mode": "talk", "recogniser": {"name": ears.name, "digest": ears.digest}, "voice": mouth.name}
            session = Session(engine, Journal(folder, over=False), about)
            session.journal.add("consent", audio=False, why="no audio is kept")

            def learner() -> Iterator[Utterance | None]:
                blocks = microphone.blocks()
                while True:
                    microphone.unmute()
                    utterance = next_turn(blocks, ears)
                    microphone.mute()
                    yield utterance

            def speak(reply: Reply) -> None:
                microphone.mute()
                screen.show_reply(view, name, reply)
                sound = mouth.say(reply)
                if sound and loud:
                    loud.play(Pcm(sound.data + silence_at(sound.rate), sound.rate))

            def watch(turn: Turn) -> None:
                screen.say(view, f"You: {turn.utterance.text or '…'}", bold=True)
                if show_state:
                    screen.show_evidence(view, turn)
                    screen.show_why(view, turn)
                    screen.show_bars(view, turn.before, turn.after)

            ended = run(session, learner(), speak, watch)
    finally:
        microphone.close()
        mouth.close()
        if loud:
            loud.close()
    debrief(view, folder, engine, ended)


def silence_at(rate: int) -> bytes:
    """The guard after speech, at the voice's own rate."""
    return bytes(GUARD_MS * rate // 1000 * 2)


def _speaker(device: str | None) -> Speaker | None:
    from simpatient.ports.sounddevice_io import DeviceSpeaker

    try:
        return DeviceSpeaker(device)
    except DeviceError as error:
        common.note(f"Not aloud: {error}. Captions go on.")
        return None
