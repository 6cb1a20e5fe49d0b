"""Builds the language model of the clinic for pocketsphinx: `python training/clinic_lm.py`.

A trigram model of what learners say (training/corpus, the packs' examples) and patients talk about (their topics) is
interpolated, n-gram by n-gram, with pocketsphinx's general English one, pruned to what matters (Stolcke 1998) and
written, with pronunciations of words that cmudict lacks, to simpatient/ports/sphinx_en/. About a minute, 1 GB.

No line under tests/ is read. `python bench/hearing.py` measures what it is worth.
"""

import argparse
import struct
from collections import Counter
from pathlib import Path

import numpy
import pocketsphinx
import yaml

from simpatient.detect.pack import load_pack
from simpatient.detect.semantic import spoken_words

ROOT = Path(__file__).parent
OUT = ROOT.parent / "simpatient" / "ports" / "sphinx_en"
MODEL = Path(pocketsphinx.get_model_path()) / "en-us"
PERSONAS = ROOT.parent / "personas"
CLINIC = 0.6
"""Weight of the clinic's model, from a few sentences of the corpus that were held out."""
GENERAL_WORDS = 20_000
"""Most frequent words of general English that are kept beside those of the clinic."""
THETA = 5e-8
"""An n-gram goes when the model's entropy hardly rises without it."""
START, END = "<s>", "</s>"
DISCOUNTS = (0.5, 0.7, 0.8)
"""Absolute discounts of uni-, bi- and trigrams; close to the estimates of Kneser and Ney on this corpus."""


def sentences():
    """Words of every learner line and of every topic of a patient."""
    for file in sorted((ROOT / "corpus").glob("*.yaml")):
        for line in yaml.safe_load(file.read_text("utf-8"))["lines"]:
            yield words(line["text"])
            if line.get("after"):
                yield words(line["after"])
    for rule in load_pack().rules:
        for text in (*rule.technique.says, *rule.technique.near):
            yield words(text)
    for file in sorted(PERSONAS.glob("*/topics.yaml")):
        for text in texts(yaml.safe_load(file.read_text("utf-8"))):
            yield words(text)


def texts(data):
    """Every longer string in a data file."""
    if isinstance(data, str):
        if data.count(" ") > 2:
            yield data
    elif isinstance(data, dict | list):
        for value in data.values() if isinstance(data, dict) else data:
            yield from texts(value)


def words(text):
    return [word for word, _, _ in spoken_words(text)]


def spelt(word, known):
    """A word as the dictionary has it: "dont" is "don't"."""
    if word in known:
        return word
    tries = (f"{word[:-n]}'{word[-n:]}" for n in (1, 2))
    return next((found for found in tries if found in known), word)


def dictionary():
    """The words that have a pronunciation: cmudict's, and our own."""
    own = (OUT / "words.dict").read_text("utf-8").splitlines()
    lines = (MODEL / "cmudict-en-us.dict").read_text("utf-8").splitlines() + own
    return {line.split()[0].split("(")[0] for line in lines if line.strip()}


class General:
    """pocketsphinx's trie of en-us, read into arrays: word ids, log10 probabilities and back-off weights."""

    def __init__(self, file):
        data = file.read_bytes()
        assert data[:19] == b"Trie Language Model" and data[19] == 3, f"{file}: another format than expected"
        n1, n2, n3 = struct.unpack_from("<3I", data, 20)
        assert struct.unpack_from("<I", data, 32)[0] == 1, f"{file}: not quantised in 16 bits"
        tables = numpy.frombuffer(data, "<f4", 3 << 16, 36).reshape(3, 1 << 16)
        at = 36 + tables.nbytes
        unigrams = numpy.frombuffer(data, [("p", "<f4"), ("bow", "<f4"), ("next", "<u4")], n1 + 1, at)
        at += unigrams.nbytes
        wide, deep = n1.bit_length(), n3.bit_length()
        bits = wide + 32 + deep
        pairs = Bits(data, at, bits)
        at += ((1 + n2) * bits + 7) // 8 + 8
        triples = Bits(data, at, wide + 16)
        at += ((1 + n3) * (wide + 16) + 7) // 8 + 8
        self.words = data[at + 4 :].split(b"\0")[:n1]
        self.words = [word.decode() for word in self.words]
        scale = numpy.log10(1.0001)  # sphinx counts in powers of 1.0001
        self.p1, self.bow1 = unigrams["p"][:n1] * scale, unigrams["bow"][:n1] * scale
        last = numpy.repeat(numpy.arange(n1), numpy.diff(unigrams["next"].astype(numpy.int64)))
        rows = numpy.arange(len(last))
        self.pair = numpy.stack([pairs.field(rows, 0, wide), last], 1)
        self.bow2 = tables[1][pairs.field(rows, wide, 16)] * scale
        self.p2 = tables[0][pairs.field(rows, wide + 16, 16)] * scale
        starts = pairs.field(numpy.arange(len(last) + 1), wide + 32, deep)
        owner = numpy.repeat(rows, numpy.diff(starts))
        rows = numpy.arange(len(owner))
        self.triple = numpy.stack([triples.field(rows, 0, wide), *self.pair[owner].T], 1)
        self.p3 = tables[2][triples.field(rows, wide, 16)] * scale


