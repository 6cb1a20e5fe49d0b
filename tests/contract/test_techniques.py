"""The detector on lines that it has never met: recall, precision, false alarms, theft, small talk, odd texts."""

from pathlib import Path

import pytest
import yaml
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from bench.detect import Counts, codes_in, held_out, neutral_alarms, score
from simpatient.detect.check import problems
from simpatient.detect.detector import Detector
from simpatient.detect.pack import PACKS
from simpatient.detect.semantic import Semantic, spoken_words
from simpatient.text import content_words

ROOT = Path(__file__).parent.parent.parent
RECALL, PRECISION, FALSE_ALARMS = 0.9, 0.95, 0.03
"""What is held today, a little below what is measured; the goals are .90, .95 and .03 (docs/detection.md)."""


@pytest.fixture(scope="module")
def counts(detector):
    return score(detector)


@pytest.fixture(scope="module")
def corpus():
    """Every training line."""
    files = sorted((ROOT / "training" / "corpus").glob("*.yaml"))
    return [line["text"] for f in files for line in yaml.load(f.read_text("utf-8"), yaml.CSafeLoader)["lines"]]


def pooled(counts, codes):
    return sum((c for code, c in counts.items() if code in codes), Counts())


def test_held_out_lines_are_heard(detector, counts):
    """Pooled over the starred codes: recall and precision; the share of the near-misses of mistakes that accuse."""
    starred = {r.technique.code for r in detector.pack.rules if r.technique.star}
    mistakes = {r.technique.code for r in detector.pack.rules if r.technique.pull == "hurt"}

    total, hurt = pooled(counts, starred), pooled(counts, mistakes)

    assert starred <= set(counts)
    assert total.recall >= RECALL, f"{total.recall:.3f}"
    assert total.precision >= PRECISION, f"{total.precision:.3f}"
    assert hurt.false_alarms <= FALSE_ALARMS, f"{hurt.false_alarms:.3f}"


def test_every_code_has_enough_held_out_lines():
    """At least 25 true lines and 12 near-misses, each near-miss sharing words of content with a true line."""
    for code, says, near in held_out():
        if code == "NEUTRAL":
            continue
        assert len(says) >= 25 and len(near) >= 12, code
        true = [content_words(text) for text, _ in says]
        for text, _ in near:
            assert max(len(content_words(text) & words) for words in true) >= 1, (code, text)


@pytest.mark.must_show("neutral clinic talk carries no starred code")
def test_small_talk_is_not_a_technique(detector):
    """Of two hundred sentences of greetings, logistics and history taking under 3 % carry a starred code."""
    wrong, lines = neutral_alarms(detector)

    assert lines == 200
    assert wrong / lines < 0.03


def test_no_held_out_line_is_near_a_training_line(corpus):
    """Normalised edit distance of at least .3; the cosine is held by training/apart.py, which needs the encoder."""
    tests = [_plain(text) for _, says, near in held_out() for text, _ in says + near]

    nearest = cdist(
        [_plain(t) for t in corpus], tests, scorer=Levenshtein.normalized_distance, score_cutoff=0.3, workers=-1
    )

    assert nearest.min() >= 0.3


def _plain(text):
    return " ".join(word for word, _, _ in spoken_words(text))


@pytest.mark.must_show("the theft test: all examples against all codes")
def test_no_code_steals_anothers_example(detector, capsys):
    """Every example of every code in the pack is heard as its own; the confusion is printed."""
    confusion = {}
    for rule in detector.pack.rules:
        for text in rule.technique.says:
            heard = codes_in(detector, text, "")
            if rule.technique.code not in heard:
                confusion.setdefault(rule.technique.code, []).append((text, sorted(heard)))
    with capsys.disabled():
        print(f"\ntheft: {sum(map(len, confusion.values()))} examples not heard as their own code")
        for code, lost in confusion.items():
            for text, heard in lost:
                print(f"  {code} -> {', '.join(heard) or 'nothing'}: {text}")

    assert confusion == {}


def test_the_shipped_pack_passes_its_own_check(detector):
    """No idle cue, no example twice, none stolen, no near-miss that fires."""
    assert problems(PACKS / "en", detector) == []


@pytest.mark.must_show("the same codes with onnxruntime's optimisations on and off")
def test_last_bits_do_not_matter(detector, corpus):
    """Rounded to .05, at least 99.5 % of the lines get the same codes without optimisations."""
    plain = Detector(semantic=Semantic(optimised=False))
    lines = corpus[:: max(1, len(corpus) // 1500)]

    same = [codes_in(detector, text, "") == codes_in(plain, text, "") for text in lines]

    assert sum(same) / len(same) >= 0.995


@pytest.mark.must_show("odd texts: no crash")
@pytest.mark.parametrize(
    "text", ["", " ", "?", "\x00\x07\x1b[2J", "🙂🙂🙂", "что вам нужно", "你今天想要什么", "a" * 5000, "'" * 50]
)
def test_odd_texts_do_not_break_it(detector, text):
    """Empty ones, other alphabets, emoji, control characters: an answer, no crash."""
    assert detector.hear(text, text).behaviour in ("question", "reflection", "input", "other")


@pytest.mark.must_show("odd texts: no crash")
def test_the_end_of_two_thousand_words_is_heard(detector):
    """What comes last in a very long turn is found where it stands."""
    text = "we sat there and it rained on the car park " * 200 + "what would make this a helpful visit for you"

    found = [d for d in detector.hear(text).detections if d.code == "GOAL_OPEN"]

    assert found and found[0].start > 9 * len(text) // 10
