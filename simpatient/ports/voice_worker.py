"""The process in which the machine voice lives; the only file that knows pyttsx3.

pyttsx3 belongs to the main thread of one process, forgets all but the last of several texts, prints, hides its errors
in a queue, and its library can end the whole process. So the parent (`voice`) starts this process, sends one `Request`
at a time and gets a `Pcm`, or a `Failed`, after which it starts another process.

Nothing here reports a text: `Failed.why` holds fixed words and class names only.
"""

import contextlib
import ctypes
import os
import shutil
import signal
import sys
import threading
import wave
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol

from simpatient.ports import Manner, Pcm

DRIVER = {"darwin": "nsss", "win32": "sapi5"}.get(sys.platform, "espeak")
NO_ESPEAK = "no voice: libespeak-ng is missing; run: pip install 'simpatient[espeak]', or: apt install espeak-ng"
SEED = 1
"""For espeak-ng's noise; left alone it takes the time of day, and no sound is ever the same twice."""
REST = 1_000
"""Milliseconds that espeak may take to become idle after it reported the end."""
PLEASANT = ("samantha", "alex", "daniel", "karen", "zira", "david")
"""Voices taken before others; macOS lists its joke voices first."""


@dataclass(frozen=True, slots=True)
class Espeak:
    """Where libespeak-ng may come from, best first."""

    system: tuple[str, ...] = ("libespeak-ng.so.1", "/usr/local/lib/libespeak-ng.so.1")
    package: str = "espeakng_loader"
    """A Python package that holds the library and its data."""


@dataclass(frozen=True, slots=True)
class Request:
    """One piece of text, never empty, under 2000 bytes of UTF-8."""

    text: str
    manner: Manner
    timeout: float
    """Seconds that the engine may take."""


@dataclass(frozen=True, slots=True)
class Which:
    """A question: which voice would speak in this manner?"""

    manner: Manner
    timeout: float = 2.0
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Installed:
    """Its answer."""

    chosen: str
    """The id of the voice that speaks; '' for the engine's own default."""
    english: tuple[str, ...]
    """The names of all English voices here."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The engine stands; requests may come."""


@dataclass(frozen=True, slots=True)
class Failed:
    """No engine, or no sound."""

    why: str
    """Part of a line for the user; never the text that was to be spoken."""


class ListedVoice(Protocol):
    """One of the voices that pyttsx3 lists."""

    id: str
    name: str
    languages: Sequence[Any]
    gender: str | None


class NoEspeak(Exception):
    """Neither the system nor the package has libespeak-ng."""


class NoSound(Exception):
    """The engine wrote nothing."""


def serve(connection: Connection, folder: str, espeak: Espeak) -> None:
    """Answer requests until the parent closes its end or dies; removes `folder`, which is private, at the end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _close_output()
    try:
        with contextlib.suppress(EOFError, OSError):
            _answer(connection, Path(folder), espeak)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _close_output() -> None:
    """pyttsx3 prints every file name, and the libraries below it write to the descriptors."""
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115  (lives as long as the process)
    os.dup2(sys.stdout.fileno(), 1)
    os.dup2(sys.stdout.fileno(), 2)


def _answer(connection: Connection, folder: Path, espeak: Espeak) -> None:
    try:
        engine = Engine(folder, espeak)
    except NoEspeak:
        return connection.send(Failed(NO_ESPEAK))
    except Exception as error:
        return connection.send(Failed(f"no voice: pyttsx3's {DRIVER} engine does not start ({type(error).__name__})"))
    connection.send(Ready())
    while True:
        connection.send(_attempt(engine, connection.recv()))


def _attempt(engine: "Engine", request: Request | Which) -> Pcm | Installed | Failed:
    """A file now and then has no frames, in the first moments of an engine above all; so an engine is asked twice."""
    try:
        if isinstance(request, Which):
            return engine.which(request.manner)
        with contextlib.suppress(NoSound):
            return engine.speak(request)
        return engine.speak(request)
    except NoSound:
        return Failed("the voice gave no sound")
    except TimeoutError:
        return Failed("the voice did not finish in time")
    except Exception as error:
        return Failed(f"the voice failed ({type(error).__name__})")


class Engine:
    """pyttsx3 with its traps closed; lives on the thread that made it."""

    def __init__(self, folder: Path, espeak: Espeak) -> None:
        """Raises NoEspeak, and whatever pyttsx3 raises."""
        library = load_espeak(espeak, folder) if DRIVER == "espeak" else None
        self._folder = folder
        self._count = 0
        self._finished = threading.Event()
        self._pyttsx3 = self._start()
        if library is not None and hasattr(library, "espeak_ng_SetRandSeed"):
            library.espeak_ng_SetRandSeed(ctypes.c_long(SEED))

    def _start(self) -> Any:
        import pyttsx3  # type: ignore[import-untyped]

        engine = pyttsx3.init(DRIVER)
        engine.connect("finished-utterance", self._on_finished)
        if DRIVER == "espeak":
            # runAndWait() stops the driver before every text, which can throw away the rate, the pitch and the text.
            engine.proxy._driver.stop = lambda: None
        return engine

    def _on_finished(self, name: str | None, completed: bool) -> None:
        self._finished.set()

    def speak(self, request: Request) -> Pcm:
        """Raises NoSound, and TimeoutError after which the engine is of no more use."""
        self._count += 1
        if DRIVER == "sapi5" and self._count > 1:
            self._pyttsx3 = None  # init() hands out the old engine while it lives, which speaks only once
            self._pyttsx3 = self._start()
        path = self._folder / f"{self._count}.wav"
        try:
            self._set(request.manner)
            self._write(request, path)
            return read_sound(path)
        finally:
            path.unlink(missing_ok=True)

    def which(self, manner: Manner) -> Installed:
        """The voice for a manner, and what else is installed."""
        english = tuple(v.name for v in self._pyttsx3.getProperty("voices") if "en" in _languages(v))
        return Installed(self._voice(manner), english)

    def _voice(self, manner: Manner) -> str:
        if DRIVER == "espeak":
            return espeak_voice(manner)
        return best_voice(self._pyttsx3.getProperty("voices"), manner.gender)

    def _set(self, manner: Manner) -> None:
        """The voice first: a change of voice takes rate and pitch back."""
        if voice := self._voice(manner):
            self._pyttsx3.setProperty("voice", voice)
        self._pyttsx3.setProperty("rate", manner.rate)
        if DRIVER == "espeak":
            self._pyttsx3.setProperty("pitch", manner.pitch)

    def _write(self, request: Request, path: Path) -> None:
        self._finished.clear()
        self._pyttsx3.save_to_file(request.text, str(path))
        self._pyttsx3.runAndWait()
        if DRIVER == "sapi5":
            return  # the file is written when runAndWait() returns, and no end is reported
        if not self._finished.wait(request.timeout):
            raise TimeoutError
        if DRIVER == "espeak":
            self._rest()

    def _rest(self) -> None:
        """espeak's thread reports the end a little before it is idle; setting a voice meanwhile would be a race."""
        playing = import_module("pyttsx3.drivers._espeak").IsPlaying
        pause = threading.Event()
        for _ in range(REST):
            if not playing():
                return
            pause.wait(0.001)
        raise TimeoutError


