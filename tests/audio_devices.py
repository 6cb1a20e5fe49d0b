"""A microphone and a loudspeaker for tests on a machine without a sound card.

`audio_devices` starts a PulseAudio of its own, with two null sinks, in a private folder: what is played into the sink
`mic` is what the default microphone hears, and what the program plays can be recorded. PortAudio reaches it through
ALSA's pulse plugin. The user's own sound server and configuration are neither needed nor touched.

Debian: pulseaudio pulseaudio-utils libasound2-plugins libportaudio2.
"""

import contextlib
import os
import shutil
import subprocess
import threading
import time
import wave
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

PROGRAMS = ("pulseaudio", "pactl", "paplay", "parec")
SERVER = """
load-module module-native-protocol-unix socket={folder}/native auth-anonymous=1
load-module module-null-sink sink_name=mic norewinds=1
load-module module-null-sink sink_name=speaker norewinds=1
set-default-sink speaker
set-default-source mic.monitor
"""
"""With rewinds a null sink sleeps for two seconds at a time, and so does the microphone."""
ALSA = """
pcm.!default {{ type pulse server "unix:{folder}/native" }}
ctl.!default {{ type pulse server "unix:{folder}/native" }}
pcm.headset {{ type pulse server "unix:{folder}/native" }}
"""
RATE = 16_000
"""Hertz of `Recording`."""


class Recording:
    """What came out of the loudspeaker so far: mono int16 at RATE."""

    def __init__(self) -> None:
        self.data = b""
        self.running = threading.Event()
        self._early: float | None = None
        self.late = 0.0
        """Seconds by which the sound came later than it should at worst: what it says of times is as inexact."""

    @property
    def seconds(self) -> float:
        """Recorded so far."""
        return len(self.data) / 2 / RATE

    def collect(self, stream: Any) -> None:
        while part := stream.read1(4096):
            self.data += part
            self._watch(time.monotonic() - self.seconds)
            self.running.set()

    def _watch(self, ahead: float) -> None:
        """Once a second of sound has come, it goes on evenly."""
        if self.seconds > 1.0:
            self._early = ahead if self._early is None else min(self._early, ahead)
            self.late = max(self.late, ahead - self._early)


class AudioDevices:
    """The two sinks, and the server's process. The environment of the test reaches them, as do its child processes."""

    def __init__(self, server: subprocess.Popen[bytes], folder: Path) -> None:
        self.server = server
        self._folder = folder

    def speak(self, sound: bytes, rate: int) -> subprocess.Popen[bytes]:
        """Start to play mono int16 into the microphone; `wait()` returns when it has been played."""
        path = self._folder / "learner.wav"
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, rate, 0, "NONE", ""))
            file.writeframes(sound)
        return self.speak_file(path)

    def wire(self) -> None:
        """What comes out of the loudspeaker goes into the microphone."""
        wire = ["pactl", "load-module", "module-loopback", "source=speaker.monitor", "sink=mic", "latency_msec=60"]
        subprocess.run(wire, check=True, capture_output=True)

    def speak_file(self, path: Path) -> subprocess.Popen[bytes]:
        return subprocess.Popen(["paplay", "--device=mic", "--latency-msec=50", str(path)])

    @contextlib.contextmanager
    def recording(self, sink: str = "speaker") -> Iterator[Recording]:
        """Records the loudspeaker, or what goes into the microphone, from before the body until a little after it."""
        taken = Recording()
        command = ["parec", f"--device={sink}.monitor", f"--rate={RATE}", "--channels=1", "--latency-msec=20"]
        with subprocess.Popen([*command, "--format=s16le"], stdout=subprocess.PIPE) as process:
            reader = threading.Thread(target=taken.collect, args=(process.stdout,))
            reader.start()
            assert taken.running.wait(5.0), f"the monitor of {sink} gives nothing"
            try:
                yield taken
                time.sleep(0.2)  # sound on its way through the sink
            finally:
                process.terminate()
                reader.join()


@pytest.fixture
def audio_devices() -> Iterator[AudioDevices]:
    with devices() as found:
        yield found


@contextlib.contextmanager
def devices() -> Iterator[AudioDevices]:
    """A running microphone and loudspeaker, the default ones of this process and its children."""
    sounddevice = _sounddevice()
    if missing := [program for program in PROGRAMS if shutil.which(program) is None]:
        pytest.skip(f"live audio needs {', '.join(missing)}: apt install pulseaudio pulseaudio-utils")
    with TemporaryDirectory(prefix="simpatient-pulse-") as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        _use(patch, folder)
        with _server(folder) as server:
            _restart(sounddevice)
            if "headset" not in str(sounddevice.query_devices()):
                pytest.skip("live audio needs ALSA's pulse plugin: apt install libasound2-plugins")
            yield AudioDevices(server, folder)
    _restart(sounddevice)


@pytest.fixture
def no_audio_devices() -> Iterator[None]:
    """PortAudio finds no device at all: those that ALSA names have no server. (An empty list makes it abort.)"""
    sounddevice = _sounddevice()
    with TemporaryDirectory(prefix="simpatient-pulse-") as name, pytest.MonkeyPatch.context() as patch:
        _use(patch, Path(name))
        _restart(sounddevice)
        yield
    _restart(sounddevice)


def _sounddevice() -> Any:
    try:
        import sounddevice  # type: ignore[import-untyped]
    except OSError:
        pytest.skip("live audio needs PortAudio: apt install libportaudio2")
    return sounddevice


def _use(patch: pytest.MonkeyPatch, folder: Path) -> None:
    (folder / "asound.conf").write_text(ALSA.format(folder=folder))
    patch.setenv("ALSA_CONFIG_PATH", str(folder / "asound.conf"))
    patch.setenv("PULSE_SERVER", f"unix:{folder}/native")


@contextlib.contextmanager
def _server(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Ends by itself a minute after its last client, should the tests be killed."""
    (folder / "server.pa").write_text(SERVER.format(folder=folder))
    options = ["-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=60", "-F", str(folder / "server.pa")]
    private = {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with subprocess.Popen(["pulseaudio", *options], env=os.environ | private, stderr=subprocess.DEVNULL) as server:
        try:
            _await(folder / "native")
            yield server
        finally:
            server.kill()


def _await(socket: Path) -> None:
    for _ in range(500):
        if socket.exists() and subprocess.run(["pactl", "info"], capture_output=True).returncode == 0:
            return
        time.sleep(0.01)
    pytest.skip("PulseAudio does not start here")


def _restart(sounddevice: Any) -> None:
    """PortAudio reads the list of devices only when it starts."""
    sounddevice._terminate()
    sounddevice._initialize()
