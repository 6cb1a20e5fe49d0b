"""What the learner is told of the microphone: silent, back again, a loud room, lost sound; each once."""

from simpatient.session.level import HEARD, LOST, LOUD, SILENT, Level


def told(*stretches):
    """Of stretches of (seconds, level, room, how often lost, listening)."""
    level, said = Level(), []
    for seconds, db, room, lost, listening in stretches:
        for _ in range(round(seconds * 50)):
            level, text = level.step(db, room, lost, listening)
            said += [text] if text else []
    return said, level


def test_a_silent_microphone_and_its_return():
    """After five seconds without any sound, once; and when it is back."""
    said, level = told((20, -96, -70, 0, True))
    assert said == [SILENT] and level.word == "silent"
    assert told((20, -96, -70, 0, True), (1, -40, -60, 0, True))[0] == [SILENT, HEARD]
    assert told((4, -96, -70, 0, True), (9, -70, -70, 0, True))[0] == []


def test_a_loud_room():
    """Told once, and again only after it was softer; the patient's own voice from a loudspeaker is no room."""
    loud, soft = (10, -30, -30, 0, True), (4, -30, -60, 0, True)

    assert told(loud)[0] == [LOUD]
    assert told(loud, soft, loud)[0] == [LOUD, LOUD]
    assert told((10, -30, -30, 0, False))[0] == []


def test_lost_sound():
    """Told when it begins, and not more than twice a minute."""
    said, _ = told((1, -40, -60, 0, True), *((0.02, -40, -60, n, True) for n in range(1, 100)))

    assert said == [LOST]
    assert told((1, -40, -60, 1, True), (40, -40, -60, 1, True), (1, -40, -60, 2, True))[0] == [LOST, LOST]


def test_the_meter_falls_slowly():
    """A word can be seen after it was said."""
    words = [told((1, db, -70, 0, True))[1].word for db in (-60, -30, -5)]

    assert words == ["quiet", "good", "too loud"]
    assert told((1, -20, -70, 0, True), (0.2, -70, -70, 0, True))[1].word == "good"
