"""Recordings of every kind and with every damage: sound, or one line."""

import io
import math
import os
import struct
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simpatient.errors import AudioError, OutputError
from simpatient.ports import BLOCK, RATE, Pcm
from simpatient.ports.recordings import alike, blocks, keep, probe, save

ROOT = Path(__file__).parents[3]
KINDS = [
    ("WAV", "PCM_16", 8_000, 1),
    ("WAV", "PCM_U8", 11_025, 1),
    ("WAV", "PCM_24", 44_100, 2),
    ("WAV", "FLOAT", 48_000, 2),
    ("WAV", "DOUBLE", 22_050, 6),
    ("WAV", "ULAW", 8_000, 1),
    ("WAVEX", "PCM_24", 192_000, 4),
    ("RF64", "PCM_16", 16_000, 1),
    ("FLAC", "PCM_24", 96_000, 2),
    ("OGG", "VORBIS", 44_100, 2),
    ("OGG", "OPUS", 48_000, 1),
    ("MP3", "MPEG_LAYER_III", 44_100, 2),
    ("AIFF", "PCM_16", 32_000, 1),
]
LOSSY = ("VORBIS", "OPUS", "MPEG_LAYER_III", "ULAW", "PCM_U8")


def tone(rate: int, seconds: float = 1.0, amplitude: float = 0.5) -> numpy.ndarray:
    """440 Hz."""
    return amplitude * numpy.sin(2 * math.pi * 440 * numpy.arange(int(seconds * rate)) / rate)


def encoded(kind: str, subtype: str, rate: int, channels: int = 1, seconds: float = 1.0) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, numpy.stack([tone(rate, seconds)] * channels, axis=1), rate, format=kind, subtype=subtype)
    return file.getvalue()


def samples(path: Path, **how: float) -> numpy.ndarray:
    return numpy.frombuffer(b"".join(blocks(path, **how)), "<i2")


def refusal(path: Path, **how: float) -> str:
    """The one line that the file is refused with."""
    with pytest.raises(AudioError) as caught:
        list(blocks(path, **how))
    line = str(caught.value)
    assert len(line.splitlines()) == 1
    assert line.startswith(f"{path}: ")
    return line.removeprefix(f"{path}: ")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "sound.wav"


@pytest.mark.parametrize(("kind", "subtype", "rate", "channels"), KINDS)
def test_every_kind(kind: str, subtype: str, rate: int, channels: int, file: Path) -> None:
    """Any format, rate, depth and number of channels becomes the same second of 16 kHz mono."""
    file.write_bytes(encoded(kind, subtype, rate, channels))

    about, heard = probe(file), samples(file)

    assert (about.rate, about.channels) == (rate, channels)
    assert about.seconds == pytest.approx(1.0, abs=0.1)
    assert len(heard) == pytest.approx(RATE, abs=RATE / 10)
    loudness = numpy.sqrt(numpy.mean(heard[4_000:12_000].astype(float) ** 2))
    assert loudness == pytest.approx(32_768 * 0.5 / math.sqrt(2), rel=0.1 if subtype in LOSSY else 0.01)


def test_blocks_have_one_length(file: Path) -> None:
    """Blocks are 100 ms; only the last may be shorter, and none is empty."""
    file.write_bytes(encoded("WAV", "PCM_16", 44_100, 1, 1.05))

    sizes = [len(block) for block in blocks(file)]

    assert sizes == [2 * BLOCK] * 10 + [BLOCK]


def test_sixteen_kilohertz_is_left_alone(file: Path) -> None:
    """16-bit mono at 16 kHz comes out as it went in, sample for sample, at both ends of the range."""
    original = numpy.array([0, 1, -1, 32_767, -32_768, 1234] * 500, "<i2")
    soundfile.write(file, original, RATE)

    assert samples(file).tolist() == original.tolist()


def test_channels_are_mixed(file: Path) -> None:
    """Without a channel all are averaged; with one, counted from 1, it is heard alone."""
    soundfile.write(file, numpy.array([[0.5, 0.1]] * 3_200), RATE, subtype="PCM_24")

    mixed, first, second = (samples(file, **how)[0] for how in ({}, {"channel": 1}, {"channel": 2}))

    assert (mixed, first, second) == (round(0.3 * 32_768), round(0.5 * 32_768), round(0.1 * 32_768))


@pytest.mark.parametrize(("other", "same"), [(0.0, True), (0.001, True), (0.01, False)])
def test_channels_that_hold_the_same(other: float, same: bool, file: Path) -> None:
    """What a lossy format may add does not make a second voice; one moment that differs does."""
    both = numpy.stack([tone(RATE, 3)] * 3, axis=1)
    both[40_000, 2] += other
    soundfile.write(file, both, RATE, subtype="FLOAT")

    assert alike(file) is same


def test_kept_sound_is_what_was_heard(file: Path) -> None:
    """Blocks become a FLAC that gives the same blocks again, for the owner only."""
    file.write_bytes(encoded("WAV", "PCM_24", 44_100, 2, 1.05))
    heard = list(blocks(file))
    kept = file.with_name("learner.flac")

    keep(kept, heard)

    assert list(blocks(kept)) == heard
    assert kept.stat().st_mode & 0o077 == 0
    with pytest.raises(OutputError, match="cannot be written"):
        keep(file.parent / "no" / "learner.flac", heard)


