"""The learner's page: better wordings that are better, said to this person at this moment, and never twice."""

import dataclasses
import re
import shutil
from statistics import mean

import pytest

from simpatient import places
from simpatient.errors import DataError
from simpatient.grading.grade import grade
from simpatient.grading.lessons import lessons
from simpatient.grading.lessons.feedback import BECAUSE, ENDINGS, FILE, HAPPENED, feedback, of, texts
from simpatient.grading.lessons.library import FOLDER, choices, drills, reasons, wordings
from simpatient.grading.lessons.scene import quotation
from simpatient.grading.mistakes import FORM, mistakes
from simpatient.model import Transcript, Utterance
from simpatient.outcome import leaning
from simpatient.patient.check import UNSAFE
from simpatient.patient.engine import Engine
from simpatient.session.overheard import speaks_of_dying
from simpatient.yamlfile import load
from tests.learners import Remembering, talk
from tests.pages import LEVELS, sit, written

STORIES = sorted((places.personas().parent / "tests" / "stories").glob("*/*.yaml"))
CRITICAL = frozenset({"SI_ASK", "CASE_NORM", "CASE_BI", "CASE_GA"})
LEAVING = -100.0
"""What a patient's leaving counts beside any movement."""


@pytest.fixture(scope="module")
def ears():
    """The real one, which hears a sentence after the same reply only once."""
    return Remembering()


@pytest.fixture(scope="module")
def sat(ears):
    """Three learners at every station, and their pages."""
    found = {}
    for name in sorted(places.stations()):
        for who in LEVELS:
            one = sit(ears, name, written(name, who).says, spoken=False)
            found[name, who] = one, lessons(one.transcript, one.grade, one.patient, ears.pack, one.station)
    return found


@pytest.fixture(scope="module")
def told(sat, patients, ears):
    """Every page there is: of all stations, and of all stories, the first wording of each turn."""
    pages = [(one.transcript, page) for one, page in sat.values()]
    for file in STORIES:
        story = load_story(file)
        engine = Engine(patients[story["persona"]], ears, seed=3)
        opening, start = engine.open()
        turns, now = talk(engine, *story["says"])
        transcript = Transcript(engine.patient.id, 3, opening, start.state, tuple(turns), now.ended or "closed")
        marked = grade(transcript, engine.patient, ears.pack)
        pages.append((transcript, lessons(transcript, marked, engine.patient, ears.pack)))
    return pages


def load_story(file):
    """Persona and first sentences of a story."""
    import yaml

    story = yaml.safe_load(file.read_text("utf-8"))
    return {"persona": story["persona"], "says": [turn["say"][0] for turn in story["turns"]]}


def wordings_of(page):
    return [
        *(w for point in page.turning for w in point.better),
        *(m.say for m in page.missed),
        *(u.say for u in page.untried),
    ]


def sentences_of(page):
    """Every text of ours on a page, as it is read."""
    for w in wordings_of(page):
        yield w.text
        yield w.why
    for point in page.turning:
        yield point.why
        yield point.thought
    for moment in page.strong:
        yield moment.why
        yield moment.thought
    for one in page.missed:
        yield one.why
    for one in page.untried:
        yield one.when


# ---- the proof


def alternatives(sat, ears):
    """(where, patient, turn as it was, wording, turn as it would have been) of every turning point."""
    for (name, who), (one, page) in sat.items():
        engine = Engine(one.patient, ears, one.station.seed, one.station.difficulty)
        _, now = engine.open()
        before = {}
        for turn in one.transcript.turns:
            before[turn.no] = now
            _, now = engine.hear(now, turn.utterance)
        for point in page.turning:
            was = one.transcript.turns[point.turn - 1]
            for better in point.better:
                turn, _ = engine.hear(before[was.no], Utterance(better.text))
                yield f"{name} {who} {point.turn}", one.patient, was, better, turn


def left_with(turn):
    return leaning(turn.after) + (LEAVING if turn.ended in ("walkout", "refuses") else 0)


@pytest.mark.must_show("Each turning point gets two better wordings, and they are better")
def test_every_better_wording_is_better(sat, ears):
    """Heard by the real detector as what it claims to be, no mistake in it, and through the engine it leaves the
    patient likelier to come back than what was said.
    """
    was_moved, is_moved, wrong = [], [], []
    for where, patient, was, better, turn in alternatives(sat, ears):
        codes = {d.code for d in turn.detections}
        hurts = [d.code for d in mistakes(turn, patient, ears.pack) if d.code not in FORM - {"MONOLOGUE", "JARGON"}]
        if better.code not in codes or hurts or left_with(turn) <= left_with(was):
            wrong.append((where, better.code, better.text, sorted(codes), hurts, round(left_with(turn), 3)))
        was_moved.append(leaning(was.after) - leaning(was.before))
        is_moved.append(leaning(turn.after) - leaning(turn.before))

    print(
        f"{len(is_moved)} wordings; mean leaning {mean(was_moved):+.3f} as said, {mean(is_moved):+.3f} as it could be"
    )
    assert not wrong
    assert len(is_moved) >= 100
    assert mean(is_moved) > 0.4 > 0 > mean(was_moved)


