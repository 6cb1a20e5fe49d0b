"""The live screen over a pseudo-terminal: what stands there when, and what each key does; sound and words are fakes."""

import sys
import threading

import pytest

from simpatient import places
from simpatient.cli import common, desk
from simpatient.cli.drill import run_drill
from simpatient.cli.sound import Sound
from simpatient.cli.talk import Wishes, talk_with
from simpatient.errors import UsageError
from simpatient.session.journal import read
from tests.booth import Terminal, furnish, words

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="terminals are other things there")
GOOD = "what would you like to get out of this visit"


@pytest.fixture(scope="module")
def engine():
    return common.engine("teen", 0)


class Running:
    """Something that runs on a thread, and must end by itself."""

    def __init__(self, does):
        self._thread = threading.Thread(target=does)

    def __enter__(self):
        self._thread.start()
        return self

    def ends(self):
        self._thread.join(30)
        return not self._thread.is_alive()

    def __exit__(self, kind, *_):
        if kind is None:
            assert self.ends()


def talk(engine, folder, push_to_talk=False, **wishes):
    sound = Sound(turns="quick", push_to_talk=push_to_talk)
    return Running(lambda: talk_with(engine, folder, Wishes(sound=sound, **wishes)))


@pytest.mark.must_show("the live screen in 80×24 without colour: captions, level, state in words, and every key")
def test_keys_of_a_talk(engine, tmp_path, monkeypatch):
    """The start screen, a turn with its coach line, and what p, c, ?, r, space and s do, by keyboard alone."""
    room, terminal = furnish(monkeypatch, GOOD), Terminal(monkeypatch)
    with talk(engine, tmp_path / "s", coach=True) as running:
        terminal.shows("CHECK", "You may stop at any time", "Microphone: room.", "Say a few words", "Microphone ·")
        assert room.played == 0
        room.holding = True
        terminal.press("\n")
        terminal.shows("SPEAKING", "you are heard afterwards", engine.open()[0].text[:40], "so far")
        room.holding = False
        terminal.shows("LISTENING Your turn")
        room.say(words(GOOD))
        terminal.shows(f"You: {GOOD}", "Coach: Helpful-visit question", "reluctance fell")
        terminal.press("p")
        terminal.shows("PAUSED Nobody is heard", "Microphone ···················· off")
        terminal.press("P")
        terminal.shows("▶ GOING ON ▶", "LISTENING")
        terminal.press("c")
        terminal.shows("Captions are hidden; the key c shows them.")
        terminal.press("\x1b[Ac")  # an arrow key does nothing
        terminal.shows(f"You: {GOOD}")
        terminal.press("?")
        terminal.shows("hear the last answer again", "tap it to begin")
        terminal.press("?")
        played, room.holding = room.played, True
        terminal.press("r")
        terminal.shows("SPEAKING")
        assert room.played > played
        room.holding = False
        terminal.press(" ")
        terminal.shows("You have the floor")
        terminal.press("s")
        assert running.ends()
        terminal.shows("Report:")

    assert terminal.as_before()
    assert "\x1b[?1049h" in terminal.raw and terminal.raw.rfind("\x1b[?1049l") > terminal.raw.rfind("\x1b[?1049h")
    after = terminal.text(terminal.raw.rfind("\x1b[?1049l"))
    assert f"You: {GOOD}" in after and "88" in after  # what was said, and where help is
    assert not any(f"\x1b[{colour}m" in terminal.raw for colour in range(30, 38))
    events = read(tmp_path / "s").events
    assert [e["by"] for e in events if e["event"] in ("paused", "resumed") and "by" in e] == ["learner"] * 2
    assert events[-1]["reason"] == "aborted"


def test_push_to_talk(engine, tmp_path, monkeypatch):
    """Tapped, the space bar gives the floor until it is tapped again, and ends the turn at once; Escape stops."""
    room, terminal = furnish(monkeypatch, GOOD), Terminal(monkeypatch)
    with talk(engine, tmp_path / "s", push_to_talk=True) as running:
        terminal.shows("CHECK")
        terminal.press("\n")
        terminal.shows("LISTENING Your turn: hold Space and speak.")
        terminal.press(" ")
        terminal.shows("until you tap Space again")
        room.say(words(GOOD))
        terminal.shows(f"You: {GOOD} …")
        terminal.press(" ")
        terminal.shows(f"You: {GOOD} Tess")
        terminal.press("\x1b")
        assert running.ends()

    assert len(read(tmp_path / "s").transcript().turns) == 1


