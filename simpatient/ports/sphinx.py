"""pocketsphinx with its bundled English model, in a process of its own; the only file that knows pocketsphinx.

Its decoder holds the GIL while it works, so it would stop the program's sound. The parent sends `(listen, block)` and,
at the end of the blocks, `(listen, b"")`; it gets `(listen, Segment)`, and at last `(listen, None)`. `listen` numbers
the calls: what is still on its way for an earlier one is dropped on both sides. Live calls have negative numbers: they
get `(listen, Partial)` too, go on after the end, and their segments end sooner, so that the decoder's last pass runs
while the turn is not over yet.
"""

import contextlib
import signal
import weakref
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from importlib.util import find_spec
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from simpatient.errors import ModelError
from simpatient.ports import RATE, Partial, Segment
from simpatient.ports.children import without_interrupts
from simpatient.ports.vosk import digest

START = 60.0
"""Seconds that the process may take to stand; a cold disk and a busy machine are slow."""
STRICTNESS = 2
"""Of the voice detector, 0..3; below 2 it takes mains hum and white noise for speech."""
ENGLISH = Path(__file__).parent / "sphinx_en"
"""How learners speak: language model and words, made by training/clinic_lm.py."""
SEARCH: dict[str, Any] = {"maxhmmpf": 10_000, "maxwpf": 20}
"""Limits of the search: a fifth less work for the same words."""


def voice_detector(milliseconds: int) -> Callable[[bytes], bool]:
    """WebRTC's, as pocketsphinx brings it, for frames of 10, 20 or 30 ms at RATE."""
    from pocketsphinx import Vad

    judge: Callable[[bytes], bool] = Vad(STRICTNESS, RATE, milliseconds / 1000).is_speech
    return judge


class SphinxRecogniser:
    """Obeys Recogniser. One listens at a time: a new `listen` ends the one before."""

    name = "pocketsphinx"
    about = (
        "pocketsphinx, general English (bundled): good enough to start, 1 word in 10 wrong, more with accents; "
        "a Vosk model hears better"
    )

    def __init__(self) -> None:
        """Raises ModelError."""
        self.digest = _digest()
        self._listen = 0
        self._child = _Child()

    def listen(self, blocks: Iterable[bytes]) -> Iterator[Segment]:
        self._listen += 1
        number = self._listen
        for block in blocks:
            if number != self._listen:
                return
            if block:
                self._child.send((number, bytes(block)))
            yield from self._heard(number, wait=False)
        self._child.send((number, b""))
        yield from self._heard(number, wait=True)

    def ears(self) -> "_LiveEars":
        self._listen += 1
        return _LiveEars(self._child, -self._listen)

    def close(self) -> None:
        self._child.end()

    def _heard(self, number: int, wait: bool) -> Iterator[Segment]:
        """What has arrived by now; all that is to come with `wait`."""
        while number == self._listen and (wait or self._child.has_answer()):
            of, segment = self._child.receive()
            if of == number and segment is None:
                return
            if of == number:
                yield segment


class _LiveEars:
    """Obeys Ears."""

    def __init__(self, child: "_Child", number: int) -> None:
        self._child = child
        self._number = number

    def hear(self, block: bytes) -> Iterator[Segment | Partial]:
        self._child.send((self._number, block))
        while self._child.has_answer():
            of, heard = self._child.receive()
            if of == self._number and heard is not None:
                yield heard

    def finish(self) -> Iterator[Segment]:
        self._child.send((self._number, b""))
        while True:
            of, heard = self._child.receive()
            if of == self._number and heard is None:
                return
            if of == self._number and isinstance(heard, Segment):
                yield heard


class _Child:
    """The process and its pipe; they end together, at the latest with this program."""

    def __init__(self) -> None:
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs,), name="simpatient-ears", daemon=True)
        self.end = weakref.finalize(self, _end, process, self._pipe)
        try:
            with without_interrupts():
                self._do(process.start)
            theirs.close()
            self._await_ready()
        except BaseException:
            self.end()
            raise

    def _await_ready(self) -> None:
        if not self._do(self._pipe.poll, START):
            raise ModelError(f"pocketsphinx did not start in {START:g} seconds; try again, or give a Vosk model")
        failure = self.receive()
        if failure:
            raise ModelError(f"pocketsphinx does not start ({failure}); run: pip install pocketsphinx")

    def has_answer(self) -> bool:
        return bool(self._do(self._pipe.poll))

    def send(self, message: tuple[int, bytes]) -> None:
        self._do(self._pipe.send, message)

    def receive(self) -> Any:
        return self._do(self._pipe.recv)

    def _do(self, action: Callable[..., Any], *arguments: object) -> Any:
        """Raises ModelError when the process is gone."""
        try:
            return action(*arguments)
        except (EOFError, OSError):
            why = "its process ended" if self.end.alive else "it has been closed"
            raise ModelError(f"pocketsphinx cannot hear: {why}; start again, or give a Vosk model") from None


def _end(process: SpawnProcess, pipe: Connection) -> None:
    if process.pid is not None:
        process.kill()
        process.join()
    pipe.close()


def _package() -> Path:
    found = find_spec("pocketsphinx")
    if found is None or found.origin is None:
        raise ModelError("pocketsphinx is not installed; run: pip install pocketsphinx")
    return Path(found.origin).parent


def _digest() -> str:
    """Of the acoustic model, of our words and sentences, and of what takes noise away."""
    from simpatient.ports import quiet

    parts = digest(_package() / "model") + digest(ENGLISH) + sha256(quiet.FILE.read_bytes()).hexdigest()
    return "sha256:" + sha256(parts.encode()).hexdigest()


def _decoder() -> Any:
    """pocketsphinx with the language model of the clinic, and the words that its dictionary lacks."""
    from pocketsphinx import Decoder

    general = _package() / "model" / "en-us" / "cmudict-en-us.dict"
    with TemporaryDirectory(prefix="simpatient-ears-") as folder:
        words = Path(folder) / "words.dict"
        words.write_bytes(general.read_bytes() + (ENGLISH / "words.dict").read_bytes())
        return Decoder(
            samprate=RATE, cmn="live", loglevel="FATAL", dict=str(words), lm=str(ENGLISH / "clinic.lm.bin"), **SEARCH
        )


def _serve(connection: Connection) -> None:
    """Listens until the parent closes its end or dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(EOFError, OSError):
        try:
            decoder = _decoder()
        except Exception as error:
            return connection.send(f"{type(error).__name__}: {' '.join(str(error).split())}")
        connection.send("")
        _answer(connection, decoder)


def _answer(connection: Connection, decoder: Any) -> None:
    from simpatient.ports.sphinx_ears import FRAME_MS, Ears

    current, ears = 0, None
    while True:
        number, block = connection.recv()
        if number != current:
            current, ears = number, Ears(decoder, voice_detector(FRAME_MS), live=number < 0)
        assert ears is not None
        for segment in ears.hear(block) if block else ears.finish():
            connection.send((number, segment))
        if not block:
            connection.send((number, None))
