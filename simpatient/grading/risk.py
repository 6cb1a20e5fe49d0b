"""How suicide was asked about: four regions by asked, explored and answered (CASE, Shea), and the critical flags.

A flag is raised by what was heard with a confidence of at least .7, never by less: a false accusation teaches nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from simpatient.detect.pack import Pack
from simpatient.grading import listen
from simpatient.grading.mistakes import mistakes
from simpatient.model import Detection, Evidence, Flag, Mark, Transcript, Turn
from simpatient.persona.load import Patient

REGIONS = ("presenting", "recent", "past", "immediate")
RISK = ("SI_ASK", "CASE_NORM", "CASE_BI", "CASE_SHAME", "CASE_GA", "CASE_SA", "CASE_DS", "CASE_CATCH")
ASKED = ("SI_ASK", "CASE_NORM", "CASE_BI", "CASE_SHAME")
"""Codes that ask about suicide by themselves; the others go deeper."""
_DEEPER = frozenset({"CASE_BI", "CASE_GA", "CASE_SA", "CASE_DS", "CASE_CATCH"})
_TELLS = frozenset({"disclose_partial", "disclose_full", "story", "unhealthy_goal"})
_BY_TOPIC = {"si_past": "past"}
UNSAID = "recent"
"""The region of a question that names no time."""


@dataclass(frozen=True, slots=True)
class _Question:
    turn: Turn
    detection: Detection | None
    region: str
    rule: str


def risk_marks(transcript: Transcript, patient: Patient, pack: Pack, open_loop: bool = False) -> tuple[Mark, ...]:
    """Asked about suicide, the four regions, the CASE techniques, avoidance, the safety step."""
    asked = [q for q in _questions(transcript, pack) if q.detection]
    return (
        _asked(asked, patient),
        *(_region(name, transcript, pack, open_loop) for name in REGIONS),
        _techniques(transcript),
        _avoided(transcript, open_loop),
        _safety_step(transcript, patient, pack),
    )


def flags(transcript: Transcript, patient: Patient, pack: Pack, open_loop: bool = False) -> tuple[Flag, ...]:
    """What no average hides (domain 6.1). In open loop nothing that rests on the patient's words is among it."""
    found = [_unasked(transcript, patient, pack, open_loop), _unlimited(transcript)]
    found += [_code(transcript, patient, pack, code, text) for code, text in _BY_CODE]
    return tuple(flag for flag in found if flag)


_BY_CODE = (
    ("FALSE_HOPE", "Something was promised that nobody can promise."),
    ("ABUSE", "The patient was insulted; please talk this over with a supervisor."),
)


def _asked(asked: list[_Question], patient: Patient) -> Mark:
    why = "this patient needs it" if patient.persona.risk else "a first interview asks"
    if not asked:
        return Mark("suicide asked about", "no", why, group="risk")
    first = asked[0]
    assert first.detection is not None
    evidence = listen.by_code(first.turn, first.detection)
    return Mark(
        "suicide asked about", "yes", f"turn {first.turn.no}", evidence=(first.turn.reply.text,), found=(evidence,),
        group="risk",
    )  # fmt: skip


def _questions(transcript: Transcript, pack: Pack) -> Iterator[_Question]:
    """Every turn that asks about suicide: by a code, or by a topic of risk that the patient answered."""
    subject = False
    for turn in transcript.turns:
        codes = [d for d in listen.heard(turn) if d.code in RISK]
        direct = any(d.code in ASKED and d.code != "CASE_BI" for d in codes)
        told = listen.told(turn, pack)
        risky = bool(told and pack.topics[told[0]].risk)
        if direct or risky or (codes and subject):
            subject = True
            region, rule = _region_of(turn, told[0] if told and risky else "")
            yield _Question(turn, codes[0] if codes else None, region, rule)


def _region_of(turn: Turn, topic: str) -> tuple[str, str]:
    for name in ("immediate", "past", "recent", "presenting"):
        cues = [listen.cue(source) for source in listen.words().regions[name]]
        found = next(listen.phrases(turn.utterance.text, cues), None)
        if found:
            return name, f"{name}: “{turn.utterance.text[found[0] : found[1]]}”"
    named = _BY_TOPIC.get(topic, UNSAID)
    return named, f"{named}: no time was named"