def load_espeak(espeak: Espeak, folder: Path) -> ctypes.CDLL:
    """Load libespeak-ng, so that pyttsx3 gets this one when it asks for it by name. Raises NoEspeak.

    The package's data is reached through a link in `folder`: a wrong path, or one over 160 bytes, ends the process.
    """
    for name in espeak.system:
        with contextlib.suppress(OSError):
            return ctypes.CDLL(name, mode=ctypes.RTLD_GLOBAL)
    library, data = _packaged(espeak.package)
    (folder / data.name).symlink_to(data)
    os.environ["ESPEAK_DATA_PATH"] = str(folder)
    with contextlib.suppress(OSError):
        return ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
    raise NoEspeak


def _packaged(package: str) -> tuple[Path, Path]:
    """The package's library, under the name that pyttsx3 asks for, and its data folder."""
    try:
        folder = Path(import_module(package).get_library_path()).parent
    except ImportError:
        raise NoEspeak from None
    data = folder / "espeak-ng-data"
    if not (data / "phontab").is_file():
        raise NoEspeak
    return folder / "libespeak-ng.so.1", data


def espeak_voice(manner: Manner) -> str:
    """All voices of espeak are one man; the variants make women and other men of him."""
    variant = manner.variant.removeprefix("+") or {"female": "f3", "male": "m3"}.get(manner.gender, "")
    return f"gmw/en-us+{variant}" if variant else "gmw/en-us"


def best_voice(voices: Iterable[ListedVoice], gender: str) -> str:
    """The id of the best English voice of that gender; '' when none is English."""

    def merit(voice: ListedVoice) -> tuple[bool, bool, bool]:
        pleasant = any(name in voice.name.lower() for name in PLEASANT)
        return gender in ("any", _gender(voice)), pleasant, "us" in _languages(voice)

    english = [voice for voice in voices if "en" in _languages(voice)]
    return max(english, key=merit).id if english else ""


def _gender(voice: ListedVoice) -> str:
    stated = (voice.gender or "").lower()
    return "female" if "female" in stated else "male" if "male" in stated else ""


def _languages(voice: ListedVoice) -> set[str]:
    """{'en', 'us'} for 'en_US' and 'en-US'."""
    return {part for tag in voice.languages for part in str(tag).lower().replace("_", "-").split("-")}


def read_sound(path: Path) -> Pcm:
    """The file as mono int16; macOS writes AIFF whatever the name. Raises NoSound."""
    if not path.is_file():
        raise NoSound
    try:
        sound = _read_wave(path)
    except (wave.Error, EOFError):
        sound = _read_any(path)
    if not sound.data:
        raise NoSound
    return sound


def _read_wave(path: Path) -> Pcm:
    with wave.open(str(path), "rb") as file:
        if (file.getnchannels(), file.getsampwidth()) != (1, 2):
            raise wave.Error("not mono int16")
        return Pcm(file.readframes(file.getnframes()), file.getframerate())


def _read_any(path: Path) -> Pcm:
    import soundfile  # type: ignore[import-untyped]

    samples, rate = soundfile.read(path, dtype="int16", always_2d=True)
    return Pcm(samples.mean(axis=1).astype("<i2").tobytes(), rate)