def test_who_stops_on_the_start_screen_leaves_nothing(engine, tmp_path, monkeypatch):
    """Nobody has spoken, and nothing was written."""
    furnish(monkeypatch)
    terminal = Terminal(monkeypatch)
    with talk(engine, tmp_path / "s") as running:
        terminal.shows("CHECK")
        terminal.press("\x1b")
        assert running.ends()

    assert not (tmp_path / "s").exists()
    assert terminal.as_before()


def test_without_a_terminal(engine, tmp_path, monkeypatch, capsys):
    """Lines one after the other, as a log; nothing waits for a key; push-to-talk says that it needs one."""
    room = furnish(monkeypatch, GOOD, "stop simulation")
    room.say(words(GOOD), after_ms=2_000)
    room.say(words("stop simulation"), after_ms=7_000)
    with talk(engine, tmp_path / "s", coach=True):
        pass
    out = capsys.readouterr().out

    assert "\x1b" not in out
    order = ["Simulated patient.", "Microphone: room.", "Speak when you are ready", "Tess Moran:", f"You: {GOOD}",
             "Coach: Helpful-visit question", "Report:"]  # fmt: skip
    assert [out.find(text) for text in order] == sorted(out.find(text) for text in order) and "-1" not in order
    with pytest.raises(UsageError, match="no terminal"):
        talk_with(engine, tmp_path / "p", Wishes(sound=Sound(push_to_talk=True)))


def test_keys_without_a_screen(engine, tmp_path, monkeypatch):
    """A terminal that can only write lines: the keys work all the same."""
    furnish(monkeypatch)
    terminal = Terminal(monkeypatch, term="dumb")
    with talk(engine, tmp_path / "s", captions=False) as running:
        terminal.shows("Speak when you are ready")
        terminal.press("?")
        terminal.shows("hear the last answer again")
        terminal.press("s")
        assert running.ends()
    assert "\x1b" not in terminal.raw and "Tess Moran:" not in terminal.raw


@pytest.mark.parametrize("invigilator", [False, True])
def test_keys_of_a_station(tmp_path, monkeypatch, invigilator):
    """The start screen before the first bell, the time that is left, bells among captions; p is the invigilator's."""
    text = places.station("teen-first-visit").read_text("utf-8")
    file = tmp_path / "teen-first-visit.yaml"
    times = "{read_s: 1, task_s: 60, warn_s: [59], grace_s: 1, feedback_s: 30}"
    file.write_text(text.replace("times: {profile: osce-uk}", f"times: {times}"))
    room, terminal = furnish(monkeypatch), Terminal(monkeypatch)
    room.holding = True
    wishes = desk.Wishes(silent=True, sound=Sound(turns="quick"), invigilator=invigilator)
    with Running(lambda: run_drill(str(file), wishes, tmp_path / "s", None)) as running:
        terminal.shows("Keep the sound of your voice", seconds=30)
        terminal.press("n\n")
        terminal.shows("CHECK", "Simulated patient", seconds=30)
        terminal.press("\n")
        terminal.shows("BELL ◆ Read now", "BELL ◆ Go in", "SPEAKING", " left SPEAKING", "Tess Moran:")
        room.holding = False
        terminal.shows("LISTENING", "◆ BELL ◆ 0:59 left.")
        terminal.press("p")
        if invigilator:
            terminal.shows("PAUSED Nobody is heard", "‖ PAUSED ‖ at")
            terminal.press("r")
            terminal.shows("▶ GOING ON ▶", "LISTENING")
        terminal.press("s")
        assert running.ends()

    assert "‖ PAUSED ‖" in terminal.text() or not invigilator
    paused = [e for e in read(tmp_path / "s").events if e["event"] == "paused" and "by" in e]
    assert len(paused) == invigilator
    assert read(tmp_path / "s").transcript().ended == "aborted"
    assert terminal.as_before()
