"""What a turn of the patient costs, detection apart, and whether memory stays flat. `python bench/engine.py`."""

import time
import tracemalloc
from statistics import median

from simpatient import places
from simpatient.model import Utterance
from simpatient.patient.engine import Engine
from simpatient.persona.load import load_patient
from tests.learners import Remembering, sentences

TURNS = 10_000


def main():
    detector = Remembering()
    pack = detector.pack
    loads = []
    for name in places.shipped():
        began = time.perf_counter()
        load_patient(places.persona(name), pack.codes(), pack.topics)
        loads.append((1000 * (time.perf_counter() - began), name))
    slowest, who = max(loads)
    print(f"loading a persona: median {median(t for t, _ in loads):.0f} ms, slowest {slowest:.0f} ms ({who})")
    engine = Engine(load_patient(places.persona("teen"), pack.codes(), pack.topics), detector)
    lines = [text for code, texts in sorted(sentences().items()) for text in texts[:8]]
    spent, sizes = [], []
    _, now = engine.open()
    for i in range(TURNS):
        if i == TURNS // 20:
            tracemalloc.start()
        said = Utterance(lines[i % len(lines)])
        detector.hear(said.text, now.memory.said.text)  # so that what follows is the engine alone
        began = time.perf_counter()
        _, now = engine.hear(now, said)
        if not tracemalloc.is_tracing():  # which slows what it watches
            spent.append(1000 * (time.perf_counter() - began))
        if now.ended or now.memory.turn >= 60:
            _, now = engine.open()
        if i in (TURNS // 10, TURNS - 1):
            detector.hear.cache_clear()
            sizes.append(tracemalloc.get_traced_memory()[0] / 1e6)
    spent.sort()
    print(f"a turn of the engine: median {median(spent):.2f} ms, 99 % {spent[len(spent) * 99 // 100]:.2f} ms")
    print(f"memory after {TURNS // 10} and {TURNS} turns: {sizes[0]:.1f} and {sizes[1]:.1f} MB")


if __name__ == "__main__":
    main()
