"""Recordings: any sound file as the blocks that a microphone gives, and sound as a file.

Files come from strangers. The length is counted while decoding, since 181 kB of FLAC can hold an hour, and a file is
never held in memory as a whole.
"""

import contextlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BufferedReader, BytesIO, FileIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simpatient.errors import AudioError, OutputError
from simpatient.places import private_file
from simpatient.ports import BLOCK, RATE, Pcm
from simpatient.ports.stderr import caught

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    Samples = NDArray[numpy.float32]

LONGEST = 4 * 3600
"""Seconds of sound read unless told otherwise."""
RATES = (8_000, 192_000)
"""Hertz, lowest and highest of a recording."""
WRITTEN = {".flac": "FLAC", ".wav": "WAV"}
SAME = 0.002
"""Of full scale: by so much two channels may differ that hold one voice."""
PIECE = 16_384
"""Frames decoded at once."""
ALLOWED = "WAV, FLAC, OGG, MP3, AIFF"
MUTE = (b"RIFF", b"RF64", b"fLaC", b"OggS", b"FORM")
"""First bytes of the formats whose decoders never print; MP3's does when a file is damaged."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What a file says of itself."""

    seconds: float
    """As its header claims; a damaged file may hold less."""
    rate: int
    """Hertz."""
    channels: int


def probe(path: Path) -> Recording:
    """Opens the file and decodes its first sound. Raises AudioError."""
    with _File(path) as file:
        low, high = RATES
        if not low <= file.about.rate <= high:
            raise AudioError(f"{_name(path)}: found {file.about.rate} Hz; allowed: {low} to {high} Hz")
        if not len(file.read()):
            raise AudioError(f"{_name(path)}: holds no sound; give a recording of at least one sample")
        return file.about


def blocks(path: Path, channel: int | None = None, max_seconds: float = LONGEST) -> Iterator[bytes]:
    """The recording as 16 kHz mono int16 blocks of BLOCK frames, the last one shorter; channels are mixed down.

    `channel` counts from 1 and takes that one alone. What can be known beforehand raises AudioError at the call,
    damage further in and a length beyond `max_seconds` while the blocks are taken.
    """
    about = probe(path)
    if channel is not None and not 1 <= channel <= about.channels:
        raise AudioError(f"{_name(path)}: has no channel {channel}; allowed: 1 to {about.channels}")
    # A stream whose length is unknown claims an absurd one; the exact count is kept while decoding.
    if max_seconds < about.seconds < 1_000 * 3600:
        raise _too_long(path, max_seconds)
    return _blocked(_resampled(_mono(path, channel, max_seconds), about.rate))


def alike(path: Path) -> bool:
    """Whether all channels hold the same, as where a mono voice was written to two. Raises AudioError."""
    with _File(path) as file:
        while len(piece := file.read()):
            if abs(piece - piece[:, :1]).max() > SAME:
                return False
    return True


def keep(path: Path, sound: Iterable[bytes]) -> None:
    """Writes blocks as FLAC while they come. Raises OutputError."""
    import soundfile  # type: ignore[import-untyped]

    try:
        private_file(path)
        with soundfile.SoundFile(path, "w", RATE, 1, "PCM_16", format="FLAC") as file:
            for block in sound:
                file.buffer_write(block, "int16")
    except OSError as error:
        raise OutputError(f"{_name(path)}: cannot be written: {error.strerror}") from None
    except soundfile.LibsndfileError as error:
        raise OutputError(f"{_name(path)}: cannot be written: {_reason(error)}") from None


def save(path: Path, sound: Pcm) -> None:
    """Writes FLAC or WAV, after the suffix. Raises OutputError."""
    import numpy
    import soundfile

    kind = WRITTEN.get(path.suffix.lower())
    if kind is None:
        raise OutputError(f"{_name(path)}: found the suffix {path.suffix!r}; allowed: {', '.join(WRITTEN)}")
    encoded = BytesIO()
    soundfile.write(encoded, numpy.frombuffer(sound.data, "<i2"), sound.rate, format=kind, subtype="PCM_16")
    try:
        private_file(path)
        path.write_bytes(encoded.getbuffer())
    except OSError as error:
        raise OutputError(f"{_name(path)}: cannot be written: {error.strerror}") from None


