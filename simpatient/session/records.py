"""Values to plain data and back, in the shapes that the contracts of the journal and of `--json` name."""

import dataclasses
import json
from typing import Any, cast

from simpatient.model import (
    VARIABLES,
    AllianceState,
    Detection,
    Effect,
    Ended,
    Reply,
    Turn,
    Utterance,
    Word,
)

Json = dict[str, Any]


def canonical(value: object) -> str:
    """Canonical JSON: sorted keys, no blanks, UTF-8 as it is."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def of_state(state: AllianceState) -> Json:
    return {"stage": state.stage, **{name: getattr(state, name) for name in VARIABLES}}


def of_detection(d: Detection) -> Json:
    return {"code": d.code, "layer": d.layer, "start": d.start, "end": d.end, "confidence": d.confidence, "cue": d.cue}


def of_effect(effect: Effect) -> Json:
    return dataclasses.asdict(effect)


def of_word(word: Word) -> Json:
    return {**dataclasses.asdict(word), "confidence": round(word.confidence, 3)}


def of_reply(reply: Reply) -> Json:
    record = dataclasses.asdict(reply)
    record["class"] = record.pop("reply_class")
    return record


def of_utterance(utterance: Utterance) -> Json:
    return {
        "text": utterance.text, "words": [of_word(w) for w in utterance.words], "start_ms": utterance.start_ms,
        "end_ms": utterance.end_ms, "source": utterance.source,
    }  # fmt: skip


def of_decision(turn: Turn) -> Json:
    """What the patient did, without what was heard."""
    return {
        "turn": turn.no, "detections": [of_detection(d) for d in turn.detections],
        "effects": [of_effect(e) for e in turn.effects], "before": of_state(turn.before), "after": of_state(turn.after),
        "reply": of_reply(turn.reply), "ended": turn.ended,
    }  # fmt: skip


def of_turn(turn: Turn) -> Json:
    """One line of `talk --typed --json`."""
    decision = of_decision(turn)
    decision["reply"] = {key: decision["reply"][key] for key in ("id", "text", "class")}
    return {**decision, "heard": turn.utterance.text}


def to_state(record: Json) -> AllianceState:
    return AllianceState(**{key: record[key] for key in ("stage", *VARIABLES)})


def to_reply(record: Json) -> Reply:
    values = dict(record)
    values["reply_class"] = values.pop("class")
    return Reply(**values)


def to_utterance(record: Json) -> Utterance:
    words = tuple(Word(**w) for w in record["words"])
    return Utterance(record["text"], words, record["start_ms"], record["end_ms"], record["source"])


def to_turn(heard: Json, decided: Json) -> Turn:
    return Turn(
        decided["turn"], to_utterance(heard), tuple(Detection(**d) for d in decided["detections"]),
        tuple(Effect(**e) for e in decided["effects"]), to_state(decided["before"]), to_state(decided["after"]),
        to_reply(decided["reply"]), cast(Ended | None, decided["ended"]),
    )  # fmt: skip