def test_the_failing_and_the_borderline_learner_get_three_turning_points(sat):
    """Whoever can learn most is shown most."""
    for (name, who), (_, page) in sat.items():
        if who == "failing":
            assert len(page.turning) == 3, name
        assert len(page.turning) <= 3
        assert all(len(point.better) == 2 for point in page.turning)
        assert all(a.code != b.code for a, b in (point.better for point in page.turning))


# ---- the words


def test_nothing_is_said_twice_on_a_page(told):
    """No better wording, reason or thought stands on a page a second time."""
    for transcript, page in told:
        said = list(sentences_of(page))
        twice = {text for text in said if said.count(text) > 1}

        assert not twice, (transcript.persona, twice)


def test_every_sentence_is_whole(told):
    """No slot is left, no word doubled, nothing quoted that is empty, and it begins and ends like a sentence."""
    for transcript, page in told:
        for text in [*sentences_of(page), page.to_a_friend]:
            assert text and "{" not in text and "}" not in text, (transcript.persona, text)
            assert not re.search(r"“\s*”|\s[,.?]|  ", text), text
            assert not re.search(r"\b(\w+) \1\b", re.sub(r"“[^”]*”", "…", text), re.IGNORECASE), text
            assert text.rstrip("”")[-1] in ".?!…”" and (text[0].isupper() or text[0] in "“…"), text


def test_quotations_are_the_patients_own_words(told):
    """What a wording puts in quotation marks, the patient has said."""
    for transcript, page in told:
        said = " ".join([transcript.opening.text, *(t.reply.text for t in transcript.turns)])
        said = re.sub(r"\b(Mr|Mrs|Ms|Dr)\. ", r"\1 ", said)
        for text in [*(w.text for w in wordings_of(page)), *(p.why for p in page.turning)]:
            assert all(quote in said for quote in re.findall(r"“([^”]*)”", text)), text


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("I don't have a problem. Ask them, they're the ones with the problem.", "I don't have a problem"),
        ("Ask Mr. Pruitt. He knows it.", "He knows it"),
        ("No.", ""),
        ("Nothing. I just get driven to stuff.", "I just get driven to stuff"),
        ("At three I'm up, reading back the day, every word. I want one night it keeps still.",
         "I want one night it keeps still"),
        ("It takes me and it turns me round and I come out of it and the whole of the day has gone.", ""),
    ],
)  # fmt: skip
def test_a_quotation_is_short_and_stands_by_itself(text, quote):
    """A whole sentence of two to nine words, without its final stop; nothing where there is none."""
    assert quotation(text) == quote


def test_a_better_wording_takes_up_the_moment(sat):
    """Among six wordings of a page several quote or name what the patient had just said, and no two pages of different
    people share most of their wordings.
    """
    quoting = [any("“" in w.text for p in page.turning for w in p.better) for _, page in sat.values() if page.turning]
    by_person = {}
    for one, page in sat.values():
        by_person.setdefault(one.patient.id, set()).update(w.text for w in wordings_of(page))
    names = sorted(by_person)

    assert mean(quoting) > 0.9
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            shared = by_person[a] & by_person[b]
            assert len(shared) < 0.2 * len(by_person[a]), (a, b, shared)


# ---- what is missed, untried, next


def test_a_spoken_wish_to_die_is_asked_about_first(sat, ears):
    """Where dying had just been spoken of, in turn 2 by the learner or later by the patient, and not been asked about,
    one of the wordings asks.
    """
    one, page = sat["emergency-wants-to-die", "failing"]
    said = {turn.no + 1: turn.reply.text for turn in one.transcript.turns}
    points = [p for p in page.turning if p.turn == 3 or speaks_of_dying(said.get(p.turn, ""), ears)]

    assert points
    assert all(any(w.code in CRITICAL for w in p.better) for p in points)
    assert any(m.say.code in CRITICAL for m in page.missed)


