"""The real recognisers and the fake one obey the same tests."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from simpatient.ports import BLOCK, Recogniser
from simpatient.ports.fakes import ScriptedRecogniser
from simpatient.ports.recordings import blocks
from simpatient.ports.sphinx import SphinxRecogniser
from simpatient.ports.vosk import VoskRecogniser
from tests import tone_model

CLIPS = Path(__file__).parent.parent.parent / "audio_fixtures" / "clips"
SILENCE = [bytes(2 * BLOCK)] * 30
LINES = ("how have you been sleeping", "tell me more")


class Heard:
    """A recogniser with a sound that it understands."""

    def __init__(self, recogniser: Recogniser, sound: list[bytes]) -> None:
        self.recogniser = recogniser
        self.sound = sound


def scripted(folder: Path) -> Heard:
    return Heard(ScriptedRecogniser(LINES), SILENCE)


def vosk(folder: Path) -> Heard:
    lexicon = tone_model.build(folder / "tones", " ".join(LINES).split())
    sound = b"".join(tone_model.say(line, lexicon, tail_s=1.0) for line in LINES)
    return Heard(VoskRecogniser(folder / "tones", "tones", "Vosk, tones"), list(cut(sound, 2 * BLOCK)))


def sphinx(folder: Path) -> Heard:
    sound = [*blocks(CLIPS / "goal-wish-1.flac"), *SILENCE[:10], *blocks(CLIPS / "prob-open.flac")]
    return Heard(SphinxRecogniser(), sound)


def cut(sound: bytes, size: int) -> Iterator[bytes]:
    return (sound[at : at + size] for at in range(0, len(sound), size))


@pytest.fixture(scope="module", params=[scripted, vosk, sphinx], ids=lambda make: make.__name__)
def heard(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Heard]:
    made = request.param(tmp_path_factory.mktemp("model"))
    yield made
    made.recogniser.close()


def test_two_sentences(heard: Heard) -> None:
    """Two sentences with a pause between them become two segments, neither without words."""
    segments = list(heard.recogniser.listen(heard.sound))

    assert len(segments) == 2
    assert all(segment.words and segment.text == segment.text.strip() for segment in segments)


def test_word_times(heard: Heard) -> None:
    """Word times count from the first sample, rise, and never lie behind the end of the sound."""
    words = [word for segment in heard.recogniser.listen(heard.sound) for word in segment.words]
    length = sum(map(len, heard.sound)) // 32

    assert all(word.start_ms < word.end_ms for word in words)
    assert all(one.end_ms <= next_one.start_ms for one, next_one in itertools.pairwise(words))
    assert words[0].start_ms >= 0
    assert words[-1].end_ms <= length + 100


def test_confidences(heard: Heard) -> None:
    """Confidences lie in 0..1."""
    words = [word for segment in heard.recogniser.listen(heard.sound) for word in segment.words]

    assert all(0 <= word.confidence <= 1 for word in words)


def test_listening_twice(heard: Heard) -> None:
    """The same sound gives the same segments again, whatever was heard before."""
    assert list(heard.recogniser.listen(heard.sound)) == list(heard.recogniser.listen(heard.sound))


def test_a_listen_that_is_given_up(heard: Heard) -> None:
    """What was not waited for does not turn up in the next listen."""
    whole = list(heard.recogniser.listen(heard.sound))
    assert next(heard.recogniser.listen(heard.sound)) == whole[0]

    assert list(heard.recogniser.listen(heard.sound)) == whole


def test_what_the_journal_and_the_user_are_told(heard: Heard) -> None:
    """Name, digest and the line about the recogniser are there."""
    assert heard.recogniser.name
    assert heard.recogniser.digest.startswith("sha256:")
    assert heard.recogniser.about.splitlines() == [heard.recogniser.about]


@pytest.mark.parametrize("make", [scripted, vosk, sphinx], ids=lambda make: make.__name__)
def test_closing_twice(make, tmp_path: Path) -> None:
    """Closing again does nothing, and so does closing a recogniser that never listened."""
    recogniser = make(tmp_path).recogniser

    recogniser.close()
    recogniser.close()


@pytest.mark.parametrize("heard", [vosk, sphinx], indirect=True, ids=lambda make: make.__name__)
@pytest.mark.parametrize("sound", [[], [b""], SILENCE, [b"\x00"], [b"\x00", b"\x00" * 3]], ids=len)
def test_no_words(heard: Heard, sound: list[bytes]) -> None:
    """Silence, no sound at all and a torn sample give no segment."""
    assert list(heard.recogniser.listen(sound)) == []
