"""Keeps the corpus apart from the held-out lines: `python training/apart.py [--drop]`.

A training line within normalised edit distance .3 of a held-out line, or within cosine .92 of one in the untrained
encoder, is printed; with --drop it is taken out of its file.
"""

import sys
from pathlib import Path

import numpy
import torch
import yaml
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist
from transformers import AutoModel, AutoTokenizer

ROOT = Path(__file__).parent
sys.path.insert(0, str(ROOT.parent))

from bench.detect import held_out  # noqa: E402
from simpatient.detect.semantic import spoken_words  # noqa: E402
from training.train import base_model  # noqa: E402

EDITS, COSINE = 0.3, 0.92


def plain(text):
    return " ".join(word for word, _, _ in spoken_words(text))


def embedded(texts):
    """Unit vectors of the untrained encoder, mean pooled."""
    folder = base_model()
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder, add_pooling_layer=False)
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    found = numpy.zeros((len(texts), 384), numpy.float32)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for i in range(0, len(order), 64):
            those = order[i : i + 64]
            here = [texts[j] for j in those]
            batch = tokenizer(here, padding=True, truncation=True, max_length=96, return_tensors="pt")
            hidden = model(**batch)[0].float()
            weight = batch["attention_mask"].unsqueeze(-1).float()
            pooled = torch.nn.functional.normalize((hidden * weight).sum(1) / weight.sum(1), dim=1)
            found[those] = pooled.numpy()
    return found


def main(argv):
    tests = [plain(text) for _, says, near in held_out() for text, _ in says + near]
    files = sorted((ROOT / "corpus").glob("*.yaml"))
    lines = [(file, line["text"]) for file in files for line in yaml.safe_load(file.read_text("utf-8"))["lines"]]
    texts = [plain(text) for _, text in lines]
    edits = cdist(texts, tests, scorer=Levenshtein.normalized_distance, score_cutoff=EDITS, workers=2).min(1) < EDITS
    near = (embedded(texts) @ embedded(tests).T).max(1) >= COSINE
    close = {lines[i] for i in numpy.flatnonzero(edits | near)}
    for file, text in sorted(close):
        print(f"{file.name}: {text}")
    print(f"{len(close)} of {len(lines)} lines are too near one of {len(tests)} held-out lines")
    if "--drop" in argv:
        for file in {file for file, _ in close}:
            kept = [row for row in file.read_text("utf-8").splitlines(True) if (file, told(row)) not in close]
            file.write_text("".join(kept), "utf-8")
    sys.exit(1 if close else 0)


def told(row):
    """The text of one row of a corpus file, which stands on one row."""
    return yaml.safe_load(row.strip()[2:])["text"] if row.startswith("  - ") else ""


if __name__ == "__main__":
    main(sys.argv[1:])