def test_a_question_about_dying_is_no_turning_point_of_a_good_learner(sat):
    """What asks about risk stands as it is: nobody is told to have asked something else."""
    for (_, who), (one, page) in sat.items():
        for point in page.turning if who == "good" else ():
            codes = {d.code for d in one.transcript.turns[point.turn - 1].detections}
            assert not codes & CRITICAL or one.patient.id == "alcohol", (point.quote, codes)


def test_missed_cues_are_the_patients_words_and_of_this_session(told):
    """Each quotes a reply, and there was time to take it up."""
    for transcript, page in told:
        replies = {t.no: t.reply.text for t in transcript.turns}
        assert all(replies[m.turn] == m.cue and m.turn < len(replies) for m in page.missed)


def test_untried_is_untried(sat):
    """Nothing that was heard stands among what was not yet tried."""
    for one, page in sat.values():
        heard = {d.code for t in one.transcript.turns for d in t.detections if d.confidence >= 0.5}
        assert not heard & {u.code for u in page.untried}
        assert len({u.code for u in page.untried}) == len(page.untried) <= 3


def test_the_next_drill_can_be_typed(told):
    """Every command names a station or a patient that is shipped."""
    for _, page in told:
        program, command, what, *options = page.next_drill.command.split()

        assert program == "simpatient"
        assert what in (places.stations() if command == "drill" else places.shipped())
        assert options in ([], ["--difficulty", "4"])


@pytest.mark.parametrize("weakness", sorted({*choices().happened.values(), "goals", "agreement", "warmth", "steps"}))
def test_every_weakness_has_a_drill(weakness):
    """Or is of the kind that no mistake has."""
    helps = {"asked", "heard", "choice", "hope", "straight", "step"}

    assert weakness in helps or drills().drills[weakness]
    for drill in drills().drills.get(weakness, ()):
        assert drill.station in places.stations() and drill.persona in places.shipped()


def test_the_friend_hears_how_it_ended(sat):
    """Two sentences, and not the same after a walk-out and after a good interview."""
    failing, good = (sat["teen-first-visit", who][1].to_a_friend for who in ("failing", "good"))

    assert failing != good
    assert all(len(re.findall(r"[.!?](?:\s|$)", text)) >= 2 for text in (failing, good))


def test_the_same_session_gives_the_same_page(sat, detector):
    """And it is nothing but values."""
    one, page = sat["teen-first-visit", "borderline"]
    again = lessons(one.transcript, one.grade, one.patient, detector.pack, one.station)

    assert again == page
    assert dataclasses.asdict(again)


def test_earlier_attempts_come_before_this_one(sat, detector):
    """The trend goes on from what was given."""
    one, page = sat["teen-first-visit", "good"]
    before = dataclasses.replace(page.trend[-1], label="first", second_visit=0.1)
    trend = lessons(one.transcript, one.grade, one.patient, detector.pack, one.station, [before]).trend

    assert [a.label for a in trend] == ["first", "this time"]
    assert trend[-1].second_visit == one.grade.second_visit and trend[-1].checklist == one.grade.sheet.checklist


def test_an_empty_session_has_a_page(detector, patients):
    """Nobody said a word: nothing is missed, something is left to try."""
    engine = Engine(patients["teen"], detector)
    opening, now = engine.open()
    transcript = Transcript("teen", 0, opening, now.state, (), "aborted")
    page = lessons(transcript, grade(transcript, engine.patient, detector.pack), engine.patient, detector.pack)

    assert page.turning == page.missed == page.strong == ()
    assert page.untried and page.to_a_friend and page.next_drill


# ---- the data


def test_the_library_names_codes_that_there_are(detector):
    """Every code of the library is one of the taxonomy or of the situation."""
    known = {*detector.pack.codes(), "TX_EARLY", "X_GOAL_OBVIOUS", "HARD_EARLY", "TRIAL_UNSAFE", "JARGON"}
    c, w, r = choices(), wordings(), reasons()
    named = [*c.mistakes, *(code for codes in c.mistakes.values() for code in codes), *c.telling, *c.agreeing,
             *(code for codes in (*c.replies.values(), *c.situations.values(), *c.answers.values()) for code in codes),
             *c.happened, *c.because, *w.say, *w.dark, *w.loved, *r.mistakes, *r.helps, *r.when]  # fmt: skip

    assert not {name for name in named if name not in known}
    assert set(r.thoughts) == set(HAPPENED) and set(r.ending) == set(ENDINGS) and set(r.because) == set(BECAUSE)
    assert set(c.happened.values()) <= set(HAPPENED) and set(c.because.values()) <= set(BECAUSE)
    assert not set(c.feelings) - set(detector.pack.topics)
    assert sorted(f.stem for f in FOLDER.glob("*.yaml")) == ["choices", "drills", "reasons", "wordings"]


