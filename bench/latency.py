"""How soon the patient answers, and how often it cuts a learner off who was only pausing.

Usage: python bench/latency.py [--engines clinic pocketsphinx told] [--model DIR] [--only N]

Each of the turns in bench/pauses is heard once at the sound's own pace: the pace is counted, not waited for (what the
recogniser needs for a block delays what it says by so much). The floor, a pure value, is then led through what was
heard with every profile, with one made shorter or longer, and with a timer that only counts silence. `told` is a
recogniser that makes no mistake, 200 ms late.

Printed: the median delay from the last sound of the turn to the decision, its 95th percentile, and the part of turns in
which the patient would have begun inside the pause or later inside the turn; the curve; a histogram of the gaps beside
human ones (mean 208 ms, Stivers et al. 2009, PNAS 106:10587). The patient's own hesitation is no part of it.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE / "pauses")]
from make import Paused, parts, paused  # noqa: E402

from simpatient.ports import RATE, Segment  # noqa: E402
from simpatient.ports.activity import VoiceActivity  # noqa: E402
from simpatient.session.completeness import READINGS, Waits, turntaking  # noqa: E402
from simpatient.session.floor import TICK_MS, Floor, Tick, waits  # noqa: E402

LEAD_MS, TAIL_MS = 400, 3_000
SIZE = RATE * TICK_MS // 1000
HUMAN_MS = 208
NOISE_DB = -65
"""Of the room, below full scale."""


@dataclass(frozen=True)
class Trace:
    """One turn as it was heard."""

    turn: Paused
    ticks: tuple[Tick, ...]
    ends_ms: int
    """Of the turn's last sound."""
    final_ms: float
    """What the recogniser's last pass takes at the end of the turn."""
    courses: dict


