"""The spoken voice: what it does when its process or its library fails, and that it always says the same."""

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import wave
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import numpy
import pytest

from simpatient.errors import VoiceError
from simpatient.ports import Manner, Pcm
from simpatient.ports.voice import PIECE, SpokenVoice, pieces
from simpatient.ports.voice_worker import DRIVER, NO_ESPEAK, Espeak, NoSound, best_voice, espeak_voice, read_sound

espeak_only = pytest.mark.skipif(DRIVER != "espeak", reason="only Linux speaks through libespeak-ng")
LINES = (
    "Soccer.",
    "I don't have a problem. Ask them, they're the ones with the problem.",
    "I lie there till three, four. Then I can't get up, then she starts, and that's the day gone.",
    "Sure. Fine. Whatever you think.",
    "No, I… I mean, it's every single night — and then my head starts. " * 6,
)
SAY_THEN_WAIT = """
import multiprocessing, sys
from simpatient.ports import Manner
from simpatient.ports.voice import SpokenVoice
voice = SpokenVoice()
voice.say("Soccer.", Manner())
print(multiprocessing.active_children()[0].pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def voice() -> Iterator[SpokenVoice]:
    voice = SpokenVoice()
    yield voice
    voice.close()


def take() -> list[str]:
    """A digest of every line, from a fresh voice."""
    voice = SpokenVoice()
    sounds = [sha256(voice.say(line, Manner(variant="f3", rate=140)).data).hexdigest() for line in LINES]
    voice.close()
    return sounds


def worker() -> int:
    """Process id of the only worker."""
    (process,) = (child for child in multiprocessing.active_children() if child.name == "simpatient-voice")
    assert process.pid is not None
    return process.pid


def running(pid: int) -> bool:
    """Not ended; a zombie that nobody has waited for has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def bundled() -> Path:
    """The library of the Python package, of which the system knows nothing."""
    return Path(pytest.importorskip("espeakng_loader").get_library_path())


def test_nothing_starts_before_speech() -> None:
    """A voice that never speaks starts no process."""
    SpokenVoice().say("…", Manner())

    assert not multiprocessing.active_children()


def test_mixed_lines(voice: SpokenVoice) -> None:
    """Of 60 lines none is lost, cut short or spoken at the rate of the line before."""
    lengths: dict[tuple[str, int], set[int]] = {}
    for number in range(60):
        line, rate = LINES[number % 5], (120, 170, 220)[number % 3]
        lengths.setdefault((line, rate), set()).add(voice.say(line, Manner(rate=rate)).milliseconds)

    assert all(max(found) <= 1.01 * min(found) for found in lengths.values())
    assert all(min(lengths[line, 120]) > 1.3 * max(lengths[line, 220]) for line in LINES[1:])


@espeak_only
def test_same_sound_again() -> None:
    """The same lines in the same order give the same bytes from every fresh voice, in this second and the next."""
    first, second = take(), int(time.time())
    while int(time.time()) == second:
        assert take() == first

    assert take() == first


@espeak_only
def test_manner(voice: SpokenVoice) -> None:
    """Pitch and variant change the sound."""
    manners = (Manner(), Manner(pitch=90), Manner(variant="f3"), Manner(gender="male"))

    assert len({voice.say(LINES[1], manner).data for manner in manners}) == 4


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_killed_in_mid_sentence(voice: SpokenVoice) -> None:
    """When the process is killed while it has a sentence, a new one speaks that sentence."""
    whole = voice.say(LINES[2], Manner())
    os.kill(worker(), signal.SIGSTOP)
    threading.Timer(0.2, os.kill, (worker(), signal.SIGKILL)).start()

    again = voice.say(LINES[2], Manner())

    assert again.milliseconds == pytest.approx(whole.milliseconds, rel=0.01)


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
@pytest.mark.must_show("the voice's process killed in mid-sentence: the next answer comes within 0.5 s")
def test_a_spare_process_stands_by() -> None:
    """With a spare the sentence of a killed process is spoken within half a second of its death, several times."""
    voice = SpokenVoice(spare=True)
    whole = voice.say(LINES[2], Manner())
    waited = []
    for _ in range(4):
        before = {child.pid for child in multiprocessing.active_children()}
        time.sleep(1.0)  # the spare one stands
        assert voice._worker is not None
        pid = voice._worker.pid
        os.kill(pid, signal.SIGSTOP)
        killed: list[float] = []

        def kill(pid: int = pid, killed: list[float] = killed) -> None:
            killed.append(time.monotonic())
            os.kill(pid, signal.SIGKILL)

        threading.Timer(0.2, kill).start()
        again = voice.say(LINES[2], Manner())
        waited.append(time.monotonic() - killed[0])
        assert pid in before and again.milliseconds == pytest.approx(whole.milliseconds, rel=0.01)
    voice.close()

    assert min(waited) < 0.5, waited
    assert not multiprocessing.active_children()


