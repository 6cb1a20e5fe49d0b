"""Turns of every person as canonical JSON, by cues alone, to compare between Pythons; see another_python.mjs."""

from simpatient import places
from simpatient.detect.detector import Detector
from simpatient.model import Utterance
from simpatient.patient.engine import Engine
from simpatient.persona.load import load_patient
from simpatient.session.records import canonical, of_decision

LINES = [
    "so what's the problem then", "what would make this visit worth your while", "that sounds really hard for you",
    "how would you like things to be at home", "so if it got calmer would that help", "how are you sleeping",
    "have you thought of ending your life", "we could try a low dose of an antidepressant", "is it a deal", "goodbye",
]  # fmt: skip


def main():
    detector = Detector(semantic=None)
    for name in places.shipped():
        patient = load_patient(places.persona(name), detector.pack.codes(), detector.pack.topics)
        for seed in range(5):
            engine = Engine(patient, detector, seed, seed + 1)
            _, now = engine.open()
            for line in LINES:
                turn, now = engine.hear(now, Utterance(line))
                print(canonical({"persona": name, "seed": seed, **of_decision(turn)}))
                if turn.ended:
                    break


if __name__ == "__main__":
    main()
