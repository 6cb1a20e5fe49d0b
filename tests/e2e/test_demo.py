"""The main job: a recorded interview in, spoken answers and a report out, through the real recogniser and voice."""

import json
import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from simpatient.session.conversation import clips
from simpatient.session.journal import read

SIMPATIENT = [sys.executable, "-m", "simpatient"]


def simpatient(*arguments, cwd=None, env=None, **more):
    environment = {**os.environ, **(env or {})}
    return subprocess.run(
        [*SIMPATIENT, *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=environment,
        timeout=240,
        **more,
    )


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Path:
    """The folder of one demo of both takes."""
    out = tmp_path_factory.mktemp("demo")
    done = simpatient("demo", "--silent", "--out", out)
    assert done.returncode == 0, done.stderr
    (out / "screen.txt").write_text(done.stdout)
    return out


@pytest.mark.must_show("the bad take ends in a walk-out and the good one in contemplation or better, from audio alone")
def test_the_takes_end_as_they_should(demo):
    """From audio alone: the good take reaches agreement on goals, the bad one ends with the patient walking out."""
    good, bad = read(demo / "good").transcript(), read(demo / "bad").transcript()

    assert good.turns[-1].after.stage in ("contemplation", "preparation", "action")
    assert good.ended == "closed"
    assert bad.ended == "walkout"
    assert bad.turns[-1].reply.reply_class == "walkout"


def test_the_screen_shows_words_techniques_bars_and_answers(demo):
    """Each turn prints what was heard, what it was heard as, how the patient stands, and the answer."""
    screen = (demo / "screen.txt").read_text()
    turn = read(demo / "good").transcript().turns[1]
    quote = turn.utterance.text[turn.detections[0].start : turn.detections[0].end]

    assert "Listening: Vosk, clinic model" in screen
    assert turn.utterance.text in screen
    assert f"GOAL_OPEN  “{quote}”" in screen
    assert "Reluctance" in screen and "Goals agreed" in screen
    assert turn.reply.text in screen
    assert str(demo / "good" / "report.html") in screen
    assert "Next: simpatient talk teen" in screen


@pytest.mark.must_show("the report is on the disk")
def test_the_conversation_holds_both_voices(demo):
    """The conversation is as long as the learner's turns and the patient's answers together, and not silent."""
    import soundfile

    for take in ("good", "bad"):
        turns = read(demo / take).transcript().turns
        sound, rate = soundfile.read(demo / take / "conversation.flac", dtype="int16")
        learner = sum(t.utterance.end_ms - t.utterance.start_ms for t in turns) / 1000
        words = sum(len(t.reply.text.split()) for t in turns)

        assert rate == 16_000
        assert len(sound) / rate > learner + words * 0.15
        assert abs(sound).max() > 1000


def test_each_moment_of_the_page_plays_the_learners_own_words(demo):
    """Where the page says that a turn is, the conversation holds the samples of the learner's recording."""
    import soundfile

    turns = read(demo / "good").transcript().turns
    said, rate = soundfile.read(demo / "good" / "learner.flac", dtype="int16")
    told, _ = soundfile.read(demo / "good" / "conversation.flac", dtype="int16")
    text = (demo / "good" / "report.html").read_text()
    places = clips(demo / "good")

    assert list(places) == [turn.no for turn in turns]
    for turn in turns:
        start_ms, end_ms = places[turn.no]
        first, length = turn.utterance.start_ms * rate // 1000, (end_ms - start_ms) * rate // 1000
        spoken, at = said[first : first + length], start_ms * rate // 1000
        near = range(at - rate // 1000, at + rate // 1000 + 1)  # a place is told to the millisecond
        assert any((told[i : i + length] == spoken).all() for i in near)
        assert f"conversation.flac#t={start_ms / 1000:g},{end_ms / 1000:g}" in text


class Page(HTMLParser):
    """Collects what a browser would fetch, and the tags."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href")]


def test_the_report_is_self_contained_and_shows_the_timeline(demo):
    """One HTML file with an SVG timeline, every turn and its evidence; it fetches nothing from anywhere."""
    text = (demo / "good" / "report.html").read_text()
    page = Page()
    page.feed(text)
    turns = read(demo / "good").transcript().turns

    assert "svg" in page.tags and "polyline" in page.tags
    assert text.count('class="turn"') == len(turns)
    assert all(link.partition("#")[0] in ("", "data:,", "conversation.flac") for link in page.links)
    assert "would come back" in text
    assert "{{" not in text


@pytest.mark.must_show("byte-identical journals in two processes")
def test_the_same_demo_gives_the_same_bytes(demo, tmp_path):
    """Another hash seed, working folder, locale and time zone: the same journal, byte for byte."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    settings = {
        "PYTHONHASHSEED": "4711",
        "LC_ALL": "C",
        "TZ": "Asia/Tokyo",
        "PYTHONPATH": _absolute(os.environ["PYTHONPATH"]),
    }

    done = simpatient("demo", "--silent", "--out", "again", cwd=elsewhere, env=settings)

    assert done.returncode == 0, done.stderr
    for take in ("good", "bad"):
        assert (elsewhere / "again" / take / "journal.jsonl").read_bytes() == (
            demo / take / "journal.jsonl"
        ).read_bytes()


def _absolute(path: str) -> str:
    return os.pathsep.join(str(Path(p).resolve()) for p in path.split(os.pathsep))


@pytest.mark.parametrize("depth", ["regrade", "redecide", "rehear"])
def test_the_demo_replays_without_difference(demo, depth):
    """Graded anew, decided anew and heard anew, the session is the same."""
    done = simpatient("replay", demo / "good", "--depth", depth)

    assert (done.returncode, done.stdout) == (0, f"{depth}: nothing differs over 9 turns\n"), done.stderr


def test_a_change_is_found_by_replay(demo, tmp_path):
    """A journal with another word in it is decided otherwise: exit code 1 and the turn."""
    text = (demo / "bad" / "journal.jsonl").read_text().replace("what's the matter", "how are you today", 1)
    (tmp_path / "journal.jsonl").write_text(text)

    done = simpatient("replay", tmp_path)

    assert done.returncode == 1
    assert "turn 1:" in done.stdout


@pytest.mark.must_show("under unshare -rn the demo passes")
def test_the_demo_needs_no_network(tmp_path):
    """In a network namespace with no interface at all, and with internet sockets forbidden, the demo runs."""
    inside = ["unshare", "-rn", *SIMPATIENT, "demo", "--take", "bad", "--silent", "--out", str(tmp_path)]
    if subprocess.run(["unshare", "-rn", "true"], capture_output=True).returncode:
        pytest.skip("this kernel gives no user namespaces")

    done = subprocess.run(inside, capture_output=True, text=True, timeout=240)

    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "bad" / "journal.jsonl").read_text().splitlines()[-1])["reason"] == "walkout"