@pytest.mark.must_show("500 mixed utterances through the voice's process: none lost, none empty, none clipped")
def test_five_hundred_lines(voice: SpokenVoice) -> None:
    """Short and long, slow and fast, high and low, men and women: each as long as its words, never at full scale."""
    words = "soccer sure nothing mother every single night and then she starts again about the car".split()
    spoken = []
    for number in range(500):
        line = " ".join(words[(number + k) % len(words)] for k in range(1 + number * 7 % 23))
        manner = Manner((130, 170, 220)[number % 3], (20, 50, 80)[number % 4 % 3], ("male", "female")[number % 2])
        sound = voice.say(line, manner)
        samples = numpy.abs(numpy.frombuffer(sound.data, "<i2").astype(int))
        audible = numpy.flatnonzero(samples > 200)
        assert len(audible), line
        assert samples.max() < 32_700, line
        assert samples[-50:].max() < 2_000, line  # the end has died away
        letters = len(line.replace(" ", ""))
        spoken.append((audible[-1] - audible[0]) / sound.rate * manner.rate / (letters + 3))

    assert max(spoken) < 3.5 * min(spoken), (min(spoken), max(spoken))


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_killed_between_sentences(voice: SpokenVoice) -> None:
    """When the process died since the last sentence, the next one is spoken all the same."""
    voice.say(LINES[0], Manner())
    os.kill(worker(), signal.SIGKILL)

    assert voice.say(LINES[2], Manner()).milliseconds > 1_000


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_hanging_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that does not answer in time is replaced."""
    monkeypatch.setattr("simpatient.ports.voice.MARGIN", 0.0)
    voice = SpokenVoice(patience=1.0)
    voice.say(LINES[0], Manner())
    hanging = worker()
    os.kill(hanging, signal.SIGSTOP)

    assert voice.say(LINES[0], Manner()).milliseconds > 100
    assert not running(hanging)
    voice.close()


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_interrupted(voice: SpokenVoice) -> None:
    """After a Ctrl-C while a line is made, the next line gets its own sound."""
    short = voice.say(LINES[0], Manner())
    os.kill(worker(), signal.SIGSTOP)
    threading.Timer(0.2, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT)).start()

    with pytest.raises(KeyboardInterrupt):
        voice.say(LINES[4], Manner())

    assert voice.say(LINES[0], Manner()).milliseconds == pytest.approx(short.milliseconds, rel=0.01)


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_interrupt_reaches_the_process(voice: SpokenVoice) -> None:
    """A Ctrl-C at the terminal, which every process of the program gets, leaves the voice's process alive."""
    voice.start()
    before = worker()
    os.kill(before, signal.SIGINT)
    voice.say(LINES[0], Manner())
    os.kill(before, signal.SIGINT)

    voice.say(LINES[0], Manner())

    assert worker() == before


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_parent_killed(tmp_path: Path) -> None:
    """The process ends when the program is killed, and takes its folder with it."""
    command, environment = [sys.executable, "-c", SAY_THEN_WAIT], os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert running(pid)
        parent.kill()

    for _ in range(500):
        if not running(pid):
            break
        time.sleep(0.01)  # nobody can wait for a process that is not a child
    assert not running(pid)
    assert list(tmp_path.iterdir()) == []


