"""The microphone and the loudspeaker: what they say when there is none, and real sound over null sinks."""

import _thread
import sys
import threading
import time
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy
import pytest

from simpatient.errors import DeviceError
from simpatient.ports import BLOCK, RATE, Pcm, sounddevice_io
from simpatient.ports.sounddevice_io import DeviceSpeaker, Microphone
from tests.audio_devices import AudioDevices, audio_devices, no_audio_devices  # noqa: F401

LOUD = 1_000


class StereoOnly:
    """A sounddevice whose one device refuses mono; it hears `heard` and plays into `played`."""

    class PortAudioError(Exception):
        pass

    def __init__(self, heard: bytes = b"") -> None:
        self.heard = heard
        self.played = b""
        self.active = False

    def query_devices(self, kind: str) -> dict[str, Any]:
        return {"index": 0, "name": "stereo", "default_samplerate": 16_000.0, f"max_{kind}_channels": 2}

    def check_settings(self, channels: int, **_: Any) -> None:
        if channels == 1:
            raise self.PortAudioError

    check_input_settings = check_output_settings = check_settings

    def open(self, channels: int, callback: Any = None, **_: Any) -> "StereoOnly":
        self.callback = callback
        return self

    RawInputStream = RawOutputStream = open

    def start(self) -> None:
        self.active = True
        if self.callback:
            self.callback(self.heard, len(self.heard) // 4, None, SimpleNamespace(input_overflow=False))

    def write(self, data: bytes) -> None:
        self.played += data

    def stop(self) -> None:
        self.active = False

    abort = close = stop


def tone(hertz: int, seconds: float, rate: int) -> Pcm:
    times = numpy.arange(int(seconds * rate)) / rate
    return Pcm((8_000 * numpy.sin(2 * numpy.pi * hertz * times)).astype("<i2").tobytes(), rate)


def level(sound: bytes) -> float:
    return float(numpy.abs(numpy.frombuffer(sound, "<i2").astype(float)).mean())


def pitch(sound: bytes, rate: int) -> float:
    """Hertz of the strongest tone."""
    samples = numpy.frombuffer(sound, "<i2").astype(float)
    return float(numpy.abs(numpy.fft.rfft(samples)).argmax() * rate / len(samples))


def loud_part(sound: bytes) -> bytes:
    loud = numpy.flatnonzero(numpy.abs(numpy.frombuffer(sound, "<i2").astype(int)) > LOUD)
    return sound[2 * loud[0] : 2 * loud[-1] + 2] if len(loud) else b""


@pytest.fixture(params=[DeviceSpeaker, Microphone])
def device(request: pytest.FixtureRequest) -> type:
    chosen: type = request.param
    return chosen


@pytest.mark.parametrize(
    ("raised", "advice"), [("OSError('x')", "apt install libportaudio2"), ("ImportError", "pip install sounddevice")]
)
def test_missing_library(
    device: type, raised: str, advice: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without PortAudio or sounddevice one line says what to install."""
    (tmp_path / "sounddevice.py").write_text(f"raise {raised}")
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(DeviceError, match=advice) as told:
        device()

    assert "\n" not in str(told.value)


def test_stereo_loudspeaker(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loudspeaker that takes no mono gets every sample on both sides."""
    device = StereoOnly()
    monkeypatch.setitem(sys.modules, "sounddevice", device)

    DeviceSpeaker().play(Pcm(b"\x01\x00\x02\x00", 16_000))

    assert device.played == b"\x01\x00\x01\x00\x02\x00\x02\x00"


def test_stereo_microphone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a microphone that gives no mono both sides are mixed."""
    one_side = numpy.stack([numpy.frombuffer(tone(440, 0.5, RATE).data, "<i2"), numpy.zeros(RATE // 2, "<i2")], axis=1)
    monkeypatch.setitem(sys.modules, "sounddevice", StereoOnly(one_side.tobytes()))

    block = next(Microphone().blocks())

    assert len(block) == 2 * BLOCK
    assert pitch(block, RATE) == pytest.approx(440, abs=5)


@pytest.mark.usefixtures("no_audio_devices")
def test_no_device(device: type) -> None:
    """On a machine without devices one line says which kind is missing."""
    with pytest.raises(DeviceError, match=r"^no (loudspeaker|microphone): none was found; [^\n]*$"):
        device()


@pytest.mark.usefixtures("audio_devices")
def test_unknown_name(device: type) -> None:
    """A name that no device has is answered with the names there are."""
    with pytest.raises(DeviceError, match=r"named like 'gramophone'; found: [^\n]*headset"):
        device("gramophone")


@pytest.mark.usefixtures("audio_devices")
def test_part_of_a_name(device: type) -> None:
    """A device is found by a part of its name, in any case."""
    opened = device("HEAD")
    opened.close()

    assert opened.name == "headset"


@pytest.mark.parametrize("rate", [16_000, 22_050, 44_100])
def test_play(audio_devices: AudioDevices, rate: int) -> None:  # noqa: F811
    """A sound of any rate comes out of the loudspeaker at its pitch and length, and `play` returns when it is over."""
    with audio_devices.recording() as taken:
        DeviceSpeaker().play(tone(440, 0.6, rate))
        at_return = loud_part(taken.data)

    heard = loud_part(taken.data)
    assert pitch(heard, RATE) == pytest.approx(440, abs=5)
    assert len(heard) / 2 / RATE == pytest.approx(0.6, abs=0.1)
    assert len(at_return) / 2 / RATE > 0.4


def test_stop_from_another_thread(audio_devices: AudioDevices) -> None:  # noqa: F811
    """`stop` ends a long sound at once, and the next sound is played whole."""
    speaker = DeviceSpeaker()
    threading.Timer(0.3, speaker.stop).start()

    with audio_devices.recording() as taken:
        speaker.play(tone(440, 10.0, RATE))
        first = len(loud_part(taken.data)) / 2 / RATE
        speaker.play(tone(880, 0.3, RATE))

    assert first < 1.0
    assert pitch(loud_part(taken.data)[-RATE // 4 * 2 :], RATE) == pytest.approx(880, abs=8)


@pytest.mark.usefixtures("audio_devices")
def test_interrupted_play() -> None:
    """A Ctrl-C while a sound plays ends it at once, and the loudspeaker can be used again."""
    speaker = DeviceSpeaker()
    started = time.monotonic()
    threading.Timer(0.3, _thread.interrupt_main).start()

    with pytest.raises(KeyboardInterrupt):
        speaker.play(tone(440, 10.0, RATE))

    assert time.monotonic() - started < 2.0
    speaker.play(tone(440, 0.1, RATE))


def test_hear(audio_devices: AudioDevices) -> None:  # noqa: F811
    """What is played into the microphone arrives in blocks of 100 ms at 16 kHz, at its pitch and length."""
    microphone = Microphone()
    playing = audio_devices.speak(tone(440, 1.0, 44_100).data, 44_100)

    blocks = list(islice(microphone.blocks(), 20))
    playing.wait()
    microphone.close()

    heard = loud_part(b"".join(blocks))
    assert {len(block) for block in blocks} == {2 * BLOCK}
    assert pitch(heard, RATE) == pytest.approx(440, abs=5)
    assert len(heard) / 2 / RATE == pytest.approx(1.0, abs=0.1)
    assert microphone.overflows == 0


def test_muted(audio_devices: AudioDevices) -> None:  # noqa: F811
    """What is heard while muted is gone after unmuting, and listening goes on."""
    microphone = Microphone()
    blocks = microphone.blocks()
    next(blocks)

    microphone.mute()
    audio_devices.speak(tone(440, 0.5, RATE).data, RATE).wait()
    time.sleep(0.1)  # sound on its way through the sink
    microphone.unmute()
    after = b"".join(islice(blocks, 3))
    playing = audio_devices.speak(tone(440, 0.5, RATE).data, RATE)
    later = b"".join(islice(blocks, 8))
    playing.wait()
    microphone.close()

    assert level(after) < 1
    assert pitch(loud_part(later), RATE) == pytest.approx(440, abs=8)


@pytest.mark.usefixtures("audio_devices")
def test_slow_listener(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sound that waits too long is dropped and counted; memory does not grow."""
    monkeypatch.setattr(sounddevice_io, "QUEUE", 3)
    microphone = Microphone()
    blocks = microphone.blocks()
    next(blocks)

    time.sleep(0.3)  # a recogniser that does not keep up
    next(blocks)
    microphone.close()

    assert microphone.overflows > 3


def test_lost_microphone(audio_devices: AudioDevices) -> None:  # noqa: F811
    """A microphone whose sound stops raises one line instead of waiting for ever."""
    microphone = Microphone()
    blocks = microphone.blocks()
    next(blocks)

    audio_devices.server.kill()

    with pytest.raises(DeviceError, match=r"^the microphone 'default' gives no more sound; [^\n]*$"):
        for _ in blocks:
            pass


@pytest.mark.usefixtures("audio_devices")
def test_closed_microphone() -> None:
    """Closing from another thread ends the blocks without an error, and closing twice is fine."""
    microphone = Microphone()
    blocks = microphone.blocks()
    next(blocks)

    threading.Timer(0.2, microphone.close).start()

    assert len(list(blocks)) < 20
    microphone.close()