class Bits:
    """Fields of a packed array of entries, each `bits` wide."""

    def __init__(self, data, at, bits):
        self._bytes = numpy.frombuffer(data, numpy.uint8)
        self._at, self._bits = at, bits

    def field(self, rows, offset, wide):
        """`wide` bits, at most 25, of each row, behind `offset` bits."""
        place = rows.astype(numpy.int64) * self._bits + offset
        start = self._at + (place >> 3)
        value = sum(self._bytes[start + i].astype(numpy.int64) << (8 * i) for i in range(5))
        return (value >> (place & 7)) & ((1 << wide) - 1)


class Grams:
    """n-grams of one order over a common vocabulary, sorted, so that many are looked up at once."""

    def __init__(self, ids, size):
        """`ids` (n, order), without repetition; `size` words."""
        self.size = size
        keys = self.key(ids)
        order = numpy.argsort(keys)
        self.keys, self.ids = keys[order], ids[order]
        self.order = order

    def key(self, ids):
        total = numpy.zeros(len(ids), numpy.int64)
        for column in ids.T:
            total = total * self.size + column
        return total

    def find(self, ids):
        """(rows, found): where each n-gram stands."""
        keys = self.key(ids)
        rows = numpy.searchsorted(self.keys, keys).clip(0, len(self.keys) - 1)
        return rows, self.keys[rows] == keys


class Backoff:
    """A back-off trigram model over `size` words: natural probabilities, back-off weights."""

    def __init__(self, p1, bow1, grams2, p2, bow2, grams3, p3):
        self.p1, self.bow1, self.g2, self.p2, self.bow2, self.g3, self.p3 = p1, bow1, grams2, p2, bow2, grams3, p3

    def two(self, ids):
        """P(w|v) of each (v, w)."""
        rows, there = self.g2.find(ids)
        return numpy.where(there, self.p2[rows], self.bow1[ids[:, 0]] * self.p1[ids[:, 1]])

    def three(self, ids):
        """P(w|u v) of each (u, v, w)."""
        rows, there = self.g3.find(ids)
        below = self.two(ids[:, 1:])
        histories, known = self.g2.find(ids[:, :2])
        weight = numpy.where(known, self.bow2[histories], 1.0)
        return numpy.where(there, self.p3[rows], weight * below)


def general_over(general, names):
    """The general model over the words `names`, its probabilities spread over them alone."""
    at = {word: i for i, word in enumerate(names)}
    new = numpy.array([at.get(word, -1) for word in general.words])
    size = len(names)
    p1, bow1 = numpy.full(size, 1e-9), numpy.ones(size)
    kept = new >= 0
    p1[new[kept]], bow1[new[kept]] = 10 ** general.p1[kept], 10 ** general.bow1[kept]
    p1[at[START]] = 1e-12
    p1 /= p1.sum()
    two, three = new[general.pair], new[general.triple]
    in2, in3 = (two >= 0).all(1), (three >= 0).all(1)
    g2, g3 = Grams(two[in2], size), Grams(three[in3], size)
    model = Backoff(p1, bow1, g2, 10 ** general.p2[in2][g2.order], 10 ** general.bow2[in2][g2.order], g3,
                    10 ** general.p3[in3][g3.order])  # fmt: skip
    return weighted(model)