def test_folder(voice: SpokenVoice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No sound stays on the disk after a line, and nothing at all after closing."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    voice.say(LINES[0], Manner())
    sounds = list(tmp_path.rglob("*.wav"))
    folders = list(tmp_path.iterdir())

    voice.close()

    assert sounds == []
    assert len(folders) == 1
    assert list(tmp_path.iterdir()) == []


def test_prints_nothing(voice: SpokenVoice, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither pyttsx3 nor its library writes to the terminal."""
    for line in LINES:
        voice.say(line, Manner())

    assert capfd.readouterr() == ("", "")


def test_closed(voice: SpokenVoice) -> None:
    """A closed voice says so instead of starting again."""
    voice.close()

    with pytest.raises(VoiceError, match="closed"):
        voice.say(LINES[0], Manner())


@espeak_only
def test_system_library_hidden() -> None:
    """Without libespeak-ng in the system the Python package's own speaks."""
    bundled()
    voice = SpokenVoice(Espeak(system=("libespeak-ng-hidden.so.1",)))

    assert voice.say(LINES[2], Manner(variant="f3")).milliseconds > 1_000
    voice.close()


@espeak_only
def test_package_in_a_deep_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package works where its path is longer than libespeak-ng can hold."""
    deep = tmp_path.joinpath(*["deep" * 10] * 5)
    deep.mkdir(parents=True)
    (deep / "lib").symlink_to(bundled().parent)
    (tmp_path / "deep_loader.py").write_text(f"def get_library_path():\n    return {str(deep / 'lib' / 'x.so')!r}\n")
    monkeypatch.syspath_prepend(tmp_path)
    voice = SpokenVoice(Espeak(system=(), package="deep_loader"))

    assert voice.say(LINES[2], Manner()).milliseconds > 1_000
    voice.close()


@espeak_only
def test_no_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a library, or with one that has lost its data, one line names the two ways to get it."""
    (tmp_path / "empty_loader.py").write_text(f"def get_library_path():\n    return {str(tmp_path / 'x.so')!r}\n")
    monkeypatch.syspath_prepend(tmp_path)

    for package in ("no_such_loader", "empty_loader"):
        with pytest.raises(VoiceError) as told:
            SpokenVoice(Espeak(system=(), package=package)).say(LINES[0], Manner())
        assert str(told.value) == NO_ESPEAK
    assert "pip install 'simpatient[espeak]'" in NO_ESPEAK
    assert "apt install espeak-ng" in NO_ESPEAK
    assert "\n" not in NO_ESPEAK


@espeak_only
def test_library_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that ends its process, as libespeak-ng does without its data, ends in one line without the text."""
    monkeypatch.delenv("ESPEAK_DATA_PATH", raising=False)

    with pytest.raises(VoiceError) as told:
        SpokenVoice(Espeak(system=(str(bundled()),))).say(LINES[0], Manner())

    assert "process ended" in str(told.value)
    assert "\n" not in str(told.value)
    assert "Soccer" not in str(told.value)


def test_pieces_are_sentences() -> None:
    """Sentences that fit share a piece; the pieces hold all words in order."""
    text = "I don't know. " * 300

    parts = pieces(text)

    assert all(len(part) < PIECE and part.endswith("know.") for part in parts)
    assert " ".join(parts) == text.strip()


@pytest.mark.parametrize("text", ["é" * 5_000, "word " * 1_000, "日本" * 3_000 + ". Yes.", "\ud800" * 3_000 + "a"])
def test_pieces_are_short(text: str) -> None:
    """A text without ends of sentences, or without blanks, is cut too; no piece is over the limit in UTF-8."""
    assert all(0 < len(part.encode()) < PIECE for part in pieces(text))


def test_pieces_without_control_characters() -> None:
    """A control character separates words; libespeak-ng would stop at the first NUL."""
    assert pieces("One\x00two\r\nthree") == ["One two three"]


@pytest.mark.parametrize(
    ("manner", "voice"),
    [
        (Manner(), "gmw/en-us"),
        (Manner(gender="female"), "gmw/en-us+f3"),
        (Manner(gender="male"), "gmw/en-us+m3"),
        (Manner(gender="male", variant="f2"), "gmw/en-us+f2"),
        (Manner(variant="+croak"), "gmw/en-us+croak"),
    ],
)
def test_espeak_voice(manner: Manner, voice: str) -> None:
    """A variant goes before the gender."""
    assert espeak_voice(manner) == voice


MAC = (
    SimpleNamespace(id="albert", name="Albert", languages=["en_US"], gender="VoiceGenderMale"),
    SimpleNamespace(id="amelie", name="Amelie", languages=["fr_CA"], gender="VoiceGenderFemale"),
    SimpleNamespace(id="daniel", name="Daniel", languages=["en_GB"], gender="VoiceGenderMale"),
    SimpleNamespace(id="samantha", name="Samantha", languages=["en_US"], gender="VoiceGenderFemale"),
    SimpleNamespace(id="bells", name="Bells", languages=["en-US"], gender=None),
)


@pytest.mark.parametrize(("gender", "found"), [("female", "samantha"), ("male", "daniel"), ("any", "samantha")])
def test_best_voice(gender: str, found: str) -> None:
    """Where voices are people, the English one of the gender is taken, and no joke voice."""
    assert best_voice(MAC, gender) == found


def test_best_voice_without_english() -> None:
    """Without an English voice the engine keeps its own."""
    assert best_voice(MAC[1:2], "female") == ""


@pytest.mark.parametrize("kind", ["AIFF", "WAV"])
def test_other_sound_files(kind: str, tmp_path: Path) -> None:
    """A file that is stereo, or not WAV whatever its name, as on macOS, is read as mono int16 too."""
    soundfile = pytest.importorskip("soundfile")
    path = tmp_path / "sound.wav"
    soundfile.write(path, numpy.array([[100, 300]] * 50, "int16"), 22_050, format=kind, subtype="PCM_16")

    assert read_sound(path) == Pcm((200).to_bytes(2, "little") * 50, 22_050)


def test_file_without_sound(tmp_path: Path) -> None:
    """A missing file, and one with a header only, are no sound."""
    with wave.open(str(tmp_path / "empty.wav"), "wb") as file:
        file.setparams((1, 2, 22_050, 0, "NONE", ""))

    for name in ("missing.wav", "empty.wav"):
        with pytest.raises(NoSound):
            read_sound(tmp_path / name)
