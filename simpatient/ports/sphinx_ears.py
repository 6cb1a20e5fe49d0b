"""How pocketsphinx listens: where an utterance begins and ends, in a quiet room and in a noisy one, and its words.

Runs in the process of `sphinx`.
"""

import contextlib
import re
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import numpy

from simpatient.model import Word
from simpatient.ports import RATE, Partial, Segment
from simpatient.ports.quiet import HOP, LAG, Quieter
from simpatient.ports.sound import level_db

FRAME_MS = 30
FRAME = 2 * RATE * FRAME_MS // 1000
"""Bytes."""
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
FILLED, FILLED_WELL = 0.33, 0.5
"""Part of the time with a voice that words must fill, and where it may be no voice; in music they are far between."""
WARM = 4_000
"""Milliseconds of segments until voice and microphone are known well enough to decode while they come. Before that a
segment is decoded as a whole at its end, which takes a quarter of its length; without that one word in eight of a first
sentence is wrong instead of one in twenty (the 40 clips of audio_fixtures)."""
HISTORY = 100
"""Frames, 3 s, in which the noise of the room is looked for."""
NOISY_DB = 34.0
"""A voice that stands out of its room by less is quietened before it is decoded."""
VOICE = 0.8
"""Part of a segment's power that is left when it is quietened: of bells less is, of voices more; in loud noise both."""
_WORD = re.compile(r"([^<\[+(][^(]*)")
"""A word without the number of its pronunciation; none for <sil>, [NOISE] and ++UH++."""


class Ears:
    """One listen: bytes in, segments out. But for the first, the decoder works while the learner speaks."""

    def __init__(
        self, decoder: Any, is_voice: Callable[[bytes], bool], live: bool = False, quieten: bool = True
    ) -> None:
        """`is_voice` judges frames of FRAME_MS."""
        with contextlib.suppress(RuntimeError):
            decoder.end_utt()  # of a listen that was broken off
        decoder.reinit_feat()  # forgets the last speaker, so that the same sound gives the same words
        self._decoder = decoder
        self._is_voice = is_voice
        self._rest = b""
        self._waiting = bytearray()
        """Sound of the segment that is to be decoded as a whole, or its cepstra in a noisy room."""
        self._known_ms = 0
        """Length of the segments so far."""
        self._passed = 0
        """Frames so far."""
        self._recent: deque[bytes] = deque(maxlen=HISTORY)
        """Frames since the last segment, and the end of it."""
        self._lead = 0
        """So many of them may belong to the next segment."""
        self._quieten = quieten
        self._quieter: Quieter | None = None
        self._power = numpy.zeros(2)
        """Of the segment, as it came and of the voice in it."""
        self._live = live
        self._partial = ""
        self._silence = SILENCE_LIVE if live else SILENCE
        self._voiced: deque[bool] = deque(maxlen=SILENCE)
        self._begun: int | None = None
        """The segment's first frame."""
        self._voice_ms = 0
        """With a voice, since the segment began."""

    def hear(self, data: bytes) -> Iterator[Segment | Partial]:
        self._rest += data
        whole = len(self._rest) - len(self._rest) % FRAME
        frames, self._rest = self._rest[:whole], self._rest[whole:]
        for at in range(0, whole, FRAME):
            yield from self._frame(frames[at : at + FRAME])

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
        self._voiced.append(self._is_voice(frame))
        self._recent.append(frame)
        if self._begun is None:
            self._lead = min(LEAD, self._lead + 1)
            if sum(list(self._voiced)[-RECENT:]) >= SPEECH:
                self._begin()
            return
        self._decode(frame)
        self._voice_ms += FRAME_MS * self._voiced[-1]
        if self._live and self._passed % OFTEN == 0:
            yield from self._hypothesis()
        latest = list(self._voiced)[-self._silence :]
        silent = len(latest) == self._silence and sum(latest) <= 1
        if silent or self._passed - self._begun >= LONGEST:
            yield from self._segment(self._begun)

    def _begin(self) -> None:
        self._begun = self._passed - self._lead
        self._voice_ms = FRAME_MS * sum(self._voiced)
        self._decoder.start_utt()
        known = b"".join(self._recent)
        start = len(known) - self._lead * FRAME
        self._quieter = Quieter() if self._quieten and self._noisy() else None
        self._power[:] = 0
        self._decode(known if self._quieter else known[start:], before=start // (2 * HOP))

    def _noisy(self) -> bool:
        """Whether the voice hardly stands out of the room that was heard before it."""
        levels = [level_db(frame) for frame in self._recent]
        room = sorted(levels)[len(levels) // 10]
        return max(levels[-self._lead :]) - room < NOISY_DB

    def _decode(self, sound: bytes, before: int = 0) -> None:
        """In a noisy room the frames of 10 ms `before` the segment are heard too."""
        seen = sound
        if self._quieter:
            cepstra, power = self._quieter.hear(sound)
            self._power += power[before:].sum(0)
            seen = cepstra[before:].tobytes()
        if self._known_ms < WARM:
            self._waiting += seen
        elif seen:
            self._process(seen)

    def _process(self, seen: bytes, whole: bool = False) -> None:
        (self._decoder.process_cep if self._quieter else self._decoder.process_raw)(seen, full_utt=whole)

    def _segment(self, begun: int) -> Iterator[Segment]:
        if self._quieter:
            self._decode(bytes(2 * LAG))
        self._begun, self._partial, self._lead = None, "", 0
        self._voiced.clear()
        if self._waiting:
            self._process(bytes(self._waiting), whole=True)
            self._waiting.clear()
        self._decoder.end_utt()
        self._known_ms += (self._passed - begun) * FRAME_MS
        words = tuple(self._words(begun * FRAME_MS))
        filled = sum(ms for word in words if (ms := word.end_ms - word.start_ms) <= LONGEST_WORD)
        voice = not self._quieter or self._power[1] > VOICE * self._power[0]
        if words and filled > (FILLED if voice else FILLED_WELL) * self._voice_ms:
            yield Segment(words)

    def _words(self, offset: int) -> Iterator[Word]:
        """The decoder counts in frames of 10 ms, the last one included."""
        for heard in self._decoder.seg() or ():
            if word := _WORD.match(heard.word):
                start, end = offset + 10 * heard.start_frame, offset + 10 * (heard.end_frame + 1)
                yield Word(word[1], start, end, min(1.0, max(0.0, heard.prob)))