def weighted(model):
    """The model with the back-off weights that make every history's probabilities sum to one."""
    g2, g3 = model.g2, model.g3
    seen, below = numpy.zeros(g2.size), numpy.zeros(g2.size)
    numpy.add.at(seen, g2.ids[:, 0], model.p2)
    numpy.add.at(below, g2.ids[:, 0], model.p1[g2.ids[:, 1]])
    model.bow1 = left(seen, below)
    histories, _ = g2.find(g3.ids[:, :2])
    seen, below = numpy.zeros(len(g2.keys)), numpy.zeros(len(g2.keys))
    numpy.add.at(seen, histories, model.p3)
    numpy.add.at(below, histories, model.two(g3.ids[:, 1:]))
    model.bow2 = left(seen, below)
    return model


def left(seen, below):
    return (1 - seen).clip(1e-6) / (1 - below).clip(1e-6)


def clinic_over(lines, names):
    """Interpolated Kneser-Ney of the sentences, absolute discounts, as a back-off model."""
    at = {word: i for i, word in enumerate(names)}
    size = len(names)
    counts = Counter()
    for line in lines:
        ids = [at[START], *(at[w] for w in line if w in at), at[END]]
        counts.update(zip([at[START], *ids], ids, ids[1:], strict=False))
    three = numpy.array(list(counts), numpy.int64)
    n3 = numpy.array(list(counts.values()), float)
    pairs = Counter((v, w) for _, v, w in counts)
    two, n2 = numpy.array(list(pairs), numpy.int64), numpy.array(list(pairs.values()), float)
    firsts = Counter()
    for (u, v, w), n in counts.items():
        if u == at[START] and v == at[START]:
            firsts[v, w] += n
    for i, (v, w) in enumerate(two):
        n2[i] = firsts.get((v, w), n2[i])
    n1 = numpy.zeros(size)
    numpy.add.at(n1, two[:, 1], 1)
    d1, d2, d3 = DISCOUNTS
    p1 = (n1 - d1).clip(0) / n1.sum() + d1 * (n1 > 0).sum() / n1.sum() / size
    g2 = Grams(two, size)
    n2 = n2[g2.order]
    total, kinds = numpy.zeros(size), numpy.zeros(size)
    numpy.add.at(total, g2.ids[:, 0], n2)
    numpy.add.at(kinds, g2.ids[:, 0], 1)
    v = g2.ids[:, 0]
    p2 = (n2 - d2).clip(0) / total[v] + d2 * kinds[v] / total[v] * p1[g2.ids[:, 1]]
    model = Backoff(p1, numpy.ones(size), g2, p2, numpy.ones(len(p2)), Grams(numpy.zeros((0, 3), numpy.int64), size),
                    numpy.zeros(0))  # fmt: skip
    real = ~((three[:, 0] == at[START]) & (three[:, 1] == at[START]))
    three, n3 = three[real], n3[real]
    g3 = Grams(three, size)
    n3 = n3[g3.order]
    model = weighted(model)
    histories, _ = g2.find(g3.ids[:, :2])
    total, kinds = numpy.zeros(len(g2.keys)), numpy.zeros(len(g2.keys))
    numpy.add.at(total, histories, n3)
    numpy.add.at(kinds, histories, 1)
    p3 = (n3 - d3).clip(0) / total[histories] + d3 * kinds[histories] / total[histories] * model.two(g3.ids[:, 1:])
    model.g3, model.p3 = g3, p3
    return weighted(model)


def mixed(a, b, share):
    """share·a + (1 − share)·b over the n-grams of both."""
    size = a.g2.size
    two = numpy.unique(numpy.concatenate([a.g2.ids, b.g2.ids]), axis=0)
    three = numpy.unique(numpy.concatenate([a.g3.ids, b.g3.ids]), axis=0)
    g2, g3 = Grams(two, size), Grams(three, size)
    p1 = share * a.p1 + (1 - share) * b.p1
    p2 = share * a.two(g2.ids) + (1 - share) * b.two(g2.ids)
    p3 = share * a.three(g3.ids) + (1 - share) * b.three(g3.ids)
    return weighted(Backoff(p1, numpy.ones(size), g2, p2, numpy.ones(len(p2)), g3, p3))


