"""One line after a turn: what was heard, what it did, and after a misstep what may come next. Kind, short, concrete."""

from simpatient.detect.pack import Pack
from simpatient.grading.grade import DERIVED_ADVICE
from simpatient.grading.listen import heard
from simpatient.grading.mistakes import SEVERITY, mistakes
from simpatient.grading.report import moved
from simpatient.grading.techniques import DERIVED_NAMES, is_good
from simpatient.model import Detection, Turn
from simpatient.persona.load import Patient

QUOTED = 7
"""Words of the learner that are quoted."""
MOST = 2
"""Movements that are named."""
SURE = 0.7
"""Confidence below which it is only perhaps so."""
PLAIN = "No technique was heard"
NEXT = "Try an open question, or give back what you heard."
MISHEARD = "Not understood: say it once more, a little slower."


def coach(turn: Turn, patient: Patient, pack: Pack) -> str:
    """Of a mistake the heaviest, else the techniques that helped; never both, so that it stays one line."""
    if turn.reply.id.startswith("unclear."):
        return MISHEARD
    did = moved(turn, MOST)
    if wrong := mistakes(turn, patient, pack):
        worst = max(wrong, key=lambda d: (SEVERITY.get(d.code, 1), -d.start))
        return f"{_told(worst, turn, pack)}: {did}. {_advice(worst.code, pack)}".strip()
    good = [d for d in heard(turn) if is_good(d.code, pack) or d.code == "GOOD_SILENCE"]
    if good:
        best = sorted({d.code: d for d in reversed(good)}.values(), key=lambda d: d.start)[:MOST]
        return f"{' + '.join(_told(d, turn, pack, n == 0) for n, d in enumerate(best))}: {did}."
    if not turn.utterance.text:
        return f"A silence: {did}."
    plain = next((d for d in heard(turn) if pack.technique(d.code)), None)
    if plain:
        return f"{_told(plain, turn, pack)}: {did}."
    return f"{PLAIN}: {did}. {NEXT}"


def _told(d: Detection, turn: Turn, pack: Pack, first: bool = True) -> str:
    """The name and the words, as 'Validation (“that sounds hard”)'."""
    technique = pack.technique(d.code)
    name = technique.name if technique else DERIVED_NAMES.get(d.code, d.code)
    name = f"perhaps {name[0].lower()}{name[1:]}" if d.confidence < SURE else name
    words = turn.utterance.text[d.start : d.end].split()
    quote = " ".join(words[:QUOTED]) + (" …" if len(words) > QUOTED else "")
    name = name[0].upper() + name[1:] if first else name[0].lower() + name[1:]
    return f"{name} (“{quote}”)" if quote else name


def _advice(code: str, pack: Pack) -> str:
    technique = pack.technique(code)
    advice = technique.instead if technique else DERIVED_ADVICE.get(code, "")
    return "" if advice.startswith("None") else advice
