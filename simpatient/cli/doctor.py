"""`simpatient doctor`: whether this machine can hold a spoken interview; a line a part, with the remedy."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simpatient import places
from simpatient.cli import common, screen
from simpatient.errors import EquipmentError, SimpatientError
from simpatient.model import Utterance
from simpatient.ports import RATE, Manner, Pcm
from simpatient.ports.clock import SystemClock
from simpatient.ports.sound import level_db
from simpatient.session.conversation import at_rate

if TYPE_CHECKING:
    from simpatient.ports.sounddevice_io import Microphone

LISTEN_MS = 1_000
"""Of the room, while nobody speaks."""
SILENT_DB, LOUD_DB = -85.0, -40.0
"""Of full scale: below, nothing comes in; above, the room drowns words."""
NEEDED = 2_000_000_000
"""Bytes of free disk that a day of recorded practice needs."""
SENTENCE = "Good morning. This sentence measures the way from the mouth to the ear."
SLOW_MS = 60
"""From the last word to the first sound, the wait for the learner to go on apart."""


@dataclass(frozen=True)
class Found:
    """What one check found; `remedy` is empty where all is well."""

    what: str
    told: str
    remedy: str = ""
    missing: bool = False
    """Without it no spoken interview can be held."""


def run_doctor(device_in: str | None, device_out: str | None, model: str | None, loopback: bool) -> None:
    """Prints the findings. Leaves with 3 where something is missing, 1 where something could be better."""
    checks: list[tuple[str, Callable[[], Found]]] = [
        ("microphone", lambda: microphone(device_in)),
        ("loudspeaker", lambda: loudspeaker(device_out)),
        ("speech model", lambda: speech(model)),
        ("voice", voice),
        ("answering", answering),
        ("disk", disk),
    ]
    if loopback:
        checks.append(("mouth to ear", lambda: mouth_to_ear(device_in, device_out)))
    view, found = screen.console(), []
    for what, check in checks:
        one = attempted(what, check)
        found.append(one)
        sign = "✗" if one.missing else "!" if one.remedy else "✓"
        screen.say(view, f"{sign} {one.what}: {one.told}{'. → ' + one.remedy if one.remedy else ''}")
    if any(one.missing for one in found):
        sys.exit(EquipmentError.exit_code)
    sys.exit(1 if any(one.remedy for one in found) else 0)


def attempted(what: str, check: Callable[[], Found]) -> Found:
    """The check's finding; an error's line holds its own remedy."""
    try:
        return check()
    except SimpatientError as error:
        told, _, remedy = str(error).partition("; ")
        return Found(what, told, remedy or "see: simpatient doctor --help", missing=isinstance(error, EquipmentError))


def microphone(device: str | None) -> Found:
    """Whether sound comes in, and how loud the room is. Raises DeviceError."""
    with _listening(device) as ears:
        level = level_db(b"".join(_for(ears, LISTEN_MS)))
        told, lost = f"{ears.name}, {level:.0f} dB of full scale while nobody speaks", ears.overflows
    if level < SILENT_DB:
        return Found("microphone", told, "nothing comes in: switch it on, unmute it, or name another with --input")
    if level > LOUD_DB:
        return Found("microphone", told, "the room is loud: move closer, lower the gain, or close the door")
    if lost:
        return Found("microphone", f"{told}, {lost} gaps", "the machine is busy: close other programs")
    return Found("microphone", told)


def loudspeaker(device: str | None) -> Found:
    """Raises DeviceError."""
    from simpatient.ports.sounddevice_io import DeviceSpeaker

    speaker = DeviceSpeaker(device)
    try:
        speaker.play(Pcm(bytes(2 * RATE // 10), RATE))
    finally:
        speaker.close()
    return Found("loudspeaker", speaker.name)


def speech(model: str | None) -> Found:
    """Raises ModelError."""
    from simpatient.ports import hearing

    with common.recogniser(model) as ears:
        if ears.name == hearing.SPHINX:
            about = ears.about.partition(";")[0]
            return Found("speech model", about, "a Vosk model hears better: see `simpatient models`")
        return Found("speech model", ears.about)


def voice() -> Found:
    """Raises VoiceError."""
    from simpatient.ports.voice import SpokenVoice

    speaker = SpokenVoice()
    try:
        chosen = speaker.which(Manner()).chosen or "its own voice"
        level = level_db(speaker.say(SENTENCE, Manner()).data)
    finally:
        speaker.close()
    remedy = "" if level > SILENT_DB else "it is silent: choose another voice in the system's settings"
    return Found("voice", f"{speaker.name}, {chosen}", remedy)


def answering() -> Found:
    """How long the program takes for an answer, beside the wait for the learner to go on. Raises VoiceError."""
    from simpatient.ports.voice import SpokenVoice

    engine, clock, speaker = common.engine("teen", 0), SystemClock(), SpokenVoice()
    try:
        speaker.say(SENTENCE, Manner())
        _, now = engine.open()
        engine.hear(now, Utterance("how are you"))
        times = []
        for text in ("what would make coming here worth it", "it sounds lonely", "who worries about you"):
            began = clock.now_ms()
            turn, now = engine.hear(now, Utterance(text))
            speaker.say(turn.reply.text, Manner())
            times.append(clock.now_ms() - began)
    finally:
        speaker.close()
    middle = sorted(times)[1]
    remedy = "" if middle <= SLOW_MS else "this machine is slow or busy: close other programs"
    return Found("answering", f"{middle} ms to decide and to speak, the wait for your next word apart", remedy)


def disk() -> Found:
    """Whether sessions can be written, and for how long."""
    place = places.user_data()
    there = next(path for path in (place, *place.parents) if path.exists())
    free = shutil.disk_usage(there).free
    told = f"{free / 1e9:.0f} GB free in {place}"
    if not os.access(there, os.W_OK):
        return Found("disk", f"{place} cannot be written", "give yourself the right to write, or use --out", True)
    return Found("disk", told, "" if free > NEEDED else "make room, or use --out")


def mouth_to_ear(device_in: str | None, device_out: str | None) -> Found:
    """Plays a sentence, hears it again and says how much later. Raises DeviceError and VoiceError."""
    from threading import Thread

    from simpatient.ports.sounddevice_io import DeviceSpeaker
    from simpatient.ports.voice import SpokenVoice

    voice, speaker = SpokenVoice(), DeviceSpeaker(device_out)
    try:
        said = at_rate(voice.say(SENTENCE, Manner()))
        with _listening(device_in) as ears:
            blocks = ears.blocks()
            heard = [next(blocks)]
            playing = Thread(target=speaker.play, args=(Pcm(said, RATE),))
            playing.start()
            while playing.is_alive():
                heard.append(next(blocks))
            heard += _for(ears, LISTEN_MS)
            playing.join()
    finally:
        speaker.close()
        voice.close()
    late, alike = delay(said, b"".join(heard[1:]))
    if alike < 0.3:
        return Found("mouth to ear", "the sentence was not heard again", "turn the loudspeaker up, no headphones")
    return Found("mouth to ear", f"{late} ms from the program to the loudspeaker and back through the microphone")


def delay(said: bytes, heard: bytes) -> tuple[int, float]:
    """(milliseconds, 0..1): how much later `said` stands in `heard`, both int16 at RATE, and how alike it is there."""
    import numpy

    x, y = (numpy.frombuffer(sound, "<i2").astype(float) for sound in (said, heard))
    if len(y) < len(x) or not x.any() or not y.any():
        return 0, 0.0
    size = 1 << (len(x) + len(y)).bit_length()
    both = numpy.fft.irfft(numpy.fft.rfft(y, size) * numpy.conj(numpy.fft.rfft(x, size)), size)[: len(y) - len(x) + 1]
    at = int(numpy.argmax(numpy.abs(both)))
    there = y[at : at + len(x)]
    alike = abs(float(both[at])) / float(numpy.linalg.norm(x) * numpy.linalg.norm(there) or 1.0)
    return at * 1000 // RATE, min(1.0, alike)


@contextmanager
def _listening(device: str | None) -> "Iterator[Microphone]":
    from simpatient.ports.sounddevice_io import Microphone

    ears = Microphone(device)
    try:
        yield ears
    finally:
        ears.close()


def _for(ears: "Microphone", ms: int) -> list[bytes]:
    """So much of what comes in."""
    found, wanted = [], 2 * RATE * ms // 1000
    for block in ears.blocks():
        found.append(block)
        wanted -= len(block)
        if wanted <= 0:
            break
    return found
