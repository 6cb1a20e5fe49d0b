"""What was done how often: counts a code, range, anti-technique load, recovery, and the figures that MITI knows."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from simpatient.detect.pack import Pack
from simpatient.grading import listen
from simpatient.grading.conditions import DEPTHS, Session
from simpatient.grading.mistakes import FORM, SEVERITY, mistakes
from simpatient.grading.station import Station
from simpatient.grading.talk import TYPED, minutes
from simpatient.model import Detection, Mark, TechniqueCount, Turn

REFLECTIONS, QUESTIONS = ("REFL_S", "REFL_C", "SUMMARY"), "question"
ADHERENT, NON_ADHERENT = ("Seek", "Emphasize", "AF"), ("Confront", "Persuade")
REPAIRED_WITHIN = 2
PER_MINUTES = 10
_PLAIN = ("OPENQ", "CLOSEDQ")
_SHORTEST = 0.5
"""Minutes below which nothing is given per ten minutes."""


def counts(session: Session, open_loop: bool = False) -> tuple[TechniqueCount, ...]:
    """Every code that was heard, in the order of the pack, those of the situation last."""
    pack = session.pack
    turns: dict[str, list[int]] = defaultdict(list)
    wrong: set[str] = set()
    for turn in session.turns:
        for d in listen.heard(turn):
            turns[d.code].append(turn.no)
        wrong |= {d.code for d in mistakes(turn, session.patient, pack, open_loop)}
    families = {rule.technique.code: (rule.technique.name, rule.family) for rule in pack.rules}
    order = [*families, *sorted(set(turns) - set(families))]
    return tuple(
        TechniqueCount(
            code, *families.get(code, (DERIVED_NAMES.get(code, code), "derived")), len(turns[code]),
            _per_ten(len(turns[code]), session), code in wrong, tuple(turns[code]),
        )
        for code in order if code in turns
    )  # fmt: skip


DERIVED_NAMES = {
    "TX_EARLY": "treatment offered before goals were agreed",
    "X_GOAL_OBVIOUS": "a goal question where the goal was plain",
    "HARD_EARLY": "a hard subject before there was a bond",
    "TRIAL_UNSAFE": "a trial of something dangerous",
    "Q_CHAIN": "a run of closed questions",
    "DOUBLE_Q": "two questions in one turn",
    "MONOLOGUE": "a very long turn",
    "JARGON": "a word of the clinic",
    "PACE": "very fast speech",
    "INTERRUPT": "talking over the patient",
    "SMALLTALK": "small talk",
    "GOOD_SILENCE": "a useful silence",
    "DEAD_AIR": "a long silence",
}


def technique_marks(session: Session, station: Station | None, open_loop: bool = False) -> tuple[Mark, ...]:
    """Range, mistakes and their weight, recovery, and topic coverage."""
    wrong = [(t, d) for t in session.turns for d in mistakes(t, session.patient, session.pack, open_loop)]
    marks = (_heard(session), _range(session, station), _mistakes(wrong, session), *_load(wrong, session),
             _repairs(wrong, session), _coverage(session, station, open_loop))  # fmt: skip
    return marks


def _per_ten(n: int, session: Session) -> float | None:
    lasted = minutes(session.transcript)
    return round(PER_MINUTES * n / lasted, 1) if lasted and lasted >= _SHORTEST else None


def is_good(code: str, pack: Pack) -> bool:
    """A ★ technique that helps; plain questions are counted elsewhere."""
    technique = pack.technique(code)
    return technique is not None and technique.pull != "hurt" and technique.star and code not in _PLAIN


def _heard(session: Session) -> Mark:
    good = Counter(d.code for _, d in session.detections if is_good(d.code, session.pack))
    shown = tuple(f"{code} × {n}" for code, n in sorted(good.items()))
    found = tuple(listen.by_code(t, d) for t, d in session.detections if is_good(d.code, session.pack))
    return Mark("techniques heard", len(good), "different", evidence=shown, found=found, group="techniques")


def _range(session: Session, station: Station | None) -> Mark:
    """Of the techniques that fit the station, how many were used."""
    if station is None or not station.techniques:
        return Mark("technique range", None, not_scored="no station says which techniques fit", group="techniques")
    used = {d.code for _, d in session.detections}
    missing = tuple(code for code in station.techniques if code not in used)
    evidence = (f"not yet tried: {', '.join(missing)}",) if missing else ()
    n, of = len(station.techniques) - len(missing), len(station.techniques)
    return Mark("technique range", n, f"of {of}", evidence=evidence, group="techniques")


def _mistakes(wrong: list[tuple[Turn, Detection]], session: Session) -> Mark:
    real = [(t, d) for t, d in wrong if d.code not in FORM]
    tally = Counter(d.code for _, d in real)
    shown = tuple(f"{code} × {n}" for code, n in sorted(tally.items()))
    found = tuple(listen.by_code(t, d) for t, d in real)
    return Mark("mistakes", len(real), "", evidence=shown, found=found, group="techniques")


def _load(wrong: list[tuple[Turn, Detection]], session: Session) -> list[Mark]:
    points = sum(SEVERITY.get(d.code, 1) for _, d in wrong)
    found = tuple(listen.by_code(t, d) for t, d in wrong)
    total = Mark("anti-technique points", points, "points", found=found, group="techniques")
    rate = _per_ten(points, session)
    if rate is None:
        why = TYPED if minutes(session.transcript) is None else "the session was shorter than half a minute"
        return [total, Mark("anti-technique load", None, not_scored=why, group="techniques")]
    return [total, Mark("anti-technique load", rate, "points per 10 min", group="techniques")]


def _repairs(wrong: list[tuple[Turn, Detection]], session: Session) -> Mark:
    hurts = sorted({t.no for t, d in wrong if d.code not in FORM})
    repaired = [(t, d) for t, d in session.detections if d.code == "REPAIR"]
    mended = sum(any(0 < t.no - hurt <= REPAIRED_WITHIN for t, _ in repaired) for hurt in hurts)
    if not hurts:
        return Mark("mistakes repaired", None, not_scored="there was nothing to repair", group="techniques")
    found = tuple(listen.by_code(t, d) for t, d in repaired)
    return Mark("mistakes repaired", mended, f"of {len(hurts)}", found=found, group="techniques")


def _coverage(session: Session, station: Station | None, open_loop: bool) -> Mark:
    """How much of what a full history touches was told: deflected 0, in part .5, in full 1."""
    if station is None or not station.topics:
        why = "no station says which topics are needed"
        return Mark("topic coverage", None, not_scored=why, group="techniques")
    deepest: dict[str, int] = {}
    for _, name, depth in session.told:
        deepest[name] = max(deepest.get(name, 0), DEPTHS.index(depth))
    share = sum(deepest.get(name, 0) / 2 for name in station.topics) / len(station.topics)
    asked = {name for _, names in session.topics for name in names}
    how = {n: DEPTHS[deepest[n]] if n in deepest else "touched" if n in asked else "not asked" for n in station.topics}
    shown = tuple(f"{name}: {what}" for name, what in how.items())
    return Mark(
        "topic coverage", round(100 * share), "%", evidence=shown, group="techniques", indicative=open_loop
    )  # fmt: skip


# ---- as MITI 4.2.1 counts; indicative, since its raters are trained humans


def style_marks(session: Session) -> tuple[Mark, ...]:
    """Questions, reflections, and what is adherent to motivational interviewing."""
    codes = Counter(d.code for _, d in session.detections)
    marks = (
        _share("open questions", codes["OPENQ"], codes["OPENQ"] + codes["CLOSEDQ"], "no plain question was asked"),
        _ratio(codes, session.pack),
        _share("complex reflections", codes["REFL_C"], codes["REFL_C"] + codes["REFL_S"], "nothing was reflected"),
        Mark("MI-adherent", _mapped(codes, session.pack, ADHERENT), "times", group="style", indicative=True),
        Mark("MI-non-adherent", _mapped(codes, session.pack, NON_ADHERENT), "times", group="style", indicative=True),
        _share(
            "MI-adherent of all adherent and non-adherent", _mapped(codes, session.pack, ADHERENT),
            _mapped(codes, session.pack, ADHERENT + NON_ADHERENT), "neither was heard",
        ),
    )  # fmt: skip
    return marks


def _share(name: str, part: int, whole: int, why_not: str) -> Mark:
    if not whole:
        return Mark(name, None, not_scored=why_not, group="style", indicative=True)
    return Mark(name, round(100 * part / whole), "%", group="style", indicative=True)


def _ratio(codes: Counter[str], pack: Pack) -> Mark:
    questions = sum(n for c, n in codes.items() if (t := pack.technique(c)) and t.form == QUESTIONS)
    reflections = sum(codes[c] for c in REFLECTIONS)
    name = "reflections to questions"
    if not questions:
        return Mark(name, None, not_scored="no question was asked", group="style", indicative=True)
    unit = "MITI: fair 1, good 2; indicative"
    return Mark(name, round(reflections / questions, 2), unit, group="style", indicative=True)


def _mapped(codes: Counter[str], pack: Pack, names: Iterable[str]) -> int:
    return sum(n for c, n in codes.items() if (t := pack.technique(c)) and any(name in t.miti for name in names))
