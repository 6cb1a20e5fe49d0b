"""The learner's page as text: what it says, in which order, and that nothing said can break it."""

from dataclasses import replace
from html import unescape

import pytest

from simpatient.grading.grade import grade
from simpatient.grading.report import figure, html, marked, moved
from simpatient.model import HumanMarks, Judgement, Mark, Transcript
from simpatient.session.assessment import SelfAssessment
from tests.pages import longest, made_lessons, sit, written

TEEN = "teen-first-visit"
MOST_BYTES = 1_500_000
OWN = SelfAssessment(60, {"goals": 2.0}, "ask her what she wants")


@pytest.fixture(scope="module")
def good(detector):
    return sit(detector, TEEN, written(TEEN, "good").says, learner="L07")


@pytest.fixture(scope="module")
def bad(detector):
    return sit(detector, TEEN, written(TEEN, "failing").says)


def page(sat, audio="", **more):
    return html(sat.transcript, sat.grade, sat.patient, audio, **more)


def in_order(text, *parts):
    places = [text.find(part) for part in parts]
    assert -1 not in places, parts[places.index(-1)]
    assert places == sorted(places), sorted(zip(places, parts, strict=True))


def test_the_parts_stand_in_the_order_of_the_design(good):
    """Own view, coming back, timeline, moments, techniques, marks, figures, what next, turns, notes, safety."""
    text = page(good, lessons=made_lessons(good), station=good.station)

    in_order(
        text, "<h1>Tess Moran", 'id="own"', 'id="outcome"', "to a friend", 'id="timeline"', 'id="strong"',
        'id="turning"', 'id="missed"', 'id="techniques"', 'id="sheet"', 'id="figures"', 'id="next"', 'id="trend"',
        'id="turns"', 'id="sure"', 'id="notes"', "talk to somebody you trust",
    )  # fmt: skip


def test_the_learner_is_asked_before_a_mark_is_shown(good):
    """Without a self-assessment the page asks, and everything else waits in a fold that needs no JavaScript."""
    text = page(good)

    in_order(text, 'type="range"', '<details class="gate"', "<summary>", 'id="outcome"', "</details>\n<section")
    assert "<details open" not in text and "<form" not in text


def test_the_learners_own_view_stands_beside_the_marks(good):
    """What the learner thought is shown with the likelihood and with each domain; nothing is asked again."""
    text = page(good, own=OWN)

    assert 'type="range"' not in text and 'class="gate"' not in text
    assert "You thought: 60 in 100." in text
    assert "you thought: 2" in text
    assert "ask her what she wants" in text


def test_it_never_passes_or_fails_anybody(good, bad):
    """Neither a good nor a bad interview gets a verdict from the software."""
    for sat in (good, bad):
        text = page(sat, lessons=made_lessons(sat), station=sat.station).lower()
        for verdict in ("you passed", "you failed", "passed the station", "result:", "verdict"):
            assert verdict not in text
        assert "no pass, no fail" in text


def test_each_moment_plays_its_part_of_the_recording(good):
    """The link carries the turn's own time as a media fragment, and where the caller says so, another one."""
    one = good.transcript.turns[0].utterance
    text = page(good, "the%20talk%20%231.flac", lessons=made_lessons(good))

    assert f'href="the%20talk%20%231.flac#t={(one.start_ms - 300) / 1000:g},{(one.end_ms + 300) / 1000:g}"' in text
    assert text.count('class="play"') >= len(good.transcript.turns)
    assert "#t=7,9.5" in page(good, "a.flac", clips={1: (7000, 9500)})
    assert 'class="play"' not in page(good)


def test_typed_turns_have_nothing_to_play(detector):
    """Where turns have no times there is no button, though a recording lies beside the page."""
    typed = sit(detector, TEEN, written(TEEN, "good").says[:2], spoken=False)

    assert 'class="play"' not in page(typed, "conversation.flac")


def test_the_rubric_stands_beside_each_bar(good):
    """With the station all three anchors are there and the nearest is named; without it the nearest alone."""
    domain = good.grade.sheet.domains[0]

    assert domain.anchor in page(good)
    anchors = good.station.domains[0].anchors
    for words in (anchors.good, anchors.borderline, anchors.failing):
        assert words in unescape(page(good, station=good.station))
    assert page(good, station=good.station).count("nearest to this mark") == len(good.grade.sheet.domains)


