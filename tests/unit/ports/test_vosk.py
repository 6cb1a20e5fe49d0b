"""Real libvosk over a model of pure tones: exact words, exact times, and one line for every broken model."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from simpatient.errors import ModelError
from simpatient.ports import BLOCK, Segment
from simpatient.ports.vosk import VoskRecogniser, digest
from tests import tone_model

pytestmark = pytest.mark.must_show("the real libvosk runs over the tone model for exactness")

WORDS = "i have had this pain in my chest since yesterday and it gets worse when climb the stairs".split()
SENTENCES = (
    "i have had this pain in my chest since yesterday",
    "it gets worse when i climb the stairs",
    "this chest pain and my stairs",
)
WORD, STEP = 360, 480
"""Milliseconds of a word of tones, and from the beginning of one to the next."""
TOLERANCE = 35
"""Milliseconds; the network looks every 30."""


class Tones:
    """The model's folder with its language."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lexicon = tone_model.build(folder, WORDS)
        self.recogniser = VoskRecogniser(folder, "tones", "Vosk, tones")

    def say(self, text: str, **how: float) -> bytes:
        return tone_model.say(text, self.lexicon, **how)

    def hear(self, sound: bytes, size: int = 2 * BLOCK) -> list[Segment]:
        return list(self.recogniser.listen(cut(sound, size)))


def cut(sound: bytes, size: int) -> Iterator[bytes]:
    return (sound[at : at + size] for at in range(0, len(sound), size))


def text(segments: Iterable[Segment]) -> str:
    return " ".join(segment.text for segment in segments)


@pytest.fixture(scope="module")
def tones(tmp_path_factory: pytest.TempPathFactory) -> Tones:
    return Tones(tmp_path_factory.mktemp("tones"))


@pytest.fixture
def folder(tones: Tones, tmp_path: Path) -> Path:
    """A copy of the model, to break."""
    return Path(shutil.copytree(tones.folder, tmp_path / "model"))


@pytest.mark.parametrize("sentence", SENTENCES)
def test_exact_words(tones: Tones, sentence: str) -> None:
    """Clean sound is heard without a single error, and the recogniser is sure of it."""
    segments = tones.hear(tones.say(sentence))

    assert text(segments) == sentence
    assert all(word.confidence > 0.99 for segment in segments for word in segment.words)


def test_exact_times(tones: Tones) -> None:
    """Word times are those of the sound, in milliseconds."""
    (segment,) = tones.hear(tones.say(SENTENCES[0], lead_s=0.3))

    for i, word in enumerate(segment.words):
        assert abs(word.start_ms - (300 + i * STEP)) <= TOLERANCE
        assert abs(word.end_ms - (300 + i * STEP + WORD)) <= TOLERANCE


