"""How the talking went: shares, lengths, pace, pauses, interruptions, and how sure the recogniser was.

Times come from the recording; where turns were typed and have none, a figure in seconds is not scored.
"""

from statistics import median, quantiles

from simpatient.grading import listen
from simpatient.model import Mark, Transcript, Turn

TYPED = "the turns have no times; they were typed"
OPENING_MS = 60_000
"""The first minute, in which taking the floor weighs most (domain 4.5)."""
LOW_WORD = 0.6
"""Word confidence below which a word is counted as unsure."""


def timed(transcript: Transcript) -> bool:
    return any(turn.utterance.end_ms > 0 for turn in transcript.turns)


def minutes(transcript: Transcript) -> float | None:
    """From the start of the audio to the end of the last answer; None where turns have no times."""
    if not timed(transcript):
        return None
    last = transcript.turns[-1]
    end = max(turn.utterance.end_ms for turn in transcript.turns) + round(1000 * spoken_s(last))
    return end / 60_000


def spoken_s(turn: Turn) -> float:
    """How long the patient spoke, by the voice's own rate."""
    return 60 * len(turn.reply.text.split()) / max(1, turn.reply.rate)


def talk_marks(transcript: Transcript) -> tuple[Mark, ...]:
    """Shares, lengths, pace, pauses and interruptions."""
    return (
        _share(transcript), *_lengths(transcript), _pace(transcript), *_floor(transcript), _latency(),
        _count(transcript, "useful silences", "GOOD_SILENCE"), _count(transcript, "dead air", "DEAD_AIR"),
        *_closed_runs(transcript),
    )  # fmt: skip


def confidence_marks(transcript: Transcript) -> tuple[Mark, ...]:
    """How sure the hearing was, which says how sure the other figures are."""
    spoken = [t.utterance for t in transcript.turns if t.utterance.words]
    unsure = [
        (t, d) for t in transcript.turns for d in listen.heard(t)
        if d.confidence < listen.SURE
    ]  # fmt: skip
    found = tuple(listen.by_code(t, d) for t, d in unsure)
    codes = Mark("codes heard unsurely", len(unsure), "to be looked at", found=found, group="confidence")
    if not spoken:
        why = "the turns were typed"
        names = ("recogniser's confidence", "words heard unsurely")
        return (*(Mark(name, None, not_scored=why, group="confidence") for name in names), codes)
    words = [w for u in spoken for w in u.words]
    mean = round(sum(u.confidence for u in spoken) / len(spoken), 2)
    low = round(100 * sum(w.confidence < LOW_WORD for w in words) / len(words))
    return (
        Mark("recogniser's confidence", mean, "0 to 1, uncalibrated", group="confidence"),
        Mark("words heard unsurely", low, "%", group="confidence"),
        codes,
    )


def _share(transcript: Transcript) -> Mark:
    turns = transcript.turns
    if timed(transcript):
        mine = sum(t.utterance.end_ms - t.utterance.start_ms for t in turns) / 1000
        other, unit = sum(map(spoken_s, turns)), "% of the time; .54 in good interviews, .61 in poor ones (AnnoMI)"
    else:
        mine = sum(len(t.utterance.text.split()) for t in turns)
        other, unit = sum(len(t.reply.text.split()) for t in turns), "% of the words"
    if not mine + other:
        return Mark("talk share", None, not_scored="nobody spoke", group="talk")
    return Mark("talk share", round(100 * mine / (mine + other)), unit, group="talk")


def _lengths(transcript: Transcript) -> list[Mark]:
    names = ("turn length, median", "turn length, 95th percentile", "longest turn", "longest turn in time")
    turns = [turn for turn in transcript.turns if turn.utterance.text]
    if not turns:
        return [Mark(name, None, not_scored="nothing was said", group="talk") for name in names]
    words = sorted(len(t.utterance.text.split()) for t in turns)
    longest = max(turns, key=lambda t: len(t.utterance.text.split()))
    found = listen.by_phrase(longest, 0, len(longest.utterance.text), "longest", "most words")
    marks = [
        Mark(names[0], round(median(words), 1), "words", group="talk"),
        Mark(names[1], round(percentile(words, 95), 1), "words", group="talk"),
        Mark(names[2], words[-1], "words", found=(found,), group="talk"),
    ]
    if not timed(transcript):
        return [*marks, Mark(names[3], None, not_scored=TYPED, group="talk")]
    seconds = max(t.utterance.end_ms - t.utterance.start_ms for t in turns) / 1000
    return [*marks, Mark(names[3], round(seconds, 1), "s", group="talk")]


def percentile(values: list[int], percent: int) -> float:
    """Of sorted values, linearly between neighbours; one value is its own percentile."""
    return quantiles(values, n=100, method="inclusive")[percent - 1] if len(values) > 1 else float(values[0])


def _pace(transcript: Transcript) -> Mark:
    spoken = [t.utterance for t in transcript.turns if t.utterance.end_ms > t.utterance.start_ms]
    seconds = sum(u.end_ms - u.start_ms for u in spoken) / 1000
    if not seconds:
        return Mark("pace", None, not_scored="the turns were typed", group="talk")
    words = sum(len(u.text.split()) for u in spoken)
    return Mark("pace", round(60 * words / seconds), "words a minute", group="talk")


def _floor(transcript: Transcript) -> list[Mark]:
    """Interruptions that took the floor; back-channels are none (domain 4.5)."""
    taken = [(t, d) for t in transcript.turns for d in listen.heard(t) if d.code == "INTERRUPT"]
    found = tuple(listen.by_code(t, d) for t, d in taken)
    names = ("interruptions in the first minute", "first interruption")
    marks = [Mark("interruptions", len(taken), "times", found=found, group="talk")]
    if not timed(transcript):
        return marks + [Mark(name, None, not_scored=TYPED, group="talk") for name in names]
    early = sum(t.utterance.start_ms < OPENING_MS for t, _ in taken)
    marks.append(Mark(names[0], early, "times", group="talk"))
    if not taken:
        return [*marks, Mark(names[1], None, not_scored="there was none", group="talk")]
    return [*marks, Mark(names[1], round(taken[0][0].utterance.start_ms / 1000, 1), "s", group="talk")]


def _latency() -> Mark:
    return Mark("reply latency", None, not_scored="the journal keeps no times of the patient's voice", group="talk")


def _count(transcript: Transcript, name: str, code: str) -> Mark:
    hits = [(t, d) for t in transcript.turns for d in t.detections if d.code == code]
    return Mark(name, len(hits), "times", found=tuple(listen.by_code(t, d) for t, d in hits), group="talk")


def _closed_runs(transcript: Transcript) -> list[Mark]:
    longest, run, ends = 0, 0, None
    for turn in transcript.turns:
        codes = {d.code for d in listen.heard(turn)}
        run = run + 1 if "CLOSEDQ" in codes and codes <= _ONLY_CLOSED else 0
        if run > longest:
            longest, ends = run, turn
    found = (listen.by_phrase(ends, 0, len(ends.utterance.text), "CLOSEDQ", f"{longest} in a row"),) if ends else ()
    chains = _count(transcript, "runs of closed questions", "Q_CHAIN")
    return [Mark("closed questions in a row", longest, "at most", found=found, group="talk"), chains]


_ONLY_CLOSED = frozenset({"CLOSEDQ", "Q_CHAIN", "INFO", "HARD_EARLY", "DOUBLE_Q"})
