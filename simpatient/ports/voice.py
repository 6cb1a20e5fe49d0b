"""The patient's machine voice: text in, PCM out. The engine itself lives in a process of its own (`voice_worker`)."""

import re
import shutil
import threading
import weakref
from collections.abc import Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from tempfile import mkdtemp
from typing import Any

from simpatient.errors import VoiceError
from simpatient.ports import Manner, Pcm
from simpatient.ports.children import without_interrupts
from simpatient.ports.voice_worker import DRIVER, Espeak, Failed, Installed, Request, Which, serve

PIECE = 2_000
"""Bytes of UTF-8 that the engine gets at once; libespeak-ng crashes at 15 000."""
SILENCE = Pcm(bytes(2 * 4_410), 22_050)
"""Of a text in which nothing can be spoken: 200 ms."""
START = 20.0
"""Seconds that the process may take to stand."""
PATIENCE = 2.0
"""Seconds that the engine may take for a text, besides PER_CHARACTER."""
PER_CHARACTER = 0.05
"""Seconds."""
MARGIN = 1.0
"""Seconds after the engine's own time limit at which its process is given up."""


class SpokenVoice:
    """Speaks through pyttsx3. Nothing starts before `start` or the first `say`; any thread may call."""

    name = f"pyttsx3/{DRIVER}"

    def __init__(self, espeak: Espeak | None = None, patience: float = PATIENCE, spare: bool = False) -> None:
        """With `spare` a second process stands by, so that nobody waits when the first one dies in mid-sentence."""
        self._espeak = espeak or Espeak()
        self._wants_spare = spare
        self._spare: _Worker | None = None
        self._patience = patience
        self._lock = threading.Lock()
        self._worker: _Worker | None = None
        self._closed = False

    def start(self) -> None:
        """Start the process and return at once, so that the first line does not wait for it."""
        with self._lock:
            self._standing()
            self._stand_by()

    def say(self, text: str, manner: Manner) -> Pcm:
        """The spoken text; a short silence when there is nothing to speak. Raises VoiceError."""
        requests = [Request(p, manner, self._patience + PER_CHARACTER * len(p)) for p in pieces(text)]
        with self._lock:
            sounds = [self._spoken(request) for request in requests] or [SILENCE]
            self._stand_by()
        return Pcm(b"".join(sound.data for sound in sounds), sounds[0].rate)

    def which(self, manner: Manner) -> Installed:
        """The voice that speaks in this manner, and what else is installed. Raises VoiceError."""
        with self._lock:
            answer = self._standing().ask(Which(manner))
            if isinstance(answer, Installed):
                return answer
            self._drop()
        raise VoiceError(f"no voice: {answer.why if isinstance(answer, Failed) else 'no answer'}; start again")

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._drop()
            if self._spare is not None:
                self._spare.end()

    def _spoken(self, request: Request) -> Pcm:
        """Asked again once, of a new process, when the first one fails or dies."""
        why = ""
        for _ in range(2):
            try:
                answer = self._standing().ask(request)
            except BaseException:  # a Ctrl-C leaves an answer in the pipe that the next text must not get
                self._drop()
                raise
            if isinstance(answer, Pcm):
                return answer
            self._drop()
            why = answer.why if isinstance(answer, Failed) else "the voice gave no sound"
        raise VoiceError(f"no voice: {why}, twice; go on with text, or start again")

    def _standing(self) -> "_Worker":
        if self._closed:
            raise VoiceError("no voice: it has been closed")
        if self._worker is None:
            self._worker, self._spare = self._spare or _Worker(self._espeak), None
        return self._worker

    def _stand_by(self) -> None:
        if self._wants_spare and self._worker is not None and self._spare is None:
            self._spare = _Worker(self._espeak)

    def _drop(self) -> None:
        if self._worker is not None:
            self._worker.end()
            self._worker = None


class _Worker:
    """One process with its pipe and its private folder; all three end together, at the latest with this program."""

    def __init__(self, espeak: Espeak) -> None:
        context = get_context("spawn")
        folder = mkdtemp(prefix="simpatient-voice-")
        self._pipe, theirs = context.Pipe()
        process = context.Process(target=serve, args=(theirs, folder, espeak), name="simpatient-voice", daemon=True)
        self.end = weakref.finalize(self, _end, process, self._pipe, folder)
        with without_interrupts():
            process.start()
        theirs.close()
        self.pid = process.pid or 0
        self._ready = False

    def ask(self, request: Request | Which) -> Pcm | Installed | Failed:
        """Raises VoiceError when the machine has no engine at all."""
        try:
            if not self._ready:
                self._await_ready()
            self._pipe.send(request)
            answer: Pcm | Installed | Failed = self._receive(request.timeout + MARGIN)
            return answer
        except (EOFError, OSError):
            return Failed("the voice's process ended")

    def _await_ready(self) -> None:
        answer = self._receive(START)
        if isinstance(answer, Failed):
            raise VoiceError(answer.why)
        self._ready = True

    def _receive(self, seconds: float) -> Any:
        """A Ready, a Pcm, an Installed or a Failed."""
        if not self._pipe.poll(seconds):
            return Failed("the voice's process did not answer")
        return self._pipe.recv()


def _end(process: SpawnProcess, pipe: Connection, folder: str) -> None:
    if process.pid is not None:
        process.kill()
        process.join()
    pipe.close()
    shutil.rmtree(folder, ignore_errors=True)


def pieces(text: str, limit: int = PIECE) -> list[str]:
    """The text in parts under `limit` bytes, cut between sentences, else words, else anywhere; none is unspeakable."""
    parts = [""]
    for unit in _units(text, limit):
        joined = f"{parts[-1]} {unit}".lstrip()
        if len(joined.encode()) < limit:
            parts[-1] = joined
        else:
            parts.append(unit)
    return [part for part in parts if any(character.isalnum() for character in part)]


def _units(text: str, limit: int) -> Iterator[str]:
    """Sentences; of one that is too long its words; of such a word slices (a character takes at most 4 bytes)."""
    clean = re.sub(r"[\x00-\x20\x7f]+", " ", text.encode(errors="replace").decode())
    for sentence in re.split(r"(?<=[.!?…])\s+", clean.strip()):
        if len(sentence.encode()) < limit:
            yield sentence
        else:
            step = limit // 4 - 1
            yield from (word[i : i + step] for word in sentence.split() for i in range(0, len(word), step))
