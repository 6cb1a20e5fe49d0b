"""`simpatient talk` by microphone: half-duplex, so that the patient never hears itself."""

from collections.abc import Iterator

from rich.console import Console

from simpatient.cli import common, screen
from simpatient.cli.talk import Begin, Wishes
from simpatient.errors import DeviceError
from simpatient.model import Ended, Reply, Turn, Utterance
from simpatient.patient.engine import Engine
from simpatient.ports import Pcm, Speaker
from simpatient.session.listening import next_turn
from simpatient.session.runner import run
from simpatient.session.tape import Tape

GUARD_MS = 300
"""Quiet kept after the patient has spoken, before the microphone counts again."""


def run_live(view: Console, engine: Engine, wishes: Wishes, begin: Begin, tape: Tape) -> Ended:
    """Holds the conversation. Raises DeviceError without a microphone."""
    from simpatient.ports.sounddevice_io import Microphone
    from simpatient.ports.voice import SpokenVoice

    name = engine.patient.persona.name
    microphone = Microphone(wishes.device_in)
    mouth = common.Mouth(engine.patient, SpokenVoice())
    loud = _speaker(wishes.device_out)
    try:
        with common.recogniser(wishes.model) as ears:
            screen.say(view, f"Listening: {ears.about}\nMicrophone: {microphone.name}. Speak when you are ready.\n")
            session, first = begin({"recogniser": {"name": ears.name, "digest": ears.digest}, "voice": mouth.name})

            def learner() -> Iterator[Utterance | None]:
                blocks = tape.hearing(microphone.blocks())
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
                    tape.patient(reply, sound)
                    loud.play(Pcm(sound.data + silence_at(sound.rate), sound.rate))

            def watch(turn: Turn) -> None:
                tape.turn(turn)
                screen.say(view, f"You: {turn.utterance.text or '…'}", bold=True)
                if wishes.show_state:
                    screen.show_evidence(view, turn)
                    screen.show_why(view, turn)
                    screen.show_bars(view, turn.before, turn.after)

            return run(session, learner(), speak, watch, first)
    finally:
        microphone.close()
        mouth.close()
        if loud:
            loud.close()


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
