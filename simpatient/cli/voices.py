"""`simpatient voices`: with which voice each patient speaks on this machine."""

from rich.table import Column, Table

from simpatient import places
from simpatient.cli import common, screen
from simpatient.detect.detector import Detector
from simpatient.persona.load import Patient
from simpatient.ports import Manner
from simpatient.ports.voice import SpokenVoice


def run_voices(play: str | None, device_out: str | None) -> None:
    """A row a patient; `play` is a patient whose first line is spoken instead. Raises VoiceError and DeviceError."""
    detector = Detector(semantic=None)
    voice = SpokenVoice()
    try:
        if play is not None:
            _play(common.patient(play, detector), voice, device_out)
        else:
            _table([common.patient(name, detector) for name in places.shipped()], voice)
    finally:
        voice.close()


def manner(patient: Patient) -> Manner:
    """How the patient speaks when calm."""
    style = patient.persona.voice
    return Manner(style.rate, style.pitch, style.gender, style.variant)


def _table(patients: list[Patient], voice: SpokenVoice) -> None:
    name = Column("patient", no_wrap=True)
    table = Table(name, "asked for", "voice here", "words a minute", "pitch", title="Voices", title_justify="left")
    english: tuple[str, ...] = ()
    for patient in patients:
        how = manner(patient)
        found = voice.which(how)
        english = found.english
        table.add_row(patient.id, how.gender, found.chosen or "the engine's own", str(how.rate), str(how.pitch))
    screen.console().print(table)
    print(f"{voice.name}; English voices installed: {', '.join(sorted(set(english))) or 'none'}.")


def _play(patient: Patient, voice: SpokenVoice, device_out: str | None) -> None:
    from simpatient.patient.engine import Engine
    from simpatient.ports.sounddevice_io import DeviceSpeaker

    opening, _ = Engine(patient, Detector(semantic=None), 0).open()
    sound = voice.say(opening.text, manner(patient))
    speaker = DeviceSpeaker(device_out)
    try:
        speaker.play(sound)
    finally:
        speaker.close()
