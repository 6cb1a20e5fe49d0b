"""Vosk, over whatever model folder it is given; the only file that knows the vosk package.

Only a path is ever given to it: by a name or a language vosk would download. Its errors say 'Failed to create a model';
the reason stands on the descriptor of stderr and is taken from there.
"""

import contextlib
import ctypes
import json
import re
import socket
import sys
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from simpatient.errors import ModelError
from simpatient.model import Word
from simpatient.ports import BLOCK, RATE, Partial, Segment
from simpatient.ports.stderr import caught

_V1 = (("final.mdl",), ("mfcc.conf",), ("HCLG.fst", "HCLr.fst"))
_V2 = (
    ("am/final.mdl",),
    ("conf/model.conf",),
    ("conf/mfcc.conf", "conf/fbank.conf"),
    ("graph/HCLG.fst", "graph/HCLr.fst"),
)
"""Files of which one each must be there. libvosk's flat old layout, and the one of all models since 2020."""
_DYNAMIC = ("Gr.fst", "disambig_tid.int")
"""Files that must stand beside HCLr.fst."""
_ENDPOINTS = b"--endpoint.silence-phones="
_LIVE = b"""
--endpoint.rule1.min-trailing-silence=30
--endpoint.rule2.min-trailing-silence=1.2
--endpoint.rule3.min-trailing-silence=1.5
--endpoint.rule4.min-trailing-silence=2.0
--endpoint.rule5.min-utterance-length=60
"""
"""Seconds. Whose turn it is decides the floor: a learner who thinks keeps the words before, and no long one is cut."""
_ERROR = re.compile(r"^ERROR \(.*?:\d+\) (.*)$", re.MULTILINE)
_QUIET = -2
"""libvosk's log level that leaves nothing but errors."""


class VoskRecogniser:
    """Obeys Recogniser. The model is loaded once; any number of threads may listen at the same time."""

    def __init__(self, folder: Path, name: str, about: str, live: bool = False) -> None:
        """With the endpoints of a live session, or the model's own. Raises ModelError."""
        check(folder)
        self.name = name
        self.about = about
        self.digest = digest(folder)
        self._model: Any = _load(folder, live)

    def listen(self, blocks: Iterable[bytes]) -> Iterator[Segment]:
        recogniser = self._recogniser()
        for data in _even(blocks):
            if _endpoint(recogniser, data):
                yield from _segments(recogniser.Result())
        yield from _segments(recogniser.FinalResult())

    def ears(self) -> "_Ears":
        return _Ears(self._recogniser())

    def close(self) -> None:
        self._model = None

    def _recogniser(self) -> Any:
        from vosk import KaldiRecognizer

        if self._model is None:
            raise ModelError(f"{self.name}: this recogniser has been closed; choose it anew")
        _same_noise()
        recogniser = KaldiRecognizer(self._model, RATE)
        recogniser.SetWords(True)
        return recogniser


def _same_noise() -> None:
    """Kaldi adds a little noise to every frame (dither), by the C library's rand(). From one start each time, the same
    sound gives the same words and confidences, whatever this process heard before.
    """
    library = ctypes.cdll.msvcrt if sys.platform == "win32" else ctypes.CDLL(None)
    library.srand(1)


class _Ears:
    """Obeys Ears. FinalResult leaves the recogniser as new, and its times run on."""

    def __init__(self, recogniser: Any) -> None:
        self._recogniser = recogniser
        self._partial = ""

    def hear(self, block: bytes) -> Iterator[Segment | Partial]:
        if _endpoint(self._recogniser, block):
            yield from _segments(self._recogniser.Result())
            yield Partial("")
            self._partial = ""
            return
        text = _known(json.loads(self._recogniser.PartialResult())["partial"])
        if text != self._partial:
            self._partial = text
            yield Partial(text)

    def finish(self) -> Iterator[Segment]:
        self._partial = ""
        yield from _segments(self._recogniser.FinalResult())


