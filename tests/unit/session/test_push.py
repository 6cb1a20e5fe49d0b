"""The space bar of a terminal that tells no release: held and tapped, on slow and quick keyboards."""

import pytest

from simpatient.session.push import AFTER_MS, FIRST_MS, GAP_MS, Push


def typed(*times):
    push = Push()
    for at in times:
        push = push.pressed(at)
    return push


@pytest.mark.parametrize(("first", "then"), [(250, 33), (500, 33), (660, 40), (900, 100)])
def test_held(first, then):
    """From the press until no repetition comes, however late and slow they come; then it has ended."""
    times = [1_000, *range(1_000 + first, 5_000, then)]

    for n in range(1, len(times)):
        push = typed(*times[:n])
        assert push.talks and push.at(times[n]).talks
    over = typed(*times).at(times[-1] + GAP_MS + 1)
    assert not over.talks and over.ended(times[-1] + GAP_MS + 1)
    assert not over.ended(times[-1] + GAP_MS + AFTER_MS + 2)


def test_tapped():
    """One tap begins, the next ends, though it may be a long one; after it a new one begins."""
    begun = typed(1_000).at(1_000 + FIRST_MS + 1)
    assert begun.how == "tapped" and begun.at(60_000).talks
    ending = begun.pressed(8_000)
    assert not ending.talks and ending.ended(8_100)
    assert not ending.pressed(8_500).pressed(8_530).talks
    assert ending.at(8_000 + FIRST_MS + 1).pressed(9_500).talks


def test_held_right_after_a_tap():
    """Who goes on holding wants to be heard."""
    push = typed(1_000).at(3_000).pressed(3_100)
    for at in range(3_600, 5_000, 33):
        push = push.pressed(at)

    assert push.how == "held"


def test_never_pressed():
    """It plays no part."""
    assert not Push().talks and not Push().ended(0 + 1)
