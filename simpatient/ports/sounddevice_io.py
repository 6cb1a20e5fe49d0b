"""The loudspeaker and the microphone; the only file that knows sounddevice.

Both open a device at its own rate (many refuse 16 kHz) and resample. A device is found by a part of its name, never by
its number, since numbers move. PortAudio reads the list of devices once: one that is plugged in later is not seen.
"""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from queue import Empty, Full, Queue
from typing import TYPE_CHECKING, Any, Literal

from simpatient.errors import DeviceError
from simpatient.ports import BLOCK, RATE, Pcm

if TYPE_CHECKING:
    from numpy import int16
    from numpy.typing import NDArray

TICKS = 50
"""Parts of a second in which sound goes to and comes from the device: a Ctrl-C waits for one at most."""
STEADY = 0.1
"""Seconds of sound that wait in a running loudspeaker, so that a busy machine leaves no gaps."""
QUEUE = 10 * TICKS
"""Parts that wait for a slow listener; later ones are counted and dropped."""
POLL = 0.5
"""Seconds."""
QUIET = 6
"""Polls without a sign of life after which a microphone is given up."""

Kind = Literal["input", "output"]
_CALLED = {"input": "microphone", "output": "loudspeaker"}


@dataclass(frozen=True, slots=True)
class _Device:
    index: int
    name: str
    kind: Kind
    rate: int
    """Hertz, its own."""
    channels: int
    """1, or 2 where it refuses 1."""


class DeviceSpeaker:
    """Plays through the loudspeaker whose name contains `device`, or the default one."""

    def __init__(self, device: str | None = None) -> None:
        """Raises DeviceError."""
        self._device = _find("output", device)
        self._stopped = threading.Event()
        self.name = self._device.name

    def play(self, sound: Pcm) -> None:
        """Returns when the sound has been played, or `stop` was called. Raises DeviceError."""
        self._stopped.clear()
        data = _to_device(sound, self._device)
        step = self._device.rate // TICKS * 2 * self._device.channels
        with _portaudio_errors(self._device), contextlib.closing(_open(self._device)) as stream:
            stream.start()
            try:
                for at in range(0, len(data), step):
                    if self._stopped.is_set():
                        break
                    stream.write(data[at : at + step])
                else:
                    stream.stop()  # waits for the end
            finally:
                stream.abort()

    def stop(self) -> None:
        """Silence what is being played; for another thread than that of `play`."""
        self._stopped.set()

    def close(self) -> None:
        self.stop()


class Chime:
    """A loudspeaker that never stops running: what rings begins `delay` later, beside what others play."""

    def __init__(self, device: str | None = None) -> None:
        """Raises DeviceError."""
        self._device = _find("output", device)
        self._ringing = b""
        self.name = self._device.name
        with _portaudio_errors(self._device):
            self._stream = _open(self._device, callback=self._fill, latency=STEADY)
            self._stream.start()
        self.delay = float(self._stream.latency)
        """Seconds from `ring` to the sound."""

    def ring(self, sound: Pcm) -> None:
        """Begins to play and returns at once; what rang before falls silent."""
        self._ringing = _to_device(sound, self._device)

    def close(self) -> None:
        self._stream.close()

    def _fill(self, out: Any, frames: int, times: Any, status: Any) -> None:
        """Called by PortAudio's own thread, which must not wait."""
        ringing, size = self._ringing, len(out)
        part = ringing[:size]
        out[:] = part + bytes(size - len(part))
        if self._ringing is ringing:  # else a new one began meanwhile
            self._ringing = ringing[size:]


class Microphone:
    """Hears through the microphone whose name contains `device`, or the default one."""

    def __init__(self, device: str | None = None) -> None:
        """Raises DeviceError."""
        self._device = _find("input", device)
        self._queue: Queue[bytes] = Queue(QUEUE)
        self._blocks = _Blocks(self._device)
        self._muted = self._closed = False
        self._calls = 0
        self.name = self._device.name
        self.overflows = 0
        """How often sound was lost, here or in the device."""
        with _portaudio_errors(self._device):
            self._stream = _open(self._device, callback=self._hear)

    def blocks(self) -> Iterator[bytes]:
        """BLOCK frames of mono int16 at RATE each, until `close`. Raises DeviceError when the device falls silent."""
        with _portaudio_errors(self._device):
            if not self._stream.active:
                self._stream.start()
        while (raw := self._next()) is not None:
            self._blocks.feed(raw)
            while block := self._blocks.take():
                yield block

    def mute(self) -> None:
        """Drop what is heard from now on, as while the patient speaks."""
        self._muted = True

    def unmute(self) -> None:
        """Hear again; nothing of before is left."""
        self._blocks = _Blocks(self._device)
        with contextlib.suppress(Empty):
            while True:
                self._queue.get_nowait()
        self._muted = False

    def close(self) -> None:
        self._closed = True
        self._stream.close()

    def _hear(self, sound: Any, frames: int, times: Any, status: Any) -> None:
        """Called by PortAudio's own thread, which must not wait."""
        self._calls += 1
        self.overflows += bool(status.input_overflow)
        if self._muted:
            return
        try:
            self._queue.put_nowait(bytes(sound))
        except Full:
            self.overflows += 1

    def _next(self) -> bytes | None:
        """None when closed. A muted device still calls, and so is alive."""
        quiet = 0
        while not self._closed and quiet < QUIET:
            calls = self._calls
            try:
                return self._queue.get(timeout=POLL)
            except Empty:
                quiet = quiet + 1 if self._calls == calls else 0
            if not self._closed and not self._stream.active:
                break
        if self._closed:
            return None
        raise DeviceError(f"the microphone '{self.name}' gives no more sound; connect it again, or go on with text")


