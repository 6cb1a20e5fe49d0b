"""The figures of a session (domain 6.1), each a Mark: a value with its evidence, or the reason why there is none."""

from collections import Counter
from collections.abc import Iterable

from simpatient.detect.pack import Pack
from simpatient.model import VARIABLES, AllianceState, Mark, Transcript, Turn
from simpatient.outcome import second_visit
from simpatient.persona.load import Patient

REFLECTIONS, QUESTIONS = ("REFL_S", "REFL_C", "SUMMARY"), "question"
ADHERENT, NON_ADHERENT = ("Seek", "Emphasize", "AF"), ("Confront", "Persuade")
RISK = ("SI_ASK", "CASE_NORM", "CASE_BI")
REPAIRED_WITHIN = 2


def measures(transcript: Transcript, patient: Patient, pack: Pack) -> tuple[Mark, ...]:
    """All figures, in the order in which they are shown."""
    codes = _codes(transcript.turns)
    return (
        Mark("second visit", round(100 * second_visit(_end(transcript), transcript.ended)), "in 100"),
        *_movements(transcript),
        Mark("stage reached", _end(transcript).stage),
        _goals(transcript, patient),
        _first_goal(transcript),
        Mark(
            "techniques heard",
            len({c for c in codes if _is_good(c, pack)}),
            "different",
            evidence=_counted(codes, pack, True),
        ),
        Mark(
            "mistakes", sum(n for c, n in codes.items() if _is_bad(c, pack)), "", evidence=_counted(codes, pack, False)
        ),
        _repairs(transcript, pack),
        _share("open questions", codes["OPENQ"], codes["OPENQ"] + codes["CLOSEDQ"], "no plain question was asked"),
        _ratio(codes, pack),
        _share(
            "MI-adherent of all adherent and non-adherent",
            _mapped(codes, pack, ADHERENT),
            _mapped(codes, pack, ADHERENT + NON_ADHERENT),
            "neither was heard",
        ),
        _risk(transcript, patient, codes),
        *_audio(transcript),
    )


def is_mistake(code: str, pack: Pack) -> bool:
    """Whether a code hurts: family X, or a derived mistake."""
    return _is_bad(code, pack)


def _end(transcript: Transcript) -> AllianceState:
    return transcript.turns[-1].after if transcript.turns else transcript.start


def _codes(turns: Iterable[Turn]) -> Counter[str]:
    return Counter(d.code for turn in turns for d in turn.detections if d.confidence >= 0.5)


def _is_bad(code: str, pack: Pack) -> bool:
    technique = pack.technique(code)
    return technique is None or technique.pull == "hurt"


def _is_good(code: str, pack: Pack) -> bool:
    technique = pack.technique(code)
    return technique is not None and technique.pull != "hurt" and technique.star and code not in ("OPENQ", "CLOSEDQ")


def _counted(codes: Counter[str], pack: Pack, good: bool) -> tuple[str, ...]:
    wanted = _is_good if good else _is_bad
    return tuple(f"{code} × {n}" for code, n in sorted(codes.items()) if wanted(code, pack))


def _movements(transcript: Transcript) -> list[Mark]:
    end = _end(transcript)
    marks = []
    for name in VARIABLES:
        last, first = getattr(end, name), getattr(transcript.start, name)
        marks.append(
            Mark(
                name.replace("_", " "),
                round(100 * last),
                "of 100",
                evidence=(f"{100 * (last - first):+.0f} since the start",),
            )
        )
    return marks


def _goals(transcript: Transcript, patient: Patient) -> Mark:
    said = {turn.reply.id for turn in transcript.turns}
    voiced = sorted(goals_voiced(said, patient))
    texts = tuple(f"{g.class_}: {g.text}" for g in patient.persona.goals if g.id in voiced)
    return Mark("goals voiced", f"{len(voiced)} of {len(patient.persona.goals)}", evidence=texts)


def goals_voiced(lines: set[str], patient: Patient) -> set[str]:
    """The patient's goals that these lines voiced, by line id."""
    banks = {**patient.techniques, **patient.events}
    found: set[str] = set()
    for name, groups in banks.items():
        for i, group in enumerate(groups, 1):
            if any(line.startswith(f"{name}.{i}.") for line in lines):
                found.update(group.goals)
    for name, topic in patient.topics.items():
        if any(line.startswith(f"{name}.full.") for line in lines):
            found.update(topic.goals)
    return found


def _first_goal(transcript: Transcript) -> Mark:
    turn = next((t for t in transcript.turns if t.reply.reply_class in ("goal", "goal_more")), None)
    if turn is None:
        return Mark("first goal voiced", None, not_scored="the patient never voiced a goal")
    return Mark("first goal voiced", turn.no, "turn", evidence=(turn.reply.text,))


def _repairs(transcript: Transcript, pack: Pack) -> Mark:
    hurts = [t.no for t in transcript.turns if any(_is_bad(d.code, pack) for d in t.detections)]
    repaired = [t.no for t in transcript.turns if any(d.code == "REPAIR" for d in t.detections)]
    mended = sum(any(0 < r - h <= REPAIRED_WITHIN for r in repaired) for h in hurts)
    if not hurts:
        return Mark("mistakes repaired", None, not_scored="there was nothing to repair")
    return Mark("mistakes repaired", f"{mended} of {len(hurts)}")


def _share(name: str, part: int, whole: int, why_not: str) -> Mark:
    return Mark(name, round(100 * part / whole), "%") if whole else Mark(name, None, not_scored=why_not)


def _ratio(codes: Counter[str], pack: Pack) -> Mark:
    questions = sum(n for c, n in codes.items() if (t := pack.technique(c)) and t.form == QUESTIONS)
    reflections = sum(codes[c] for c in REFLECTIONS)
    if not questions:
        return Mark("reflections to questions", None, not_scored="no question was asked")
    return Mark("reflections to questions", round(reflections / questions, 2), "MITI: fair 1, good 2; indicative")


def _mapped(codes: Counter[str], pack: Pack, names: tuple[str, ...]) -> int:
    return sum(n for c, n in codes.items() if (t := pack.technique(c)) and any(name in t.miti for name in names))


def _risk(transcript: Transcript, patient: Patient, codes: Counter[str]) -> Mark:
    if not patient.persona.risk:
        return Mark("suicide asked about", "yes" if any(codes[c] for c in RISK) else "no", "a first interview asks")
    turn = next((t for t in transcript.turns if any(d.code in RISK for d in t.detections)), None)
    if turn is None:
        return Mark("suicide asked about", "no", "this patient needs it")
    return Mark("suicide asked about", "yes", f"turn {turn.no}", evidence=(turn.reply.text,))


def _audio(transcript: Transcript) -> list[Mark]:
    spoken = [t.utterance for t in transcript.turns if t.utterance.source == "audio" and t.utterance.words]
    if not spoken:
        return [
            Mark(name, None, not_scored="the turns were typed")
            for name in ("longest turn", "pace", "recogniser's confidence")
        ]
    seconds = sum(u.end_ms - u.start_ms for u in spoken) / 1000
    words = sum(len(u.words) for u in spoken)
    pace = (
        Mark("pace", round(60 * words / seconds), "words a minute")
        if seconds
        else Mark("pace", None, not_scored="no time")
    )
    return [
        Mark("longest turn", max(len(u.words) for u in spoken), "words"),
        pace,
        Mark(
            "recogniser's confidence", round(sum(u.confidence for u in spoken) / len(spoken), 2), "0 to 1, uncalibrated"
        ),
    ]
