"""pocketsphinx in its own process: what it hears in real clips, and what happens when the process fails."""

import difflib
import multiprocessing
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from simpatient.errors import ModelError
from simpatient.ports import BLOCK, sphinx
from simpatient.ports.recordings import blocks
from simpatient.ports.sphinx import SphinxRecogniser
from simpatient.text import uniform

ROOT = Path(__file__).parents[3]
CLIPS = ROOT / "audio_fixtures" / "clips"
SILENCE = [bytes(2 * BLOCK)] * 10
LISTENS = yaml.safe_load((CLIPS / "clips.yaml").read_text("utf-8"))
SOME = LISTENS["clips"][::4]
HALF_A_LISTEN = """
import multiprocessing, sys
from simpatient.ports.sphinx import SphinxRecogniser
if __name__ == "__main__":
    ears = SphinxRecogniser()
    listening = ears.listen(bytes(3200) for _ in sys.stdin.buffer)
    print(multiprocessing.active_children()[0].pid, flush=True)
    list(listening)
"""


@pytest.fixture(scope="module")
def ears() -> Iterator[SphinxRecogniser]:
    ears = SphinxRecogniser()
    yield ears
    ears.close()


class Mortal:
    """Ears whose process may be ended."""

    def __init__(self) -> None:
        before = set(multiprocessing.active_children())
        self.ears = SphinxRecogniser()
        (self.child,) = set(multiprocessing.active_children()) - before


@pytest.fixture
def mortal() -> Iterator[Mortal]:
    mortal = Mortal()
    yield mortal
    mortal.ears.close()


def clip(name: str) -> Iterator[bytes]:
    return blocks(CLIPS / f"{name}.flac")


def test_clips_are_heard(ears: SphinxRecogniser) -> None:
    """Over the rendered sentences at least three words in four are right, and none is left out."""
    said, right = 0, 0
    for one in SOME:
        wanted = uniform(one["say"]).split()
        heard = " ".join(segment.text for segment in ears.listen(clip(one["name"]))).split()
        matching = difflib.SequenceMatcher(None, wanted, heard).get_matching_blocks()
        said, right = said + len(wanted), right + sum(block.size for block in matching)
        assert heard, one["name"]

    assert right > 0.75 * said


@pytest.mark.parametrize("name", [one["name"] for one in LISTENS["wordless"]])
def test_wordless_sounds(ears: SphinxRecogniser, name: str) -> None:
    """Noise, hum and music are no speech."""
    assert list(ears.listen(clip(name))) == []


def test_words_are_clean(ears: SphinxRecogniser) -> None:
    """No marks of silence or noise and no numbers of pronunciations are left in the words."""
    heard = "".join(segment.text for one in SOME[:2] for segment in ears.listen(clip(one["name"])))

    assert heard
    assert not set(heard) & set("<>[]()+")


def test_times_count_from_the_first_sample(ears: SphinxRecogniser) -> None:
    """A second of silence before the clip makes all its words about a second later."""
    (here,) = ears.listen(clip("prob-open"))
    (later,) = ears.listen([*SILENCE, *clip("prob-open")])

    assert abs(later.words[0].start_ms - here.words[0].start_ms - 1_000) <= 100
    assert abs(later.words[-1].end_ms - here.words[-1].end_ms - 1_000) <= 100


def test_a_segment_comes_before_the_sound_ends(ears: SphinxRecogniser) -> None:
    """An endpoint is reported while the microphone goes on, without waiting for the end."""
    arrived = threading.Event()

    def microphone() -> Iterator[bytes]:
        yield from clip("prob-open")
        while not arrived.is_set():
            yield SILENCE[0]

    for segment in ears.listen(microphone()):
        assert segment.words
        arrived.set()

    assert arrived.is_set()


def test_a_new_listen_ends_the_one_before(ears: SphinxRecogniser) -> None:
    """Who still holds the older one gets no more segments, and disturbs nothing."""
    older = ears.listen(twice("prob-open"))
    next(older)

    (heard,) = ears.listen(clip("prob-open"))

    assert list(older) == []
    assert heard.words


def twice(name: str) -> Iterator[bytes]:
    for _ in range(2):
        yield from clip(name)
        yield from SILENCE


def test_a_killed_process_is_one_line(mortal: Mortal) -> None:
    """When the process dies the listener gets a ModelError, now and later."""
    listening = mortal.ears.listen(SILENCE)
    mortal.child.kill()
    mortal.child.join()

    with pytest.raises(ModelError, match="its process ended"):
        list(listening)
    with pytest.raises(ModelError, match="its process ended"):
        list(mortal.ears.listen([]))


def test_closed(mortal: Mortal) -> None:
    """Closing ends the process, and listening after that is refused."""
    mortal.ears.close()

    assert not mortal.child.is_alive()
    with pytest.raises(ModelError, match="it has been closed"):
        list(mortal.ears.listen([]))


def test_a_failing_start_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A pocketsphinx that cannot be imported is reported with its reason, and no process is left."""
    (tmp_path / "pocketsphinx.py").write_text("raise ImportError('no\\nsuch library')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sphinx, "digest", lambda folder: "sha256:")
    before = len(multiprocessing.active_children())

    with pytest.raises(ModelError) as caught:
        SphinxRecogniser()

    assert "pocketsphinx does not start (ImportError: no such library)" in str(caught.value)
    assert len(multiprocessing.active_children()) == before


def test_a_missing_package_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package the line says how to get it."""
    monkeypatch.setattr(sphinx, "find_spec", lambda name: None)

    with pytest.raises(ModelError, match="pocketsphinx is not installed; run: pip install pocketsphinx"):
        SphinxRecogniser()


@pytest.fixture
def program(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A program in the middle of a listen, in a process group of its own."""
    script = tmp_path / "program.py"
    script.write_text(HALF_A_LISTEN)
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, script], stdin=pipe, stdout=pipe, stderr=pipe, env=environment, start_new_session=True
    ) as running:
        yield running
        running.kill()


def gone(pid: int) -> bool:
    """Whether the process ends by itself in due time."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], 20)[0])
    finally:
        os.close(descriptor)


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waits for a foreign process as only Linux can")
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_the_process_never_outlives_the_program(program: subprocess.Popen[bytes], end: signal.Signals) -> None:
    """However the program ends, its listener ends too."""
    assert program.stdout is not None
    child = int(program.stdout.readline())

    program.send_signal(end)

    assert gone(child)


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waits for a foreign process as only Linux can")
def test_ctrl_c_prints_nothing_of_the_child(program: subprocess.Popen[bytes]) -> None:
    """A Ctrl-C, which the whole process group gets, is the parent's matter: one traceback, of the parent."""
    assert program.stdout is not None
    child = int(program.stdout.readline())

    os.killpg(program.pid, signal.SIGINT)
    _, said = program.communicate(timeout=30)

    assert said.count(b"Traceback") == 1
    assert said.rstrip().endswith(b"KeyboardInterrupt")
    assert gone(child)