def digest(folder: Path) -> str:
    """'sha256:…' over the relative paths and the bytes of all files in the folder, sorted. Raises ModelError."""
    total = sha256()
    try:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            total.update(f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\0".encode(errors="replace"))
            with path.open("rb") as file:
                while data := file.read(1 << 20):
                    total.update(data)
    except OSError as error:
        raise ModelError(f"{error.filename}: cannot be read: {error.strerror}") from None
    return f"sha256:{total.hexdigest()}"


def check(folder: Path) -> None:
    """Raises ModelError unless the folder holds the files that libvosk will open."""
    if not folder.is_dir():
        found = "is a file; unpack it and give the folder" if folder.exists() else "there is no such folder"
        raise ModelError(f"{folder}: {found}; a Vosk model folder holds am/, conf/ and graph/")
    layout = _V1 if (folder / "final.mdl").exists() else _V2
    for names in layout:
        if not any((folder / name).is_file() for name in names):
            raise _lacks(folder, " or ".join(names))
    static, dynamic = layout[-1]
    if not (folder / static).is_file():
        for name in (dynamic.replace("HCLr.fst", beside) for beside in _DYNAMIC):
            if not (folder / name).is_file():
                raise _lacks(folder, name)
    if layout is _V2 and _ENDPOINTS not in (folder / "conf/model.conf").read_bytes():
        raise _lacks(folder, f"{_ENDPOINTS.decode()} in conf/model.conf")  # libvosk would end the whole process


def _lacks(folder: Path, what: str) -> ModelError:
    inner = sorted(folder.glob("*/am/final.mdl"))
    advice = f"the model is in {inner[0].parents[1]}" if inner else "a Vosk model folder holds am/, conf/ and graph/"
    return ModelError(f"{folder}: no {what}; {advice}")


@contextlib.contextmanager
def _with_live_endpoints(folder: Path) -> Iterator[Path]:
    """A folder that holds the same model with other endpoints, which libvosk takes from its configuration alone.

    The model as it is where links are not allowed, and in the flat layout, which has no such file.
    """
    configuration = folder / "conf" / "model.conf"
    with contextlib.ExitStack() as stack:
        derived = Path(stack.enter_context(TemporaryDirectory(prefix="simpatient-model-")))
        try:
            told = configuration.read_bytes()
            (derived / "conf").mkdir()
            (derived / "conf" / "model.conf").write_bytes(told + _LIVE)
            for path in (*folder.iterdir(), *configuration.parent.iterdir()):
                beside = derived / path.relative_to(folder)
                if not beside.exists():
                    beside.symlink_to(path.resolve())
        except OSError:
            derived = folder
        yield derived


def _load(folder: Path, live: bool) -> Any:
    """The vosk.Model. Raises ModelError with libvosk's own reason."""
    try:
        with _no_socket_on_import():
            import vosk
    except (ImportError, OSError, TypeError) as error:  # TypeError: a platform that vosk does not know
        reason = " ".join(str(error).split())
        raise ModelError(f"vosk cannot be loaded ({reason}); run: pip install vosk, or: --model pocketsphinx") from None
    try:
        with caught() as said, _with_live_endpoints(folder) if live else contextlib.nullcontext(folder) as read:
            return _tried(vosk, str(read))
    except Exception as error:  # vosk raises nothing narrower
        reason = _last_error(said.text) or str(error)
    raise ModelError(f"{folder}: libvosk refuses it: {reason}; unpack the model anew")


@contextlib.contextmanager
def _no_socket_on_import() -> Iterator[None]:
    """vosk imports requests, whose urllib3 opens an internet socket on import, to learn whether there is IPv6."""
    before, socket.has_ipv6 = socket.has_ipv6, False
    try:
        yield
    finally:
        socket.has_ipv6 = before


def _tried(vosk: Any, folder: str) -> Any:
    """The vosk.Model, once it has listened to a moment of silence: some damage shows only then."""
    vosk.SetLogLevel(_QUIET)
    model = vosk.Model(folder)
    recogniser = vosk.KaldiRecognizer(model, RATE)
    recogniser.AcceptWaveform(bytes(2 * BLOCK))
    recogniser.FinalResult()
    return model


def _last_error(said: str) -> str:
    reasons = _ERROR.findall(said)
    return " ".join(reasons[-1].split()).rstrip(".") if reasons else ""


def _endpoint(recogniser: Any, data: bytes) -> bool:
    try:
        return bool(recogniser.AcceptWaveform(data))
    except Exception as error:  # vosk raises nothing narrower
        raise ModelError(f"libvosk stopped listening: {error}; try another model") from None


def _even(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """libvosk takes a chunk of odd length without a word, and hears noise from there on."""
    odd = b""
    for block in blocks:
        data = odd + bytes(block)
        odd = data[len(data) & ~1 :]
        if len(data) > 1:
            yield data[: len(data) & ~1]


def _segments(result: str) -> Iterator[Segment]:
    """One segment, or none when nothing was heard. Unknown words come as <unk>, [unk] or nothing."""
    found = json.loads(result).get("result", ())
    words = tuple(_word(entry) for entry in found if not re.match(r"[<\[]|$", entry["word"]))
    if words:
        yield Segment(words)


def _known(text: str) -> str:
    return " ".join(word for word in text.split() if word[0] not in "<[")


def _word(entry: dict[str, Any]) -> Word:
    confidence = min(1.0, max(0.0, entry["conf"]))
    return Word(entry["word"], round(entry["start"] * 1000), round(entry["end"] * 1000), confidence)