def pruned(model, theta):
    """Without the n-grams whose loss hardly raises the entropy (Stolcke 1998, without the change of the weights)."""
    g2, g3 = model.g2, model.g3
    at2, _ = g2.find(g3.ids[:, :2])
    history = model.p1[g2.ids[:, 0]] * model.p2
    fallen = model.bow2[at2] * model.two(g3.ids[:, 1:])
    keep3 = history[at2] * model.p3 * numpy.log(model.p3 / fallen).clip(0) > theta
    fallen = model.bow1[g2.ids[:, 0]] * model.p1[g2.ids[:, 1]]
    keep2 = history * numpy.log(model.p2 / fallen).clip(0) > theta
    needed, there = g2.find(g3.ids[keep3][:, :2])
    keep2[needed] = True
    needed, there = g2.find(g3.ids[keep3][:, 1:])
    keep2[needed[there]] = True
    n2, n3 = Grams(g2.ids[keep2], g2.size), Grams(g3.ids[keep3], g3.size)
    return weighted(
        Backoff(model.p1, model.bow1, n2, model.p2[keep2][n2.order], model.bow2[keep2][n2.order], n3,
                model.p3[keep3][n3.order])
    )  # fmt: skip


def write_arpa(model, names, file):
    """The standard text form."""
    log = lambda p: numpy.log10(p.clip(1e-20))  # noqa: E731
    with file.open("w", encoding="utf-8") as out:
        out.write(f"\\data\\\nngram 1={len(names)}\nngram 2={len(model.p2)}\nngram 3={len(model.p3)}\n\n\\1-grams:\n")
        for word, p, bow in zip(names, log(model.p1), log(model.bow1), strict=True):
            out.write(f"{-99.0 if word == START else p:.4f} {word} {bow:.4f}\n")
        out.write("\n\\2-grams:\n")
        for (v, w), p, bow in zip(model.g2.ids, log(model.p2), log(model.bow2), strict=True):
            out.write(f"{p:.4f} {names[v]} {names[w]} {bow:.4f}\n")
        out.write("\n\\3-grams:\n")
        for (u, v, w), p in zip(model.g3.ids, log(model.p3), strict=True):
            out.write(f"{p:.4f} {names[u]} {names[v]} {names[w]}\n")
        out.write("\n\\end\\\n")


def perplexity(model, lines, names):
    at = {word: i for i, word in enumerate(names)}
    triples = []
    for line in lines:
        ids = [at[START], *(at[w] for w in line if w in at), at[END]]
        triples += [(ids[i - 2] if i > 1 else at[START], ids[i - 1], ids[i]) for i in range(1, len(ids))]
    return float(numpy.exp(-numpy.log(model.three(numpy.array(triples))).mean()))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--share", type=float, default=CLINIC)
    parser.add_argument("--theta", type=float, default=THETA)
    parser.add_argument("--tune", action="store_true", help="print the perplexity of held-out lines over the share")
    asked = parser.parse_args()
    known = dictionary()
    lines = [[spelt(word, known) for word in line] for line in sentences() if line]
    held = lines[::50] if asked.tune else []
    lines = [line for i, line in enumerate(lines) if i % 50 or not asked.tune]
    general = General(MODEL / "en-us.lm.bin")
    counts = Counter(word for line in lines for word in line)
    top = numpy.argsort(-general.p1)[:GENERAL_WORDS]
    frequent = {general.words[i] for i in top}
    names = sorted({word for word in counts if word in known} | {w for w in frequent if w in known} | {START, END})
    a, b = clinic_over(lines, names), general_over(general, names)
    print(f"{len(lines)} lines, {sum(counts.values())} words; {len(names)} words in the model")
    if asked.tune:
        print(f"clinic alone {perplexity(a, held, names):.0f}, general alone {perplexity(b, held, names):.0f}")
        for share in (0.3, 0.5, 0.7, 0.8, 0.9):
            print(share, f"{perplexity(mixed(a, b, share), held, names):.0f}")
        return
    model = pruned(mixed(a, b, asked.share), asked.theta)
    arpa = OUT / "clinic.arpa"
    write_arpa(model, names, arpa)
    pocketsphinx.NGramModel.readfile(str(arpa)).write(str(OUT / "clinic.lm.bin"))
    arpa.unlink()
    size = (OUT / "clinic.lm.bin").stat().st_size
    print(f"{len(model.p2)} bigrams, {len(model.p3)} trigrams, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