def test_a_streamed_flac_says_what_is_wrong(file: Path) -> None:
    """A FLAC whose header holds no length cannot be read in order by libsndfile; the line says so."""
    data = bytearray(encoded("FLAC", "PCM_16", RATE, 1, 3.0))
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    file.write_bytes(data)

    assert refusal(file) == "is damaged (its header does not say how long it is); export it anew"


@pytest.mark.parametrize("channel", [0, 3, -1])
def test_no_such_channel(channel: int, file: Path) -> None:
    """A channel that is not there is refused before the first block, with those that are."""
    file.write_bytes(encoded("WAV", "PCM_16", RATE, 2))

    with pytest.raises(AudioError, match=f"has no channel {channel}; allowed: 1 to 2"):
        blocks(file, channel=channel)


@pytest.mark.parametrize("rate", [RATE, 48_000])
def test_insane_floats(rate: int, file: Path) -> None:
    """NaN, infinity and 1e30 are clipped where they stand and do not spread."""
    sound = tone(rate).astype("float32")
    for at, value in enumerate((numpy.nan, numpy.inf, -numpy.inf, 1e30, -1e30, 7.0)):
        sound[1_000 + 2_000 * at] = value
    soundfile.write(file, sound, rate, subtype="FLOAT")

    heard = samples(file)

    assert numpy.abs(heard[-200:]).max() == pytest.approx(32_768 * 0.5, rel=0.05)
    assert numpy.count_nonzero(numpy.abs(heard.astype(int)) > 18_000) < 100


def test_high_tones_do_not_fold_down(file: Path) -> None:
    """A tone above the new band vanishes instead of turning up as another one."""
    soundfile.write(file, 0.5 * numpy.sin(2 * math.pi * 11_000 * numpy.arange(44_100) / 44_100), 44_100)

    assert numpy.abs(samples(file)[2_000:-2_000]).max() <= 2


@pytest.mark.parametrize("length", [0xFFFFFFFF, 0x7FFFF000])
def test_a_header_that_lies(length: int, file: Path) -> None:
    """A stream's header, with a length that was never filled in, is read to the real end of the file."""
    data = bytearray(encoded("WAV", "PCM_16", RATE))
    data[40:44] = struct.pack("<I", length)
    file.write_bytes(data)

    assert len(samples(file)) == RATE