def sound(turn: Paused) -> tuple[bytes, int]:
    """The turn in a quiet room, and where it ends."""
    first, second = parts(turn.file)
    gaps = (LEAD_MS, turn.pause_ms, TAIL_MS)
    lead, pause, tail = (numpy.zeros(ms * RATE // 1000, numpy.int16) for ms in gaps)
    whole = numpy.concatenate([lead, first, pause, second, tail]).astype(float)
    whole += numpy.random.default_rng(1).standard_normal(len(whole)) * 32768 * 10 ** (NOISE_DB / 20)
    ends_ms = (len(whole) - len(tail)) * 1000 // RATE
    return whole.clip(-32768, 32767).astype("<i2").tobytes(), ends_ms


def blocks(data: bytes) -> Iterator[bytes]:
    yield from (data[at : at + 2 * SIZE] for at in range(0, len(data) - 2 * SIZE + 1, 2 * SIZE))


def traced(turn: Paused, ears) -> Trace:
    """Heard at its own pace: an answer comes when the blocks before it and its own have been worked through."""
    data, ends_ms = sound(turn)
    activity = VoiceActivity()
    voices, coming = [], []
    free_ms = 0.0
    for n, block in enumerate(blocks(data), 1):
        voices.append(activity.voice(block))
        begun = time.process_time()
        heard = list(ears.hear(block))
        free_ms = max(free_ms, n * TICK_MS) + 1000 * (time.process_time() - begun)
        coming += [(free_ms, h) for h in heard]
    begun = time.process_time()
    rest = list(ears.finish())
    final_ms = 1000 * (time.process_time() - begun)
    coming += [(free_ms, h) for h in rest]
    return Trace(turn, ticks(voices, coming), ends_ms, final_ms, {})


def ticks(voices, coming) -> tuple[Tick, ...]:
    found = []
    for n, voice in enumerate(voices, 1):
        partial, words = None, ()
        while coming and coming[0][0] <= n * TICK_MS:
            _, heard = coming.pop(0)
            if isinstance(heard, Segment):
                partial, words = "", words + heard.words
            else:
                partial = heard.text
        found.append(Tick(voice, partial, words))
    return tuple(found)


class Told:
    """Obeys Ears: the words themselves, evenly spread over each part, 200 ms late."""

    def __init__(self, turn: Paused) -> None:
        first, second = parts(turn.file)
        at = LEAD_MS
        self._at = 0
        self._due: list[tuple[float, str]] = []
        for text, part, gap in ((turn.first, first, turn.pause_ms), (turn.second, second, 0)):
            length = len(part) * 1000 // RATE
            spoken = ["".join(c for c in w.lower() if c.isalnum() or c in "'-") for w in text.split()]
            spoken = [w for w in spoken if w.strip("-'")]
            self._due += [(at + length * (i + 1) / len(spoken) + 200, w) for i, w in enumerate(spoken)]
            at += length + gap
        self._said: list[str] = []

    def hear(self, block: bytes):
        from simpatient.ports import Partial

        self._at += TICK_MS
        new = [w for due, w in self._due if due <= self._at]
        if len(new) > len(self._said):
            self._said = new
            yield Partial(" ".join(new))

    def finish(self):
        return iter(())


def course(trace: Trace) -> tuple[numpy.ndarray, numpy.ndarray]:
    """At every tick how long it has been quiet, and what the words so far were read as; -1 before any.

    The floor that never gives up waiting: whatever a profile would decide can be read off.
    """
    never = 10**9
    floor = Floor(Waits(never, never, never, never))
    quiet, read = [], []
    for tick in trace.ticks:
        floor, _ = floor.step(tick)
        quiet.append(floor.quiet_ms)
        read.append(READINGS.index(floor.read) if floor.text else -1)
    return numpy.array(quiet), numpy.array(read)


def decided(trace: Trace, held: Waits) -> tuple[int | None, bool]:
    """(milliseconds from the end of the turn to the decision, whether the patient cut in before)."""
    if trace.turn.file not in trace.courses:
        trace.courses[trace.turn.file] = course(trace)
    quiet, read = trace.courses[trace.turn.file]
    limits = numpy.array([*(held.after(r) for r in READINGS), 10**9])
    over = numpy.flatnonzero(quiet >= limits[read])
    at = (over + 1) * TICK_MS - trace.ends_ms
    return (int(at[at >= 0][0]) if (at >= 0).any() else None), bool((at < 0).any())


def scaled(held: Waits, by: float) -> Waits:
    return Waits(*(round(by * ms) for ms in (held.question, held.statement, held.lead, held.open)))


def row(traces, held: Waits) -> tuple[float, float, float]:
    """(median, 95th percentile, part cut off)."""
    found = [decided(trace, held) for trace in traces]
    delays = [TAIL_MS if delay is None else delay for delay, _ in found]
    return (*numpy.percentile(delays, [50, 95]), float(numpy.mean([cut for _, cut in found])))


def timer_at(traces, cut_off: float) -> float:
    """Milliseconds of a timer that cuts off no more often."""
    for ms in range(200, 2_001, 20):
        if row(traces, Waits(ms, ms, ms, ms))[2] <= cut_off:
            return row(traces, Waits(ms, ms, ms, ms))[0]
    return float("inf")


def report(name: str, traces) -> None:
    print(f"\n## {name}: {len(traces)} turns, {sum(t.turn.complete for t in traces)} complete before their pause")
    last = [t.final_ms for t in traces]
    print(
        f"last pass at the end of a turn: median {numpy.median(last):.0f} ms, 95th {numpy.percentile(last, 95):.0f} ms"
    )
    print("profile   median   95th  cut off   complete/unfinished   a silence timer that cuts off as rarely: median")
    for profile in turntaking().profiles:
        held = waits(profile)
        median, late, cut = row(traces, held)
        of = [row([t for t in traces if t.turn.complete is c], held)[2] for c in (True, False)]
        timer = timer_at(traces, cut)
        print(f"{profile:8} {median:6.0f} {late:6.0f}  {cut:7.1%}   {of[0]:7.1%} / {of[1]:.1%}   {timer:18.0f}")
    print("the curve (normal, made shorter or longer):  median : cut off : a timer's cut-offs at the same median")
    for by in (0.3, 0.5, 0.7, 0.85, 1.0, 1.15, 1.3, 1.5):
        median, _, cut = row(traces, scaled(waits("normal"), by))
        beside = min((row(traces, Waits(m, m, m, m)) for m in range(200, 2_001, 20)), key=lambda r: abs(r[0] - median))
        print(f"  x{by:<5} {median:5.0f} ms   {cut:6.1%}   {beside[2]:6.1%}")
    delays = [decided(trace, waits("normal"))[0] or TAIL_MS for trace in traces]
    print(f"gaps with normal (human mean {HUMAN_MS} ms):")
    for low in range(0, 2_000, 200):
        count = sum(low <= d < low + 200 for d in delays)
        print(f"  {low:4}-{low + 200:<4} {'#' * count}{'   <- human mean' if low <= HUMAN_MS < low + 200 else ''}")


def ears_of(engine: str, model: str | None):
    """A function that gives ears for one turn."""
    if engine == "told":
        return Told
    if engine == "pocketsphinx":
        from simpatient.ports.sphinx import _decoder, voice_detector
        from simpatient.ports.sphinx_ears import FRAME_MS, Ears

        lasting = _decoder()
        ears = Ears(lasting, voice_detector(FRAME_MS), live=True)
        for block in blocks(sound(paused()[0])[0]):  # the first sentence is another matter: voice and room are unknown
            list(ears.hear(block))
        list(ears.finish())
        return lambda turn: ears
    from simpatient.ports.hearing import choose

    recogniser = choose(model or engine, {}, None, live=True)
    return lambda turn: recogniser.ears()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engines", nargs="+", default=["told", "clinic", "pocketsphinx"])
    parser.add_argument("--model", help="A Vosk model folder, instead of the clinic model.")
    parser.add_argument("--only", type=int, help="So many turns.")
    wanted = parser.parse_args()
    turns = paused()[: wanted.only]
    for engine in wanted.engines:
        ears = ears_of(engine, wanted.model)
        report(engine, [traced(turn, ears(turn)) for turn in turns])


if __name__ == "__main__":
    main()
