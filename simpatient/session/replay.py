"""Repeats a session at three depths and says what differs: nothing differs is an empty list.

regrade   the journal graded anew, against the stored grade (exact)
redecide  the recorded words through today's engine, against the recorded decisions (exact for equal hashes)
rehear    the audio through the recogniser, compared by detections, not by words
"""

from collections.abc import Iterable, Sequence

from simpatient.detect.detector import Detector
from simpatient.grading.grade import grade
from simpatient.grading.report import as_json
from simpatient.grading.station import Station
from simpatient.model import Judgement, Utterance
from simpatient.patient.engine import SILENCE, Engine
from simpatient.persona.load import Patient
from simpatient.session import records
from simpatient.session.journal import Read
from simpatient.session.overheard import again, open_loop
from simpatient.session.records import Json, canonical


def regrade(
    journal: Read, stored: str, detector: Detector, patient: Patient, station: Station | None = None,
    judgements: Sequence[Judgement] = (),
) -> list[str]:  # fmt: skip
    """Differences between the stored grade and today's."""
    anew = grade(journal.transcript(), patient, detector.pack, station, open_loop(journal), judgements)
    return [] if as_json(anew) == stored else ["the grade differs"]


def redecide(journal: Read, engine: Engine) -> list[str]:
    """Differences between the recorded decisions and those of today's engine."""
    found = _hashes(journal, engine)
    engine = again(journal, engine)
    opening, now = engine.open()
    if records.of_reply(opening) != journal.header["opening"]:
        found.append("the opening differs")
    heard: Json = {}
    interrupting = False
    for event in journal.events:
        if event["event"] == "interrupted":
            interrupting = True
        elif event["event"] in ("heard", "unclear", "silence"):
            heard = event
        elif event["event"] == "decided":
            said = records.to_utterance(heard["utterance"])
            silent = heard["event"] == "silence"
            seconds = heard.get("seconds", SILENCE)
            turn, now = engine.silence(now, seconds) if silent else engine.hear(now, said, interrupting)
            interrupting = False
            found += _compared(event, {"event": "decided", **records.of_decision(turn)})
    return found


def rehear(journal: Read, utterances: Iterable[Utterance], detector: Detector) -> list[str]:
    """Differences between what was detected then and what is detected in the audio heard anew."""
    recorded = [turn for turn in journal.transcript().turns if turn.utterance.source == "audio"]
    anew = list(utterances)[: len(recorded)]
    found = [] if len(anew) == len(recorded) else [f"{len(anew)} turns were heard, {len(recorded)} are recorded"]
    after = journal.header["opening"]["text"]
    for turn, utterance in zip(recorded, anew, strict=False):
        then = sorted(d.code for d in turn.detections if d.layer == "surface")
        now = sorted(d.code for d in detector.hear(utterance.text, after).detections)
        if then != now:
            found.append(
                f"turn {turn.no}: heard {', '.join(now) or 'nothing'}; recorded {', '.join(then) or 'nothing'}"
            )
        after = turn.reply.text
    return found


def _hashes(journal: Read, engine: Engine) -> list[str]:
    then, patient = journal.header, engine.patient
    pairs = (
        ("persona", then["persona"]["digest"], patient.digest),
        ("pack", then["pack"], engine.detector.digest),
    )
    return [f"the {what} has changed since: {a[:19]}… then, {b[:19]}… now" for what, a, b in pairs if a != b]


def _compared(then: Json, now: Json) -> list[str]:
    keys = [key for key in now if canonical(then.get(key)) != canonical(now[key])]
    return [f"turn {now['turn']}: {', '.join(keys)} differ"] if keys else []