def test_what_could_not_be_scored_says_why(good):
    """'not scored, because …' is an outcome of its own, for items and for figures."""
    assert figure(Mark("pace", None, not_scored="the turns were typed")) == "not scored, because the turns were typed"
    assert figure(Mark("open questions", 40, "%")) == "40%"
    assert figure(Mark("goals voiced", 2, "of 5")) == "2 of 5"
    assert figure(Mark("stage reached", "action")) == "action"
    assert "because there was no misstep to own" in page(good)


def test_a_retry_shows_both_from_where_they_part(detector, good):
    """The words, the answers and the ends of both, the difference in figures, and both timelines."""
    lines = list(written(TEEN, "good").says)
    first = sit(detector, TEEN, (*lines[:4], "You need to stop sulking and take an antidepressant.", *lines[5:8]))
    text = page(good, other=(first.transcript, first.grade))

    assert "Said another way, from turn 5" in text
    part = text[text.index('id="retry"') : text.index('id="moments"')]
    assert part.count("<svg") == 2
    for sat in (first, good):
        assert sat.grade.outcome in part
        assert sat.transcript.turns[4].reply.text.replace("'", "&#39;") in part
    assert "+" in part and "Difference" in part


def test_a_retry_that_went_no_further_has_a_page(good):
    """One attempt is a part of the other: no words stand at the turn where it was over."""
    short = replace(good.transcript, turns=good.transcript.turns[:3])

    assert "over before this turn" in page(good, other=(short, good.grade))


def test_a_humans_marks_stand_beside_the_softwares(good):
    """The examiner's rating and overrides are shown with what the software had made of it."""
    said = Judgement("Dr Lee", "2024-01-01T10:00Z", "item", "asks_wish", "met", "partly", "too leading")
    text = html(good.transcript, replace(good.grade, human=(HumanMarks("Dr Lee", 4, (said,), None),)), good.patient)

    in_order(text, "What the examiner says", "Dr Lee", "4 of 5 (very good)", "asks wish: partly", "the software: met")


def test_words_are_marked_without_loss(bad):
    """The marked pieces of a turn, joined, are the turn; each detection lies on marked pieces."""
    for turn in bad.transcript.turns:
        pieces = marked(turn)

        assert "".join(text for text, _ in pieces) == turn.utterance.text
        for d in turn.detections:
            assert any(d.code in codes for _, codes in pieces)


def test_what_hurt_is_marked_otherwise_than_what_helped(bad, good):
    assert '<mark class="hurt">' in page(bad)
    assert '<mark class="hurt">' not in page(good)


def test_movements_are_told_in_words(bad):
    """The largest first; what hardly moved is left to the table."""
    turn = bad.transcript.turns[0]
    after = replace(turn.before, reluctance=turn.before.reluctance + 0.05, hope=turn.before.hope - 0.2)

    assert moved(replace(turn, after=after)) == "hope fell by 20, reluctance rose by 5"
    assert moved(replace(turn, after=turn.before)) == "nothing moved"
    assert moved(replace(turn, after=replace(turn.before, bond=turn.before.bond + 0.01))) == "hardly anything moved"


def test_what_was_said_cannot_break_the_page(detector):
    """Markup in a learner's words is shown as words, in the timeline too."""
    sat = sit(detector, TEEN, ('what is the </title><script>alert("1")</script> problem', "hello"))
    lessons = made_lessons(sat)

    text = page(sat, '"><script>.flac', lessons=lessons, own=OWN)

    assert text.count("<script>") == 1  # the page's own
    assert "&lt;script&gt;" in text


def test_an_empty_session_has_a_page(detector, good):
    """A session that ended before the first turn still has a grade and a page."""
    told = Transcript("teen", 0, good.transcript.opening, good.transcript.start, (), "closed")
    marks = grade(told, good.patient, detector.pack)

    assert "Tess" in html(told, marks, good.patient)
    assert "0 turns" in html(told, marks, good.patient, other=(good.transcript, good.grade))


@pytest.mark.must_show("the HTML page of a 15-minute station stays under 1.5 MB without audio")
def test_a_long_stations_page_is_small(detector):
    """Sixty turns with everything that a page can hold; print the size."""
    sat = longest(detector)
    size = len(page(sat, "conversation.flac", lessons=made_lessons(sat), station=sat.station).encode())
    print(f"{len(sat.transcript.turns)} turns: {size / 1000:.0f} kB")

    assert len(sat.transcript.turns) >= 60
    assert size < MOST_BYTES


def test_the_page_asks_for_nothing_from_outside(good):
    """Its policy forbids every request but the sound beside it, and no address stands in it."""
    text = page(good, "conversation.flac", lessons=made_lessons(good))

    assert "default-src 'none'" in text and "form-action 'none'" in text
    assert "http://" not in text and "https://" not in text
