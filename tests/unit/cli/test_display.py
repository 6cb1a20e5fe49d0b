"""What the live screen keeps of what it is told: notices for a while, stale sound, the time that is shown."""

from io import StringIO

import pytest
from rich.console import Console

from simpatient.cli.display import STALE_MS, TOLD_MS, FullScreen, Look
from simpatient.cli.stage import Scene
from simpatient.errors import OutputError
from simpatient.ports.fakes import ManualClock
from simpatient.session.level import LOUD, Level
from simpatient.session.live import Seen


@pytest.fixture
def shown():
    shown = FullScreen(Console(file=StringIO()), Look(), Scene("Tess Moran"))
    shown._time = ManualClock()
    return shown


@pytest.mark.parametrize(
    ("owner", "state"),
    [("learner", "listening"), ("settling", "thinking"), ("patient", "speaking"), ("guard", "speaking")],
)
def test_who_has_the_floor(shown, owner, state):
    """In words; what the learner is saying is shown as long as it is theirs to say."""
    shown.begin()
    shown.seen(Seen(owner, True, "so what"), Level(), "")

    assert shown.now().state == state
    assert shown.now().partial == ("so what" if owner in ("learner", "settling") else "")


def test_no_sound_and_a_pause(shown):
    """A microphone that gives nothing is no listening; a pause is none of its own accord."""
    shown.begin()
    shown.seen(Seen("learner", False, ""), Level(), "")
    shown._time.advance(STALE_MS + 1)
    assert shown.now().state == "waiting"
    shown.pause(True)
    shown._time.advance(STALE_MS + 1)
    assert shown.now().state == "paused"
    shown.pause(False)
    assert shown.now().state == "listening"


def test_notices_stay_for_a_while(shown, capsys):
    """The same is told once; before the screen stands it is a line, too."""
    shown.tell(LOUD)
    shown.tell(LOUD)
    assert shown.now().notices == (LOUD,) and LOUD in capsys.readouterr().err
    shown._time.advance(TOLD_MS)
    assert shown.now().notices == ()


def test_a_broken_clock_breaks_no_screen(shown):
    """Who runs the station hears of it elsewhere."""

    def clock():
        raise OutputError("disk full")

    shown.clock = clock
    assert shown.now().clock == ""