@pytest.mark.parametrize("kind", ["WAV", "AIFF"])
def test_cut_off_in_the_middle(kind: str, file: Path) -> None:
    """Of uncompressed sound that breaks off, what is there is heard."""
    data = encoded(kind, "PCM_16", RATE)
    file.write_bytes(data[: len(data) // 2])

    assert len(samples(file)) == pytest.approx(RATE / 2, abs=100)


def test_damage_further_in(file: Path) -> None:
    """Compressed sound that breaks off is reported as damaged, after the good part."""
    noise = numpy.random.default_rng(1).normal(0, 0.1, 10 * RATE)
    soundfile.write(file.with_suffix(".flac"), noise, RATE)
    data = file.with_suffix(".flac").read_bytes()
    file.write_bytes(data[: len(data) // 2])
    taken = 0

    with pytest.raises(AudioError, match=r"sound\.wav: is damaged \(.+\); export it anew"):
        for block in blocks(file):
            taken += len(block)

    assert taken > 2 * RATE


@pytest.mark.parametrize("name", ["sound.wav", "sound.mp3", "sound.raw", "sound.flac", "sound"])
@pytest.mark.parametrize("data", [b"", b"hello there\n" * 500, bytes(5_000)], ids=["empty", "text", "zeros"])
def test_no_sound_file(data: bytes, name: str, tmp_path: Path) -> None:
    """Whatever its name, a file without sound in it is refused with what is allowed."""
    (tmp_path / name).write_bytes(data)

    assert refusal(tmp_path / name).endswith("; allowed: WAV, FLAC, OGG, MP3, AIFF")


def test_the_name_does_not_matter(tmp_path: Path) -> None:
    """Sound is known by its bytes: a WAV called .raw, .txt or nothing at all is heard."""
    for name in ("a.raw", "a.txt", "a", "ä ß.flac"):
        (tmp_path / name).write_bytes(encoded("WAV", "PCM_16", RATE))
        assert len(samples(tmp_path / name)) == RATE


def test_places_without_a_file(tmp_path: Path) -> None:
    """A folder, a missing file and a pipe are each told apart."""
    os.mkfifo(tmp_path / "pipe")

    assert refusal(tmp_path) == "is a folder; give a sound file"
    assert refusal(tmp_path / "missing") == "cannot be read: No such file or directory"
    assert refusal(tmp_path / "pipe") == "is not a regular file; give a sound file"


def test_no_permission(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that may not be read says so."""
    file.write_bytes(encoded("WAV", "PCM_16", RATE))

    def forbid(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", forbid)  # root may read everything

    assert refusal(file) == "cannot be read: Permission denied"


def test_a_name_of_two_lines(tmp_path: Path) -> None:
    """The message stays one line when the file's name is two."""
    with pytest.raises(AudioError) as caught:
        probe(tmp_path / "a\nb.wav")

    assert str(caught.value).endswith("a b.wav: cannot be read: No such file or directory")


def test_empty_sound(file: Path) -> None:
    """A proper file without a sample is refused."""
    soundfile.write(file, numpy.zeros(0), RATE)

    assert refusal(file) == "holds no sound; give a recording of at least one sample"


@pytest.mark.parametrize("rate", [4_000, 7_999, 192_001, 384_000])
def test_unusual_rates(rate: int, file: Path) -> None:
    """Rates that no microphone has are refused with the range."""
    file.write_bytes(encoded("WAV", "PCM_16", rate))

    assert refusal(file) == f"found {rate} Hz; allowed: 8000 to 192000 Hz"


def test_too_long_by_its_header(file: Path) -> None:
    """A file that says it is too long is refused before the first block."""
    file.write_bytes(encoded("FLAC", "PCM_16", RATE, seconds=3))

    with pytest.raises(AudioError, match=r"is longer than 2\.5 seconds; allowed: up to 2\.5 seconds"):
        blocks(file, max_seconds=2.5)
    assert len(samples(file, max_seconds=3)) == 3 * RATE


def test_too_long_against_its_header(file: Path) -> None:
    """The seconds are counted while decoding, whatever the header says."""
    data = bytearray(encoded("WAV", "PCM_16", RATE, seconds=3))
    data[24:28] = struct.pack("<I", 8_000)  # a rate that makes it twice as long
    file.write_bytes(data)
    taken = blocks(file, max_seconds=6)

    assert sum(map(len, taken)) == 2 * 6 * RATE
    assert "longer than 5 seconds" in refusal(file, max_seconds=5)


def test_an_hour_does_not_fill_the_memory(file: Path) -> None:
    """A small file that holds half an hour is streamed."""
    with soundfile.SoundFile(file, "w", RATE, 1, format="FLAC") as sound:
        for _ in range(30):
            sound.write(numpy.zeros(60 * RATE, "int16"))
    assert file.stat().st_size < 200_000
    tracemalloc.start()

    total = sum(map(len, blocks(file)))

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total == 2 * 30 * 60 * RATE
    assert peak < 5_000_000


def test_a_damaged_mp3_prints_nothing(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The MP3 decoder's own complaints do not reach the user's screen."""
    data = bytearray(encoded("MP3", "MPEG_LAYER_III", 44_100, 2))
    data[3_000:6_000] = bytes(3_000)
    file.write_bytes(data)

    assert refusal(file).startswith("is damaged (")
    assert capfd.readouterr() == ("", "")


@pytest.mark.filterwarnings("error")
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.sampled_from([encoded(kind, subtype, rate, 1, 0.1) for kind, subtype, rate, _ in KINDS]),
    changes=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), min_size=1, max_size=8),
    kept=st.floats(0, 1) | st.just(1.0),
)
def test_any_damage(seed: bytes, changes: list[tuple[int, int]], kept: float, file: Path) -> None:
    """Whatever bytes of a header are wrong, there is sound or one line, never another error."""
    data = bytearray(seed)
    for at, value in changes:
        data[at % len(data)] = value
    file.write_bytes(data[: math.ceil(kept * len(data))])

    try:
        assert all(len(block) % 2 == 0 for block in blocks(file, max_seconds=60))
    except AudioError as error:
        assert len(str(error).splitlines()) == 1


def test_heavy_libraries_wait() -> None:
    """Importing the port does not load the sound libraries."""
    code = "import sys, simpatient.ports.recordings; print({'numpy', 'soundfile', 'soxr'} & set(sys.modules))"

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout == "set()\n"


@pytest.mark.parametrize("name", ["a.flac", "a.wav", "A.WAV"])
def test_saved_sound_comes_back(name: str, tmp_path: Path) -> None:
    """What is saved is read again, sample for sample."""
    sound = Pcm((tone(RATE) * 32_767).astype("<i2").tobytes(), RATE)

    save(tmp_path / name, sound)

    assert b"".join(blocks(tmp_path / name)) == sound.data


def test_where_nothing_can_be_saved(tmp_path: Path) -> None:
    """An unknown suffix, a missing folder and a full disk are each one line."""
    sound = Pcm(bytes(2_000), RATE)

    with pytest.raises(OutputError, match=r"a\.mp3: found the suffix '\.mp3'; allowed: \.flac, \.wav"):
        save(tmp_path / "a.mp3", sound)
    with pytest.raises(OutputError, match=r"a\.wav: cannot be written: No such file or directory"):
        save(tmp_path / "missing" / "a.wav", sound)
    (tmp_path / "full.wav").symlink_to("/dev/full")
    with pytest.raises(OutputError, match=r"full\.wav: cannot be written: No space left on device"):
        save(tmp_path / "full.wav", sound)