def test_times_go_on_counting_after_an_endpoint(tones: Tones) -> None:
    """The words of the second segment, too, count from the first sample of the sound."""
    first = tones.say(SENTENCES[1], tail_s=2.0)

    segments = tones.hear(first + tones.say(SENTENCES[2], lead_s=0.3))

    assert [segment.text for segment in segments] == [SENTENCES[1], SENTENCES[2]]
    assert abs(segments[1].words[0].start_ms - (len(first) // 32 + 300)) <= TOLERANCE


@pytest.mark.parametrize("size", [2, 160, 3_200, 3_201, 4_801, 10**6])
def test_any_size_of_block(tones: Tones, size: int) -> None:
    """The cut of the blocks, odd lengths too, does not change what is heard."""
    sound = tones.say(SENTENCES[2])

    assert text(tones.hear(sound, size)) == SENTENCES[2]


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_any_kind_of_bytes(tones: Tones, kind: Callable[[bytes], bytes]) -> None:
    """A sound card's buffer is as good as bytes."""
    heard = tones.recogniser.listen(kind(block) for block in cut(tones.say(SENTENCES[2]), 3_200))

    assert text(heard) == SENTENCES[2]


def test_a_live_learner_who_thinks_or_goes_on_and_on(tones: Tones) -> None:
    """Live, a pause of a second ends no segment, 25 s without one are not cut; the digest is the model's own."""
    live = VoskRecogniser(tones.folder, "tones", "Vosk, tones", live=True)
    thinking = tones.say(SENTENCES[1], tail_s=0.5) + tones.say(SENTENCES[2], lead_s=0.4, tail_s=1.6)
    long = " ".join([SENTENCES[0]] * 6)

    heard = [[h for h in live.ears().hear(sound) if isinstance(h, Segment)] for sound in (thinking, bytes(640_000))]
    (whole,) = list(live.listen(cut(tones.say(long), 2 * BLOCK)))

    assert [text(segments) for segments in heard] == [f"{SENTENCES[1]} {SENTENCES[2]}", ""]
    assert whole.text == long and whole.words[-1].end_ms > 25_000
    assert len(tones.hear(tones.say(long))) > 1
    assert live.digest == tones.recogniser.digest


def test_no_links_allowed(tones: Tones, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no link can be made, the model listens with its own endpoints."""

    def refused(*_: object) -> None:
        raise OSError("a privilege is missing")

    monkeypatch.setattr(Path, "symlink_to", refused)
    live = VoskRecogniser(tones.folder, "tones", "Vosk, tones", live=True)

    assert text(live.listen([tones.say(SENTENCES[2])])) == SENTENCES[2]


def test_long_silence(tones: Tones) -> None:
    """Twelve seconds of silence, in which libvosk reports endpoints without words, give no segment."""
    assert tones.hear(bytes(2 * 16_000 * 12)) == []


def test_noise_lowers_confidence(tones: Tones) -> None:
    """Words in loud noise are less certain than clean ones."""
    segments = tones.hear(tones.say(SENTENCES[0], noise=600.0))

    confidences = [word.confidence for segment in segments for word in segment.words]
    assert min(confidences) < 0.99


def test_many_threads(tones: Tones) -> None:
    """Several threads listen to different sounds at once, over the one model."""
    with ThreadPoolExecutor(4) as pool:
        heard = list(pool.map(lambda sentence: text(tones.hear(tones.say(sentence))), SENTENCES * 4))

    assert heard == list(SENTENCES * 4)


def test_a_closed_recogniser(folder: Path) -> None:
    """Listening after close() is refused in one line."""
    recogniser = VoskRecogniser(folder, "tones", "Vosk, tones")
    recogniser.close()

    with pytest.raises(ModelError, match="tones: this recogniser has been closed"):
        list(recogniser.listen([]))


def test_digest_is_of_names_and_bytes(folder: Path) -> None:
    """The digest is the same for the same files and another for another byte or another name."""
    before = digest(folder)
    (folder / "conf" / "fbank.conf").rename(folder / "conf" / "mfcc.conf")
    renamed = digest(folder)
    (folder / "conf" / "mfcc.conf").rename(folder / "conf" / "fbank.conf")

    assert before == digest(folder)
    assert renamed != before
    (folder / "graph" / "words.txt").write_bytes(b"x")
    assert digest(folder) != before


def remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def shorten(name: str, part: float) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        data = (folder / name).read_bytes()
        (folder / name).write_bytes(data[: int(part * len(data))])

    return damage


def append(name: str, line: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_text((folder / name).read_text() + line)


def nest(folder: Path) -> None:
    (folder / "inner").mkdir()
    for name in ("am", "conf", "graph"):
        (folder / name).rename(folder / "inner" / name)


def unlinked_graph(folder: Path) -> None:
    (folder / "graph" / "HCLG.fst").rename(folder / "graph" / "HCLr.fst")


BROKEN = {
    "no network": (remove("am/final.mdl"), "no am/final.mdl; a Vosk model folder holds am/, conf/ and graph/"),
    "no settings": (remove("conf/model.conf"), "no conf/model.conf"),
    "no features": (remove("conf/fbank.conf"), "no conf/mfcc.conf or conf/fbank.conf"),
    "no graph": (remove("graph/HCLG.fst"), "no graph/HCLG.fst or graph/HCLr.fst"),
    "half a dynamic graph": (unlinked_graph, "no graph/Gr.fst"),
    "no words": (remove("graph/words.txt"), "Could not read symbol table"),
    "unpacked one too deep": (nest, "the model is in "),
    "no silence phones": (shorten("conf/model.conf", 0), "no --endpoint.silence-phones="),
    "unknown setting": (append("conf/model.conf", "--bogus=1\n"), "Invalid option --bogus=1"),
    "empty network": (shorten("am/final.mdl", 0), "Failed to read token"),
    "network cut off": (shorten("am/final.mdl", 0.9), "Failed to read matrix"),
    "other features": (shorten("conf/fbank.conf", 0), "got 23 but network expects 40"),
    "empty graph": (shorten("graph/HCLG.fst", 0), "error reading FST header"),
    "graph cut off": (shorten("graph/HCLG.fst", 0.5), "Could not read fst"),
    "words cut off": (append("graph/words.txt", "half"), "Could not read symbol table"),
    "boundaries cut off": (shorten("graph/phones/word_boundary.int", 0.9), "Invalid line in word-boundary file"),
}


@pytest.mark.parametrize(("damage", "reason"), BROKEN.values(), ids=BROKEN)
def test_a_broken_model(
    damage: Callable[[Path], None], reason: str, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A broken model is refused in one line with the folder and libvosk's own reason, and nothing else is printed."""
    damage(folder)

    with pytest.raises(ModelError) as caught:
        VoskRecogniser(folder, "broken", "Vosk, broken")

    message = str(caught.value)
    assert message.startswith(f"{folder}: ")
    assert reason in message
    assert len(message.splitlines()) == 1
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("make", "found"), [(Path.touch, "is a file"), (Path.exists, "there is no such folder")])
def test_no_folder(make: Callable[[Path], object], found: str, tmp_path: Path) -> None:
    """A file (a zip perhaps) or a missing folder is no model."""
    make(tmp_path / "model")

    with pytest.raises(ModelError, match=f"model: {found}"):
        VoskRecogniser(tmp_path / "model", "model", "Vosk, model")


def test_the_flat_layout(folder: Path) -> None:
    """The layout of models before 2020, all files side by side, goes to libvosk as well."""
    for path in [p for p in folder.rglob("*") if p.is_file()]:
        path.rename(folder / path.name)
    (folder / "fbank.conf").rename(folder / "mfcc.conf")

    with pytest.raises(ModelError, match="libvosk refuses it"):  # an MFCC front end does not fit the network of tones
        VoskRecogniser(folder, "flat", "Vosk, flat")


def test_without_a_standard_error(tones: Tones) -> None:
    """A program that was started without stderr can load a model."""
    code = (
        "from pathlib import Path; from simpatient.ports.vosk import VoskRecogniser;"
        f"VoskRecogniser(Path({str(tones.folder)!r}), 'tones', ''); print('loaded')"
    )
    root = Path(__file__).parents[3]
    command = ["sh", "-c", 'exec "$0" -c "$1" 2>&-', sys.executable, code]

    done = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, text=True, env=os.environ, timeout=60)

    assert done.stdout == "loaded\n"