class _Blocks:
    """Sound of a device in, blocks of the program out."""

    def __init__(self, device: _Device) -> None:
        import soxr  # type: ignore[import-untyped]

        self._channels = device.channels
        self._resampler = soxr.ResampleStream(device.rate, RATE, 1, dtype="int16")
        self._data = bytearray()

    def feed(self, raw: bytes) -> None:
        mono = _samples(raw).reshape(-1, self._channels).mean(axis=1).astype("<i2")
        self._data += self._resampler.resample_chunk(mono).tobytes()

    def take(self) -> bytes | None:
        if len(self._data) < 2 * BLOCK:
            return None
        block = bytes(self._data[: 2 * BLOCK])
        del self._data[: 2 * BLOCK]
        return block


def _to_device(sound: Pcm, device: _Device) -> bytes:
    import soxr

    samples = _samples(sound.data)
    if sound.rate != device.rate:
        samples = soxr.resample(samples, sound.rate, device.rate)
    return samples.repeat(device.channels).tobytes()


def _samples(data: bytes) -> "NDArray[int16]":
    import numpy

    return numpy.frombuffer(data, dtype="<i2")


def _sounddevice() -> Any:
    """The module; importing it loads PortAudio, which its Linux wheel does not bring. Raises DeviceError."""
    try:
        import sounddevice  # type: ignore[import-untyped]
    except ImportError:
        raise DeviceError("no sound: sounddevice is missing; run: pip install sounddevice") from None
    except OSError:
        raise DeviceError("no sound: the PortAudio library is missing; run: apt install libportaudio2") from None
    return sounddevice


@contextlib.contextmanager
def _portaudio_errors(device: _Device) -> Iterator[None]:
    try:
        yield
    except _sounddevice().PortAudioError as error:
        told = " ".join(str(error).split())
        raise DeviceError(f"the {_CALLED[device.kind]} '{device.name}' does not work: {told}") from None


def _open(device: _Device, **more: Any) -> Any:
    """Raises PortAudioError."""
    sounddevice = _sounddevice()
    kinds = {"input": sounddevice.RawInputStream, "output": sounddevice.RawOutputStream}
    size = device.rate // TICKS
    same = {"samplerate": device.rate, "channels": device.channels, "dtype": "int16", "blocksize": size}
    return kinds[device.kind](device=device.index, **same, **more)


def _find(kind: Kind, name: str | None) -> _Device:
    sounddevice = _sounddevice()
    try:
        found = sounddevice.query_devices(kind=kind) if name is None else _named(sounddevice, kind, name)
        index, rate = found["index"], int(found["default_samplerate"])
        return _Device(index, found["name"], kind, rate, _channels(sounddevice, kind, index, rate))
    except sounddevice.PortAudioError:
        called = _CALLED[kind]
        raise DeviceError(f"no {called}: none was found; connect one, or go on with text") from None


def _named(sounddevice: Any, kind: Kind, name: str) -> Any:
    devices = [device for device in sounddevice.query_devices() if device[f"max_{kind}_channels"] > 0]
    for device in devices:
        if name.lower() in device["name"].lower():
            return device
    there = ", ".join(device["name"] for device in devices) or "none"
    raise DeviceError(f"no {_CALLED[kind]} is named like '{name}'; found: {there}")


def _channels(sounddevice: Any, kind: Kind, index: int, rate: int) -> int:
    """1 where the device takes it. Some take two only."""
    check = {"input": sounddevice.check_input_settings, "output": sounddevice.check_output_settings}[kind]
    try:
        check(device=index, channels=1, dtype="int16", samplerate=rate)
    except sounddevice.PortAudioError:
        return 2
    return 1
