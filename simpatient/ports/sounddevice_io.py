"""The loudspeaker and the microphone; the only file that knows sounddevice.

Both open a device at its own rate (many refuse 16 kHz) and resample. A device is found by a part of its name, never by
its number, since numbers move. PortAudio reads the list of devices once; `reconnect` makes it read the list again.
"""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from queue import Empty, Full, Queue
from typing import Any, Literal
from weakref import WeakSet

from simpatient.errors import DeviceError
from simpatient.ports import BLOCK, Pcm
from simpatient.ports.sound import Blocks, Playing, to_device

TICKS = 50
"""Parts of a second in which sound goes to and comes from the device: a Ctrl-C waits for one at most."""
STEADY = 0.1
"""Seconds of sound that wait in a running loudspeaker, so that a busy machine leaves no gaps."""
STEADIEST = 0.2
"""The most that is waited for: one hears that it is late, which is better than gaps."""
GAPS = 2
"""From which a device gets more time ahead."""
QUEUE = 10 * TICKS
"""Parts that wait for a slow listener; later ones are counted and dropped."""
POLL = 0.5
"""Seconds."""
REPLUG = 20.0
"""Seconds in which an unplugged device may come back."""
RESAMPLED_MS = 20
"""About what the resampler holds back, and half a block."""
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
        data = to_device(sound, self._device.rate, self._device.channels)
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


class DevicePlayer:
    """Obeys Player. The device never stops running, so that what is started is heard after `latency_ms`."""

    def __init__(self, device: str | None = None, steady: float = STEADY) -> None:
        """Of `steady` seconds that wait in the device. Raises DeviceError."""
        self._wanted, self._steady = device, steady
        self._playing: Playing | None = None
        self._closed = False
        self.gaps = 0
        """How often the device ran dry since it was opened."""
        self._begin()
        _OPEN.add(self)

    def start(self, sound: Pcm) -> None:
        """What was played before falls silent. A machine that left gaps gets more time ahead."""
        if self.gaps >= GAPS and self._steady < STEADIEST:
            self._stream.close()
            self._steady = min(2 * self._steady, STEADIEST)
            self._begin()
        data = to_device(sound, self._device.rate, self._device.channels)
        self._playing = Playing(data, self._device.rate, self._device.channels, self._latency)

    @property
    def busy(self) -> bool:
        playing = self._playing
        if not self._stream.active and not self._closed:
            raise DeviceError(f"the loudspeaker '{self.name}' is gone; connect it again")
        return playing is not None and playing.busy and not self._closed

    @property
    def played_ms(self) -> int:
        return self._playing.played_ms if self._playing else 0

    def duck(self, on: bool) -> None:
        if self._playing:
            self._playing.duck(on)

    def stop(self) -> None:
        if self._playing:
            self._playing.stop()

    def close(self) -> None:
        self._closed = True
        _OPEN.discard(self)
        self._stream.close()

    def suspend(self) -> None:
        self._stream.close()

    def resume(self) -> None:
        self._playing = None
        self._begin()

    def _begin(self) -> None:
        self.gaps = 0
        self._device = _find("output", self._wanted)
        self.name = self._device.name
        with _portaudio_errors(self._device):
            self._stream = _open(self._device, callback=self._fill, latency=self._steady)
            self._stream.start()
        self._latency = float(self._stream.latency)
        self.latency_ms = round(1000 * self._latency)

    def _fill(self, out: Any, frames: int, times: Any, status: Any) -> None:
        """Called by PortAudio's own thread, which must not wait."""
        self.gaps += bool(status.output_underflow)
        playing = self._playing
        out[:] = playing.fill(len(out)) if playing else bytes(len(out))


class Microphone:
    """Hears through the microphone whose name contains `device`, or the default one."""

    def __init__(self, device: str | None = None, **more: Any) -> None:
        """`more` is for the stream, as `latency`. Raises DeviceError."""
        self._wanted, self._more = device, more
        self._queue: Queue[bytes] = Queue(QUEUE)
        self._muted = self._closed = False
        self._calls = 0
        self._size = BLOCK
        self.overflows = 0
        """How often sound was lost, here or in the device."""
        self._begin()
        _OPEN.add(self)

    def blocks(self, frames: int = BLOCK) -> Iterator[bytes]:
        """So many frames of mono int16 at RATE each, until `close`. Raises DeviceError when the device falls silent."""
        if frames != self._size:
            self._size = frames
            self._blocks = self._fresh()
        with _portaudio_errors(self._device):
            if not self._stream.active:
                self._stream.start()
        while (raw := self._next()) is not None:
            self._blocks.feed(raw)
            while block := self._blocks.take():
                yield block

    @property
    def behind_ms(self) -> int:
        """How old the sound is that was given last: what waits here, in the device and in the resampler."""
        return round(1000 * (self._queue.qsize() / TICKS + float(self._stream.latency))) + RESAMPLED_MS

    def suspend(self) -> None:
        self._stream.close()

    def resume(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._device = _find("input", self._wanted)
        self.name = self._device.name
        self._blocks = self._fresh()
        with _portaudio_errors(self._device):
            self._stream = _open(self._device, callback=self._hear, **self._more)

    def _fresh(self) -> Blocks:
        return Blocks(self._device.rate, self._device.channels, self._size)

    def mute(self) -> None:
        """Drop what is heard from now on, as while the patient speaks."""
        self._muted = True

    def unmute(self) -> None:
        """Hear again; nothing of before is left."""
        self._blocks = self._fresh()
        with contextlib.suppress(Empty):
            while True:
                self._queue.get_nowait()
        self._muted = False

    def close(self) -> None:
        self._closed = True
        _OPEN.discard(self)
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


_OPEN: "WeakSet[DevicePlayer | Microphone]" = WeakSet()
"""Whoever holds a stream: all of them must let go before PortAudio reads the list of devices again."""


def reconnect(seconds: float = REPLUG) -> None:
    """Looks for the devices anew until all that were open are there again. Raises DeviceError after so long."""
    waited = threading.Event()
    for left in range(max(1, round(seconds / POLL)), 0, -1):
        try:
            return _again()
        except DeviceError:
            if left == 1:
                raise
            waited.wait(POLL)


def _again() -> None:
    sounddevice = _sounddevice()
    opened = list(_OPEN)
    for holder in opened:
        with contextlib.suppress(sounddevice.PortAudioError):
            holder.suspend()
    with contextlib.suppress(sounddevice.PortAudioError):
        sounddevice._terminate()
    sounddevice._initialize()
    for holder in opened:
        holder.resume()


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