def _region(name: str, transcript: Transcript, pack: Pack, open_loop: bool) -> Mark:
    here = [q for q in _questions(transcript, pack) if q.region == name]
    if not here:
        return Mark(f"risk: {name}", "not asked", group="risk")
    explored = len(here) > 1 or any(q.detection and q.detection.code in _DEEPER for q in here)
    answered = any(q.turn.reply.reply_class in _TELLS for q in here)
    words = ["asked", *(["explored"] if explored else []), *(["answered"] if answered else [])]
    found = tuple(
        listen.by_phrase(q.turn, 0, len(q.turn.utterance.text), q.detection.code if q.detection else "topic", q.rule)
        for q in here
    )
    return Mark(f"risk: {name}", ", ".join(words), found=found, group="risk", indicative=open_loop)


def _techniques(transcript: Transcript) -> Mark:
    found = [(t, d) for t in transcript.turns for d in listen.heard(t) if d.code in RISK and d.code != "SI_ASK"]
    names = sorted({d.code for _, d in found})
    evidence = tuple(listen.by_code(t, d) for t, d in found)
    return Mark("CASE techniques used", len(names), "different", evidence=tuple(names), found=evidence, group="risk")


def _avoided(transcript: Transcript, open_loop: bool) -> Mark:
    found = tuple(
        listen.by_code(t, d)
        for t in transcript.turns
        for d in listen.heard(t)
        if d.code == "SI_AVOID" and not (open_loop and d.layer == "derived")
    )
    return Mark("suicide avoided", len(found), "times", found=found, group="risk")


def _safety_step(transcript: Transcript, patient: Patient, pack: Pack) -> Mark:
    cues = [listen.cue(source) for source in listen.words().safety]
    for turn in transcript.turns:
        for start, end, rule in listen.phrases(turn.utterance.text, cues):
            evidence = listen.by_phrase(turn, start, end, "safety", rule)
            return Mark("safety step", "yes", f"turn {turn.no}", found=(evidence,), group="risk")
    return Mark("safety step", "no", "this patient needs one" if patient.persona.risk else "", group="risk")


def cues_of_dying(transcript: Transcript, pack: Pack) -> Iterator[tuple[Turn, Evidence]]:
    """Turns in which the patient spoke of dying or self-harm: a hint, a wish, something told."""
    for turn in transcript.turns:
        told = listen.told(turn, pack)
        risky = told is not None and pack.topics[told[0]].risk and told[1] != "deflect"
        if turn.reply.id.startswith("hint.") or turn.reply.reply_class == "unhealthy_goal" or risky:
            yield turn, listen.by_reply(turn, "cue", "speaks of dying or self-harm")


def _unasked(transcript: Transcript, patient: Patient, pack: Pack, open_loop: bool) -> Flag | None:
    if any(d.code in ASKED for t in transcript.turns for d in t.detections):
        return None  # also what was heard unsurely: nobody is accused of a question that was perhaps asked
    cue = None if open_loop else next(cues_of_dying(transcript, pack), None)
    if patient.persona.risk:
        evidence = (cue[1],) if cue else ()
        avoided = any(d.code == "SI_AVOID" for t in transcript.turns for d in listen.heard(t))
        how = "only touched on in a way that wants a no" if avoided else "never asked about"
        return Flag("si_unasked", f"Suicide was {how}, though this patient is at risk.", evidence)
    if cue and cue[0] is not transcript.turns[-1]:
        return Flag(
            "si_unasked", "The patient spoke of dying or self-harm, and suicide was never asked about.", (cue[1],)
        )
    return None


def _unlimited(transcript: Transcript) -> Flag | None:
    """Confidentiality promised in a session that never names its limit."""
    words = listen.words()
    promises, limits = ([listen.cue(source) for source in part] for part in (words.promise, words.limit))
    if any(True for turn in transcript.turns for _ in listen.phrases(turn.utterance.text, limits)):
        return None
    for turn in transcript.turns:
        for start, end, rule in listen.phrases(turn.utterance.text, promises):
            evidence = listen.by_phrase(turn, start, end, "promise", rule)
            text = "Confidentiality was promised without its limit: somebody's safety comes first."
            return Flag("confidentiality_unlimited", text, (evidence,))
    return None


def _code(transcript: Transcript, patient: Patient, pack: Pack, code: str, text: str) -> Flag | None:
    found = tuple(
        listen.by_code(t, d) for t in transcript.turns for d in mistakes(t, patient, pack)
        if d.code == code and d.confidence >= listen.SURE
    )  # fmt: skip
    return Flag(code.lower(), text, found) if found else None
