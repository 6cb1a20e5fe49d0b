"""The sound of a session, kept only with consent.

What the microphone heard waits until its turn stands in the journal; a turn of which nothing is kept leaves no sound
either. It grows on the disk turn by turn (`.pcm`, raw), so that a crash loses no more than the journal does, and
becomes `learner.flac` and `conversation.flac` at the end. `clips.jsonl` says where in the conversation each turn is.
"""

import os
from pathlib import Path

from simpatient.errors import OutputError
from simpatient.model import Reply, Turn
from simpatient.ports import RATE, Pcm
from simpatient.session.conversation import CLIPS, LEAD_MS, TAIL_MS, at_rate, silence
from simpatient.session.outputs import CONVERSATION, LEARNER
from simpatient.session.records import canonical

RAW = ".pcm"
"""The suffix of a sound that is still growing."""


class Tape:
    """Runs where `on`; otherwise everything passes and nothing is kept. Raises OutputError."""

    def __init__(self, folder: Path, on: bool) -> None:
        self._folder = folder
        self._on = on
        self._waiting = bytearray()

    def hears(self, block: bytes) -> None:
        """What the recogniser is given, as it comes."""
        if self._on:
            self._waiting += block

    def turn(self, turn: Turn, now_ms: int) -> None:
        """The turn stands in the journal: its sound may, too. Of a silence nothing is kept.

        `now_ms` is the end of what has come, in the time of the turn's words.
        """
        said = turn.utterance
        since_ms = now_ms - len(self._waiting) * 1000 // (2 * RATE)
        if self._waiting and said.words:
            self._add(LEARNER, self._waiting)
            first, last = (max(0, ms - since_ms) for ms in (said.start_ms - LEAD_MS, said.end_ms + TAIL_MS))
            at_ms = self._add(CONVERSATION, self._waiting[_bytes(first) : _bytes(last)])
            start_ms, end_ms = at_ms + said.start_ms - since_ms - first, at_ms + said.end_ms - since_ms - first
            clip = canonical({"turn": turn.no, "start_ms": start_ms, "end_ms": end_ms}) + "\n"
            self._append(self._folder / CLIPS, clip.encode())
        self._waiting.clear()

    def patient(self, reply: Reply, sound: Pcm) -> None:
        """What the patient said."""
        if self._on:
            self._add(CONVERSATION, silence(reply.pause_ms) + at_rate(sound) + silence(TAIL_MS))

    def close(self) -> None:
        """Makes files of it that anybody can play."""
        from simpatient.ports.recordings import save

        self._waiting.clear()
        for name in (LEARNER, CONVERSATION):
            raw = self._raw(name)
            if raw.is_file():
                data = raw.read_bytes()
                save(self._folder / name, Pcm(data[: len(data) // 2 * 2], RATE))
                raw.unlink()

    def _raw(self, name: str) -> Path:
        return (self._folder / name).with_suffix(RAW)

    def _add(self, name: str, sound: bytes | bytearray) -> int:
        """Returns where it begins, in milliseconds."""
        raw = self._raw(name)
        if not raw.exists() and (self._folder / name).exists():  # a session that had ended, and goes on
            from simpatient.ports.recordings import blocks

            self._append(raw, b"".join(blocks(self._folder / name)))
        return self._append(raw, sound) * 1000 // (2 * RATE)

    def _append(self, path: Path, data: bytes | bytearray) -> int:
        """Returns where it begins, in bytes: always a whole sample, whatever a crash has torn."""
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                size = os.fstat(file).st_size
                begins = os.lseek(file, size - size % 2 if path.suffix == RAW else size, os.SEEK_SET)
                rest = memoryview(data)
                while rest:
                    rest = rest[os.write(file, rest) :]
            finally:
                os.close(file)
        except OSError as error:
            raise OutputError(f"{path}: cannot write: {error.strerror}") from None
        return begins


def _bytes(ms: int) -> int:
    return ms * RATE // 1000 * 2
