"""The pictures: lines in their place, labels and markers that cover nothing."""

from itertools import pairwise

import pytest

from simpatient.grading.timeline import CHECKLIST, LOOKS, SECOND_VISIT, SMALL, TARGET, Frame, apart, draw, session
from tests.pages import sit, written


@pytest.fixture(scope="module")
def told(detector):
    return sit(detector, "teen-first-visit", written("teen-first-visit", "good").says).transcript


def test_a_line_runs_from_the_start_to_the_last_turn(told):
    """Five lines, a point a state, from the left edge to the right, higher values higher up."""
    chart = session(told)

    assert [c.look.label for c in chart.curves] == [look.label for look in LOOKS.values()]
    for curve, name in zip(chart.curves, LOOKS, strict=True):
        values = [getattr(told.start, name), *(getattr(turn.after, name) for turn in told.turns)]
        assert len(curve.points) == len(values)
        assert curve.points[0][0] == chart.frame.left and curve.points[-1][0] == chart.frame.plot_right
        assert (curve.first, curve.last) == (round(100 * values[0]), round(100 * values[-1]))
        assert all(
            (a[1] > b[1]) == (u < v)
            for (a, b), (u, v) in zip(pairwise(curve.points), pairwise(values), strict=True)
            if abs(u - v) > 0.01
        )


def test_every_line_has_its_own_shape_and_colour():
    """No line is told by colour alone."""
    looks = LOOKS.values()

    assert len({look.shape for look in looks}) == len({look.colour for look in looks}) == len(LOOKS)


@pytest.mark.parametrize("look", [*LOOKS.values(), SECOND_VISIT, CHECKLIST], ids=lambda look: look.label)
def test_every_colour_can_be_read_on_white(look):
    """Contrast of at least 4.5 to 1, as WCAG reckons it; axe cannot tell it where lines cross behind a label."""
    parts = [int(look.colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)

    assert 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05) >= 4.5


def test_markers_never_cover_each_other(told):
    """Moments in neighbouring turns stand above each other, each large enough to press."""
    moments = [(turn, "strong") for turn in range(1, 10)]
    markers = session(told, moments, Frame(width=300)).markers

    assert [m.turn for m in sorted(markers, key=lambda m: m.x)] == list(range(1, 10))
    for a in markers:
        for b in markers:
            assert a is b or abs(a.x - b.x) >= TARGET or abs(a.y - b.y) >= TARGET


def test_a_retry_is_drawn_from_where_it_parts(told):
    """With `first` the picture begins at that state and says its turn."""
    chart = session(told, frame=SMALL, first=4)

    assert len(chart.curves[0].points) == len(told.turns) - 3
    assert chart.ticks[0][0] == "4"


def test_attempts_without_a_figure_leave_a_gap():
    """What was not scored is no zero."""
    chart = draw(SMALL, [(SECOND_VISIT, [0.1, 0.2, 0.4]), (CHECKLIST, [None, 0.5, None])], ["1", "2", "3"])

    assert [len(c.points) for c in chart.curves] == [3, 1]
    assert [len(c.points) for c in draw(SMALL, [(CHECKLIST, [None])], ["1"]).curves] == []


@pytest.mark.parametrize("heights", [[10, 11, 12, 13], [200, 210, 220, 225, 226], [0, 100, 200, 226], []])
def test_labels_never_overlap(heights):
    """Labels keep their order, a line's distance, and the picture's lower edge."""
    placed = apart([float(h) for h in heights], 226)

    assert all(b - a >= 20 for a, b in pairwise(placed))
    assert all(y <= 226 for y in placed)


def test_a_long_session_is_no_smear_of_shapes(detector):
    """However many turns, a line carries a handful of shapes and the turns' numbers keep apart."""
    lines = written("emergency-wants-to-die", "good").says
    chart = session(sit(detector, "emergency-wants-to-die", lines * 4).transcript)

    assert all(len(c.shown) <= 16 for c in chart.curves)
    assert all(b[1] - a[1] >= 25 for a, b in pairwise(chart.ticks))