class _Stream(BufferedReader):
    """What soundfile reads from. It has no file name, since of a .raw file soundfile would ask what is in it."""

    def seek(self, target: int, whence: int = 0) -> int:
        """Stays where it is when a damaged header points outside; an exception would be printed by soundfile."""
        with contextlib.suppress(OSError, ValueError):
            return super().seek(target, whence)
        return self.tell()


class _File:
    """A file that is being decoded. Raises AudioError."""

    def __init__(self, path: Path) -> None:
        import soundfile

        self._path = path
        self._failure = soundfile.LibsndfileError
        self._stack = contextlib.ExitStack()
        stream = self._stack.enter_context(_Stream(FileIO(_descriptor(path))))
        self._prints = stream.peek(4)[:4] not in MUTE
        with self._hushed():
            try:
                self._sound = self._stack.enter_context(soundfile.SoundFile(stream))
            except self._failure as error:
                self._stack.close()
                raise AudioError(f"{_name(path)}: not a sound file ({_reason(error)}); allowed: {ALLOWED}") from None
        seconds = self._sound.frames / self._sound.samplerate
        self.about = Recording(seconds, self._sound.samplerate, self._sound.channels)

    def __enter__(self) -> "_File":
        return self

    def __exit__(self, *_: object) -> None:
        with self._hushed():
            self._stack.close()

    def read(self) -> "Samples":
        """At most PIECE frames, as (frames, channels); none at the end."""
        with self._hushed():
            try:
                piece: Samples = self._sound.read(PIECE, dtype="float32", always_2d=True)
            except self._failure as error:
                raise AudioError(f"{_name(self._path)}: is damaged ({_reason(error)}); export it anew") from None
        return piece

    def _hushed(self) -> contextlib.AbstractContextManager[object]:
        return caught() if self._prints else contextlib.nullcontext()


def _descriptor(path: Path) -> int:
    """Of a regular file; a pipe could block for ever."""
    if path.is_dir():
        raise AudioError(f"{_name(path)}: is a folder; give a sound file")
    if path.exists() and not path.is_file():
        raise AudioError(f"{_name(path)}: is not a regular file; give a sound file")
    try:
        return os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise AudioError(f"{_name(path)}: cannot be read: {error.strerror}") from None


def _reason(error: Any) -> str:
    """In libsndfile's words, but for an MP3 that breaks off in its header and a FLAC that was streamed."""
    words = str(error.error_string).strip().removeprefix("Error : ").rstrip(".")
    if "psf_fseek" in words:
        return "its header does not say how long it is"
    return "malformed" if "possibly a pipe" in words else words


def _mono(path: Path, channel: int | None, max_seconds: float) -> Iterator["Samples"]:
    """-1..1 at the file's own rate."""
    import numpy

    with _File(path) as file:
        left = int(max_seconds * file.about.rate)
        while len(piece := file.read()):
            left -= len(piece)
            if left < 0:
                raise _too_long(path, max_seconds)
            # Float files may hold NaN and 1e30, which would spread through the resampler.
            sane = numpy.nan_to_num(piece, nan=0.0, posinf=1.0, neginf=-1.0).clip(-1.0, 1.0)
            yield sane.mean(axis=1) if channel is None else sane[:, channel - 1]


def _resampled(pieces: Iterator["Samples"], rate: int) -> Iterator["Samples"]:
    if rate == RATE:
        yield from pieces
        return
    import numpy
    import soxr  # type: ignore[import-untyped]

    stream = soxr.ResampleStream(rate, RATE, 1, dtype="float32")
    for piece in pieces:
        yield stream.resample_chunk(piece)
    yield stream.resample_chunk(numpy.zeros(0, numpy.float32), last=True)


def _blocked(pieces: Iterable["Samples"]) -> Iterator[bytes]:
    size = 2 * BLOCK
    held = bytearray()
    for piece in pieces:
        held += (piece * 32_768).round().clip(-32_768, 32_767).astype("<i2").tobytes()
        while len(held) >= size:
            yield bytes(held[:size])
            del held[:size]
    if held:
        yield bytes(held)


def _too_long(path: Path, max_seconds: float) -> AudioError:
    return AudioError(f"{_name(path)}: is longer than {max_seconds:g} seconds; allowed: up to {max_seconds:g} seconds")


def _name(path: Path) -> str:
    """Printable, in one line."""
    return " ".join(str(path).encode(errors="replace").decode().split("\n"))