@pytest.mark.parametrize("name", places.shipped())
def test_every_patient_speaks_for_themselves(name, patients, detector):
    """Threads, goals, thoughts of every kind that can happen to them, and two sentences for every ending."""
    patient = patients[name]
    own = of(patient, detector.pack.codes())

    assert (patient.folder / FILE).is_file()
    assert len(own.threads) >= 4 and set(own.goals) == {g.id for g in patient.persona.goals}
    needed = set(HAPPENED) if patient.persona.obvious_goal else set(HAPPENED) - {"obvious"}
    assert needed <= set(own.thoughts) and all(len(lines) >= 2 for lines in own.thoughts.values())
    assert set(own.friend.ending) == set(ENDINGS) and set(own.friend.because) == set(BECAUSE)
    assert not [text for text in texts(own) if UNSAFE.search(text)]


@pytest.mark.parametrize("name", places.shipped())
def test_a_patients_sentences_are_what_they_claim(name, patients, ears):
    """Each sentence written for this person is heard as its own code, and as no mistake."""
    own = of(patients[name], ears.pack.codes())
    hurts = {rule.technique.code for rule in ears.pack.rules if rule.technique.pull == "hurt"} - {"PROB_OPEN"}
    for bank in (own.say, *(thread.say for thread in own.threads)):
        for code, text in ((code, text) for code, lines in bank.items() for text in lines):
            heard = {d.code for d in ears.hear(text).detections if d.confidence >= 0.5}
            assert code in heard and not heard & hurts, (code, text, heard)


def test_no_two_patients_think_the_same(patients, detector):
    """A thought or a sentence to a friend belongs to one person."""
    seen = {}
    for name, patient in patients.items():
        own = of(patient, detector.pack.codes())
        for text in [
            t for bank in (own.thoughts, own.friend.ending, own.friend.because) for b in bank.values() for t in b
        ]:
            assert seen.setdefault(text, name) == name, (text, name, seen[text])


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("goals:\n  parents:", "goals:\n  parnts:", "found the goal parnts; allowed: parents, understood"),
        ("say:\n  GOAL_OPEN:", "say:\n  GOAL_OPENS:", "found the code GOAL_OPENS; allowed: "),
        ("thoughts:\n  problem:", "thoughts:\n  problems:", "found the thought problems; allowed: problem, sides"),
        ('it: "all of this"', 'it: "all of this."', "allowed: a noun phrase without slots and final stop"),
        ("Where would you like to start?", "Where is {where}?", "found the slot {where}; allowed: it, dear, goal"),
        ('named: ["gram*"', 'named: ["er"', "cue 'er': all of it may be missing"),
        ('named: ["gram*"', 'named: ["(gram*"', "cue '(gram*'"),
        ("friend:\n  ending:", "friend:\n  endings:", "friend.endings: unknown key"),
    ],
)
def test_a_mistake_of_the_author_is_one_line(tmp_path, patients, detector, old, new, says):
    """file:line, what was found, what is allowed."""
    source = (patients["teen"].folder / FILE).read_text("utf-8")
    assert old in source
    (tmp_path / FILE).write_text(source.replace(old, new, 1), "utf-8")
    ids = tuple(goal.id for goal in patients["teen"].persona.goals)

    with pytest.raises(DataError, match=r"feedback\.yaml:\d+: ") as caught:
        feedback(tmp_path, ids, detector.pack.codes())

    assert says in str(caught.value) and "\n" not in str(caught.value)


def test_a_patient_without_feedback_still_gets_a_page(tmp_path, patients, detector):
    """The general library speaks, and the goals are turned towards the patient."""
    folder = tmp_path / "plain"
    shutil.copytree(patients["teen"].folder, folder, ignore=shutil.ignore_patterns(FILE, "stations"))
    from simpatient.persona.load import load_patient

    patient = load_patient(folder, detector.pack.codes(), detector.pack.topics)
    engine = Engine(patient, detector)
    opening, start = engine.open()
    turns, now = talk(
        engine, "so what is the problem", "your mother says you never sleep", "you need an antidepressant"
    )
    transcript = Transcript("teen", 0, opening, start.state, tuple(turns), now.ended or "closed")
    page = lessons(transcript, grade(transcript, patient, detector.pack), patient, detector.pack)

    assert len(page.turning) == 3
    assert of(patient, detector.pack.codes()).goals["freedom"] == "your Fridays back"
    assert load(FOLDER / "wordings.yaml", type(wordings())) == wordings()
