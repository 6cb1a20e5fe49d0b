"""pocketsphinx with its bundled English model, in a process of its own; the only file that knows pocketsphinx.

Its decoder holds the GIL while it works, so it would stop the program's sound. The parent sends `(listen, block)` and,
at the end of the blocks, `(listen, b"")`; it gets `(listen, Segment)`, and at last `(listen, None)`. `listen` numbers
the calls: what is still on its way for an earlier one is dropped on both sides. Live calls have negative numbers: they
get `(listen, Partial)` too, go on after the end, and their segments end sooner, so that the decoder's last pass runs
while the turn is not over yet.
"""

import contextlib
import re
import signal
import weakref
from collections import deque
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
from simpatient.model import Word
from simpatient.ports import RATE, Partial, Segment
from simpatient.ports.children import without_interrupts
from simpatient.ports.vosk import digest

START = 60.0
"""Seconds that the process may take to stand; a cold disk and a busy machine are slow."""
STRICTNESS = 2
"""Of the voice detector, 0..3; below 2 it takes mains hum and white noise for speech."""
SPEECH = 6
"""Frames of 30 ms with a voice, among the last RECENT, that begin a segment; the word "no" has about 8."""
RECENT = 10
SILENCE = 18
"""Frames that end a segment, when hardly one of them has a voice: 540 ms, as in Vosk."""
SILENCE_LIVE = 8
"""The same for a live learner: 240 ms."""
OFTEN = 4
"""Frames between two partial hypotheses: 120 ms."""
LEAD = 15
"""Frames before the beginning that belong to the segment."""
LONGEST = 667
"""Frames at which a segment is cut: 20 s, as in Vosk."""
LONGEST_WORD = 1_500
"""Milliseconds; in a held chord a "for" of four seconds is heard."""
FILLED = 0.33
"""Part of the time with a voice that words must fill; in music they are few and far between."""
WARM = 4_000
"""Milliseconds of segments until voice and microphone are known well enough to decode while they come. Before that a
segment is decoded as a whole at its end, which takes a quarter of its length; without that one word in eight of a first
sentence is wrong instead of one in twenty (the 40 clips of audio_fixtures)."""
ENGLISH = Path(__file__).parent / "sphinx_en"
"""How learners speak: language model and words, made by training/clinic_lm.py."""
SEARCH: dict[str, Any] = {"maxhmmpf": 10_000, "maxwpf": 20}
"""Limits of the search: a fifth less work for the same words."""
_WORD = re.compile(r"([^<\[+(][^(]*)")
"""A word without the number of its pronunciation; none for <sil>, [NOISE] and ++UH++."""


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
    """Of the acoustic model and of our words and sentences."""
    parts = digest(_package() / "model") + digest(ENGLISH)
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
    current, ears = 0, None
    while True:
        number, block = connection.recv()
        if number != current:
            current, ears = number, _Ears(decoder, live=number < 0)
        assert ears is not None
        for segment in ears.hear(block) if block else ears.finish():
            connection.send((number, segment))
        if not block:
            connection.send((number, None))


class _Ears:
    """One listen: bytes in, segments out. But for the first, the decoder works while the learner speaks."""

    def __init__(self, decoder: Any, live: bool = False) -> None:
        from pocketsphinx import Vad

        with contextlib.suppress(RuntimeError):
            decoder.end_utt()  # of a listen that was broken off
        decoder.reinit_feat()  # forgets the last speaker, so that the same sound gives the same words
        self._decoder = decoder
        self._vad = Vad(STRICTNESS, RATE)
        self._frame_ms = round(self._vad.frame_length * 1000)
        self._rest = b""
        self._waiting = bytearray()
        """Sound of the segment that is to be decoded as a whole."""
        self._known_ms = 0
        """Length of the segments so far."""
        self._passed = 0
        """Frames so far."""
        self._lead: deque[bytes] = deque(maxlen=LEAD)
        self._live = live
        self._partial = ""
        self._silence = SILENCE_LIVE if live else SILENCE
        self._voiced: deque[bool] = deque(maxlen=SILENCE)
        self._begun: int | None = None
        """The segment's first frame."""
        self._voice_ms = 0
        """With a voice, since the segment began."""

    def hear(self, data: bytes) -> Iterator[Segment | Partial]:
        size = self._vad.frame_bytes
        self._rest += data
        whole = len(self._rest) - len(self._rest) % size
        frames, self._rest = self._rest[:whole], self._rest[whole:]
        for at in range(0, whole, size):
            yield from self._frame(frames[at : at + size])

    def finish(self) -> Iterator[Segment]:
        if self._begun is not None:
            yield from self._segment(self._begun)

    def _hypothesis(self) -> Iterator[Partial]:
        """What is understood so far, where it has changed; nothing while the sound waits to be decoded as a whole."""
        found = None if self._waiting else self._decoder.hyp()
        text = found.hypstr if found else ""
        if text != self._partial:
            self._partial = text
            yield Partial(text)

    def _frame(self, frame: bytes) -> Iterator[Segment | Partial]:
        self._passed += 1
        self._voiced.append(self._vad.is_speech(frame))
        if self._begun is None:
            self._lead.append(frame)
            if sum(list(self._voiced)[-RECENT:]) >= SPEECH:
                self._begin()
            return
        self._decode(frame)
        self._voice_ms += self._frame_ms * self._voiced[-1]
        if self._live and self._passed % OFTEN == 0:
            yield from self._hypothesis()
        latest = list(self._voiced)[-self._silence :]
        silent = len(latest) == self._silence and sum(latest) <= 1
        if silent or self._passed - self._begun >= LONGEST:
            yield from self._segment(self._begun)

    def _begin(self) -> None:
        self._begun = self._passed - len(self._lead)
        self._voice_ms = self._frame_ms * sum(self._voiced)
        self._decoder.start_utt()
        for frame in self._lead:
            self._decode(frame)
        self._lead.clear()

    def _decode(self, frame: bytes) -> None:
        if self._known_ms < WARM:
            self._waiting += frame
        else:
            self._decoder.process_raw(frame)

    def _segment(self, begun: int) -> Iterator[Segment]:
        self._begun, self._partial = None, ""
        self._voiced.clear()
        if self._waiting:
            self._decoder.process_raw(bytes(self._waiting), full_utt=True)
            self._waiting.clear()
        self._decoder.end_utt()
        self._known_ms += (self._passed - begun) * self._frame_ms
        words = tuple(self._words(begun * self._frame_ms))
        lengths = (word.end_ms - word.start_ms for word in words)
        if words and sum(ms for ms in lengths if ms <= LONGEST_WORD) > FILLED * self._voice_ms:
            yield Segment(words)

    def _words(self, offset: int) -> Iterator[Word]:
        """The decoder counts in frames of 10 ms, the last one included."""
        for heard in self._decoder.seg() or ():
            if word := _WORD.match(heard.word):
                start, end = offset + 10 * heard.start_frame, offset + 10 * (heard.end_frame + 1)
                yield Word(word[1], start, end, min(1.0, max(0.0, heard.prob)))
