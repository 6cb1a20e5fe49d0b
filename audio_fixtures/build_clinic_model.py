"""Builds the clinic model, a small Vosk model that hears our own clinician sentences.

Usage: python audio_fixtures/build_clinic_model.py

Reads `clinic_text/*.txt` beside this file (one sentence a line, lower case, no punctuation) and writes
`simpatient/_clinic/`. Needs pocketsphinx (for its acoustic model), numpy and pynini; takes some seconds. The same text
gives the same bytes.

No training is involved. The CMUSphinx en-us model ties 128 diagonal Gaussians per phone and feature stream (cepstra,
deltas, delta-deltas) and gives each of the three senones (HMM states) of a phone a vector of mixture weights. That
computation is written down *exactly* as a Kaldi nnet3 network:

    MFCC -> deltas -> [x, x^2] -> affine = log N(x) of all Gaussians -> softmax (shared normaliser)
         -> per phone, affine with the mixture weights -> log (NormalizeComponent, block-dim 1, add-log-stddev)
         -> sum over the three streams = senone log-likelihood per 10 ms frame (up to a constant)
         -> scores of the 30 ms steps that Vosk expects, see STEPS.

Only context-independent phones are used. The decoding graph is a static HCLG: a trigram language model of the text, and
pocketsphinx's copy of CMUdict.
"""

import math
import re
import struct
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pocketsphinx
import pywrapfst as fst

HERE = Path(__file__).resolve().parent
TEXT = HERE / "clinic_text"
MODEL = HERE.parent / "simpatient" / "_clinic"
LIMIT = 5_000_000
"""Bytes of the largest model that may be shipped."""

STREAMS, CEPSTRA, DENSITIES, SENONES = 3, 13, 128, 3
MIN_VARIANCE, MIN_WEIGHT = 1e-4, 1e-7
"""The floors that pocketsphinx applies on loading."""
POSTERIOR_FLOOR = 1e-9

SILENCES = {"SIL": "SIL", "NSN": "+NSN+"}
"""Kaldi's phones 1 and 2, and their names in Sphinx."""
POSITIONS = {"I": "internal", "B": "begin", "E": "end", "S": "singleton"}

STEPS = [("aab", "abb", "aaa"), ("aaa", "bbb", "ccc"), ("bcc", "bbc", "ccc"), ("abc", "abc", "abc")]
"""The four kinds of 30 ms step of a phone with the senones a, b, c: it starts, goes on, ends, or is only this step.

A step's score is the best of three ways to give its three frames to the senones.
"""
TOPOLOGY = [(0, 1, (0, 1, 2)), (2, 2, (3,)), (3, 3, (3,))]
"""Kaldi states of a phone: (forward step, self-loop step, target states); state 3 is final.

Decoding takes the paths 0 1 and 2; the arc 0 -> 2 only satisfies Kaldi's check that every state can be entered.
"""
STARTS, GOES_ON, ENDS, ONLY = 2, 1, 4, 5
"""Transition ids of the first phone for the four kinds of step; each further phone adds TRANSITIONS."""
TRANSITIONS = sum(len(targets) for _, _, targets in TOPOLOGY)

SHORT_COST, LOOP_COST = 0.2, 0.05
"""Graph costs of a one-step phone, and of every further step of a longer one."""
PAUSE_PROBABILITY = 0.5
"""Of a pause before the first and after every word."""
ORDER = 3
"""Words of the longest n-gram in the language model."""
DISCOUNT = 0.4
"""Taken from each n-gram count for words not seen in that place."""
DISAMBIGUATION = 1_000_000
"""Input labels from here on only keep the graph deterministic while it is made: back-off, new sentence, homophones."""
BACKOFF, NEXT = "#0", "#1"
"""What the language model reads when it backs off, and when the speaker goes on with another sentence."""

MFCC_CONF = """\
--use-energy=false
--sample-frequency=16000
--num-mel-bins=25
--num-ceps=13
--low-freq=130
--high-freq=6800
--frame-length=25.625
--window-type=hamming
--cepstral-lifter=22
--remove-dc-offset=false
--dither=2.0
"""
MODEL_CONF = """\
--min-active=200
--max-active=3000
--beam=13.0
--lattice-beam=5.0
--acoustic-scale=0.15
--frame-subsampling-factor=3
--endpoint.silence-phones=1:2
--endpoint.rule2.min-trailing-silence=0.5
--endpoint.rule3.min-trailing-silence=0.75
--endpoint.rule4.min-trailing-silence=1.0
"""
CMVN_MEAN = [85.5, -1.5, 6.0, 24.2, -3.8, -1.3, 1.3, -10.3, -0.9, -5.4, 6.7, -0.3, 1.8]
"""Mean cepstrum of speech at a usual level, from which Vosk's running mean subtraction starts."""
CMVN_COUNT = 1000
"""Frames that this mean weighs."""

NOTICE = """\
The clinic model hears the clinician sentences of simpatient's demo and tests. It is not for live learners.

Acoustic model (am/, conf/): derived from the CMUSphinx US English model en-us, Copyright (c) 1999-2016 Carnegie Mellon
University, BSD licence, as bundled with the PyPI package pocketsphinx; converted, not trained.
Pronunciations (in graph/): CMUdict, Copyright (c) 1993-2015 Carnegie Mellon University, BSD licence, same package.
Language model (in graph/): from simpatient's own sentences, audio_fixtures/clinic_text (MIT).

The BSD licence of both: redistribution and use in source and binary forms, with or without modification, are permitted
provided that redistributions of source code retain, and redistributions in binary form reproduce, the above copyright
notice, this list of conditions and the following disclaimer in the documentation and/or other materials provided with
the distribution.
THIS SOFTWARE IS PROVIDED BY CARNEGIE MELLON UNIVERSITY ``AS IS'' AND ANY EXPRESSED OR IMPLIED WARRANTIES, INCLUDING,
BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO
EVENT SHALL CARNEGIE MELLON UNIVERSITY NOR ITS EMPLOYEES BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL,
EXEMPLARY, OR CONSEQUENTIAL DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF
USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT,
STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE OF THIS SOFTWARE, EVEN
IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.

Made by audio_fixtures/build_clinic_model.py.
"""

Floats = np.ndarray[Any, np.dtype[np.float32]]
Dictionary = dict[str, list[tuple[str, ...]]]
History = tuple[str, ...]


class BuildError(Exception):
    """The text cannot become a model; one line says why."""


# ---------------------------------------------------------------- the Sphinx model
@dataclass(frozen=True)
class Sphinx:
    """The context-independent part of pocketsphinx's acoustic model."""

    phones: list[str]
    means: Floats
    """[phone, stream, density, cepstrum]"""
    variances: Floats
    """[phone, stream, density, cepstrum]"""
    weights: Floats
    """Mixture weights [stream, density, phone, senone]."""


def read_sphinx(folder: Path) -> Sphinx:
    """Reads the model folder en-us."""
    phones = _read_phones(folder / "mdef")
    logs = _read_log_weights(folder / "sendump")[:, :, : SENONES * len(phones)]  # the first senones are these phones'
    weights = np.exp(np.maximum(logs, math.log(MIN_WEIGHT))).reshape(STREAMS, DENSITIES, len(phones), SENONES)
    variances = np.maximum(_read_gaussians(folder / "variances"), MIN_VARIANCE)
    return Sphinx(phones, _read_gaussians(folder / "means"), variances, weights)


def _read_phones(path: Path) -> list[str]:
    """Names of the context-independent phones in a binary mdef file."""
    data = path.read_bytes()
    if data[:4] != b"BMDF":
        raise BuildError(f"{path}: a binary model definition (BMDF) was expected; is this pocketsphinx 5?")
    position = 12 + int(struct.unpack_from("<i", data, 8)[0])
    count = int(struct.unpack_from("<i", data, position)[0])
    return [name.decode() for name in data[position + 40 :].split(b"\0", count)[:count]]


def _read_gaussians(path: Path) -> Floats:
    data = path.read_bytes()
    position = data.index(b"endhdr\n") + len(b"endhdr\n") + 4  # the text header, then a byte-order mark
    books, streams, densities = struct.unpack_from("<3i", data, position)
    if (streams, densities) != (STREAMS, DENSITIES):
        raise BuildError(f"{path}: {streams} streams of {densities} densities; expected {STREAMS} of {DENSITIES}")
    position += 12 + 4 * streams + 4
    shape = books, streams, densities, CEPSTRA
    return np.frombuffer(data, "<f4", math.prod(shape), position).reshape(shape)


def _read_log_weights(path: Path) -> Floats:
    """Natural-log mixture weights [stream, density, senone], stored as 8-bit multiples of 1024 log 1.0001."""
    data, position = path.read_bytes(), 0
    while length := int(struct.unpack_from("<i", data, position)[0]):  # header texts end with length 0
        position += 4 + length
    densities, senones = struct.unpack_from("<2i", data, position + 4)
    raw = np.frombuffer(data, "u1", STREAMS * densities * senones, position + 12)
    return -raw.reshape(STREAMS, densities, senones).astype("f4") * np.float32(1024 * math.log(1.0001))


def read_dictionary(path: Path) -> Dictionary:
    """The pronunciations of every word."""
    dictionary: Dictionary = defaultdict(list)
    for line in path.read_text(encoding="utf-8").splitlines():
        word, *phones = line.split()
        spellings = dictionary[re.sub(r"\(\d+\)$", "", word)]
        if tuple(phones) not in spellings:
            spellings.append(tuple(phones))
    return dictionary


# ---------------------------------------------------------------- phones
class Phones:
    """Kaldi's phones: the silences, then every Sphinx phone at each position in a word."""

    def __init__(self, sphinx_phones: Sequence[str]) -> None:
        speech = [p for p in sphinx_phones if p != "SIL" and not p.startswith("+")]
        self.names = [*SILENCES, *(f"{p}_{position}" for p in speech for position in POSITIONS)]
        self.ids = {name: i for i, name in enumerate(self.names, 1)}
        self.sphinx = [sphinx_phones.index(SILENCES.get(name) or name[:-2]) for name in self.names]
        """The Sphinx phone of each name."""

    def of_word(self, pronunciation: Sequence[str]) -> tuple[int, ...]:
        count = len(pronunciation)
        positions = "S" if count == 1 else "B" + "I" * (count - 2) + "E"
        return tuple(self.ids[f"{p}_{position}"] for p, position in zip(pronunciation, positions, strict=True))

    def word_boundaries(self) -> str:
        kinds = ["nonword" if name in SILENCES else POSITIONS[name[-1]] for name in self.names]
        return "".join(f"{i} {kind}\n" for i, kind in enumerate(kinds, 1))


# ---------------------------------------------------------------- the acoustic model in Kaldi's format
class KaldiFile:
    """Collects Kaldi's binary object format; most methods return the file, to be chained."""

    def __init__(self) -> None:
        self.data = bytearray(b"\0B")

    def raw(self, data: bytes) -> Self:
        self.data += data
        return self

    def token(self, *names: str) -> Self:
        return self.raw("".join(f"{name} " for name in names).encode())

    def ints(self, *values: int) -> Self:
        return self.raw(b"".join(struct.pack("<bi", 4, value) for value in values))

    def floats(self, *values: float) -> Self:
        return self.raw(b"".join(struct.pack("<bf", 4, value) for value in values))

    def int_vector(self, values: Iterable[int]) -> Self:
        array = np.asarray(list(values), "<i4")
        return self.ints(len(array)).raw(array.tobytes())

    def vector(self, values: Any) -> Self:
        return self.token("FV").ints(len(values)).raw(np.asarray(values, "<f4").tobytes())

    def matrix(self, values: Floats) -> Self:
        return self.token("FM").ints(*values.shape).raw(np.ascontiguousarray(values, "<f4").tobytes())

    def bit_matrix(self, values: Floats) -> Self:
        """A matrix of 0 and 1 in the one-byte compressed format: minimum, range, rows, columns, data."""
        header = struct.pack("<2f2i", 0.0, 1.0, *values.shape)
        return self.token("CM3").raw(header + (255 * values).astype("u1").tobytes())

    def component(self, name: str, kind: str, **settings: float | bool) -> Self:
        """Opens a network component; the settings stand in the order that Kaldi reads them."""
        self.token("<ComponentName>", name, f"<{kind}>")
        for key, value in settings.items():
            self.token(f"<{key}>")
            if isinstance(value, bool):
                self.raw(b"T" if value else b"F")
            elif isinstance(value, int):
                self.ints(value)
            else:
                self.floats(value)
        return self

    def affine(self, name: str, weights: Floats, bias: Any, bits: bool = False) -> Self:
        self.component(name, "FixedAffineComponent").token("<LinearParams>")
        write = self.bit_matrix if bits else self.matrix
        return write(weights).token("<BiasParams>").vector(bias).token("</FixedAffineComponent>")


def acoustic_model(sphinx: Sphinx, phones: Phones) -> bytes:
    """The file am/final.mdl: transition model and network."""
    file = KaldiFile()
    _write_transitions(file, phones)
    nodes = network_nodes(len(sphinx.phones))
    components = 6 + STREAMS * (1 + len(sphinx.phones)) + 1
    file.token("<Nnet3>").raw(("\n" + "\n".join(nodes) + "\n\n").encode()).token("<NumComponents>").ints(components)
    _write_components(file, sphinx)
    file.token("</Nnet3>", "<LeftContext>").ints(4).token("<RightContext>").ints(4).token("<Priors>").vector([])
    return bytes(file.data)


def _write_transitions(file: KaldiFile, phones: Phones) -> None:
    count = len(phones.names)
    file.token("<TransitionModel>", "<Topology>").int_vector(range(1, count + 1))
    file.int_vector([-1] + [0] * count).ints(-1, 1, len(TOPOLOGY) + 1)
    for forward, loop, targets in TOPOLOGY:
        file.ints(forward, loop, len(targets))
        for target in targets:
            file.ints(target).floats(1 / len(targets))
    file.ints(-1, -1, 0).token("</Topology>", "<Tuples>").ints(count * len(TOPOLOGY))
    for phone, sphinx_phone in enumerate(phones.sphinx, 1):
        output = sphinx_phone * len(STEPS)
        for state, (forward, loop, _) in enumerate(TOPOLOGY):
            file.ints(phone, state, output + forward, output + loop)
    logs = [-math.log(len(targets)) for _, _, targets in TOPOLOGY for _ in targets]
    file.token("</Tuples>", "<LogProbs>").vector([0.0, *logs * count]).token("</LogProbs>", "</TransitionModel>")


def network_nodes(phones: int) -> list[str]:
    """The network's wiring, in Kaldi's configuration language."""
    frames = ", ".join(f"Offset(input, {offset})" for offset in range(-3, 4))
    nodes = [
        "input-node name=input dim=13",
        f"component-node name=delta component=delta input=Append({frames})",
        "component-node name=square component=square input=Append(delta, delta)",
    ]
    for k in range(STREAMS):
        first = CEPSTRA * k
        nodes += [
            f"dim-range-node name=x{k} input-node=delta dim-offset={first} dim={CEPSTRA}",
            f"dim-range-node name=q{k} input-node=square dim-offset={first} dim={CEPSTRA}",
            f"component-node name=gauss{k} component=gauss{k} input=Append(x{k}, q{k})",
            f"component-node name=post{k} component=post input=gauss{k}",
        ]
        for p in range(phones):
            first = DENSITIES * p
            nodes += [
                f"dim-range-node name=post{k}.{p} input-node=post{k} dim-offset={first} dim={DENSITIES}",
                f"component-node name=mix{k}.{p} component=mix{k}.{p} input=post{k}.{p}",
            ]
        mixtures = ", ".join(f"mix{k}.{p}" for p in range(phones))
        nodes += [f"component-node name=log{k} component=log input=Append({mixtures})"]
    return [
        *nodes,
        "component-node name=senone component=senone input=Sum(log0, Sum(log1, log2))",
        "component-node name=step component=step input=Append(Offset(senone, -1), senone, Offset(senone, 1))",
        "component-node name=best component=best input=step",
        "output-node name=output input=best objective=linear",
    ]


def _write_components(file: KaldiFile, sphinx: Sphinx) -> None:
    phones, features = len(sphinx.phones), STREAMS * CEPSTRA
    senones = SENONES * phones
    file.affine("delta", delta_matrix(), np.zeros(features))
    file.component("square", "ElementwiseProductComponent", InputDim=2 * features, OutputDim=features)
    file.token("</ElementwiseProductComponent>")
    file.component("post", "SoftmaxComponent", Dim=phones * DENSITIES).token("<ValueAvg>").vector([])
    file.token("<DerivAvg>").vector([]).token("<Count>").raw(struct.pack("<bd", 8, 0.0)).token("</SoftmaxComponent>")
    file.component("log", "NormalizeComponent", InputDim=senones, BlockDim=1, TargetRms=1.0, AddLogStddev=True)
    file.token("</NormalizeComponent>")
    file.component("senone", "NoOpComponent", Dim=2 * senones, BackpropScale=1.0).token("</NoOpComponent>")
    for k in range(STREAMS):
        mean = sphinx.means[:, k].reshape(-1, CEPSTRA)
        precision = 1 / sphinx.variances[:, k].reshape(-1, CEPSTRA)
        bias = 0.5 * (np.log(precision) - math.log(2 * math.pi) - mean * mean * precision).sum(1)
        file.affine(f"gauss{k}", np.hstack([mean * precision, -0.5 * precision]), bias)
        for p in range(phones):
            file.affine(f"mix{k}.{p}", sphinx.weights[k, :, p].T, np.full(SENONES, POSTERIOR_FLOOR))
    steps = step_matrix(phones)
    file.affine("step", steps, np.zeros(len(steps)), bits=True)
    pool = len(STEPS[0])
    shape = {"InputXDim": len(steps), "InputYDim": 1, "InputZDim": 1, "PoolXSize": pool, "PoolYSize": 1, "PoolZSize": 1}
    file.component("best", "MaxpoolingComponent", **shape, PoolXStep=pool, PoolYStep=1, PoolZStep=1)
    file.token("</MaxpoolingComponent>")


def delta_matrix() -> Floats:
    """Sphinx's 1s_c_d_dd features of seven frames: x, x[+2] - x[-2], and the difference of the deltas at +1 and -1."""
    eye = np.eye(CEPSTRA, dtype="f4")
    rows = np.zeros((STREAMS, CEPSTRA, 7, CEPSTRA), "f4")
    rows[0, :, 3] = eye
    for offset, sign in ((2, 1), (-2, -1)):
        rows[1, :, 3 + offset] = sign * eye
        rows[2, :, 3 + offset + 1] += sign * eye
        rows[2, :, 3 + offset - 1] -= sign * eye
    return rows.reshape(STREAMS * CEPSTRA, 7 * CEPSTRA)


def step_matrix(phones: int) -> Floats:
    """Every way in STEPS, from the senone scores of three frames (NormalizeComponent interleaves sign and log)."""
    rows = np.zeros((phones, len(STEPS), len(STEPS[0]), 3, phones, SENONES, 2), "f4")
    for p in range(phones):
        for kind, ways in enumerate(STEPS):
            for way, senones in enumerate(ways):
                for frame, senone in enumerate(senones):
                    rows[p, kind, way, frame, p, "abc".index(senone), 1] = 1
    return rows.reshape(phones * len(STEPS) * len(STEPS[0]), -1)


def cmvn_stats() -> str:
    mean = np.array(CMVN_MEAN)
    rows = [[*(mean * CMVN_COUNT), CMVN_COUNT], [*((mean**2 + 100) * CMVN_COUNT), 0]]
    return " [\n" + "\n".join(" ".join(f"{value:.1f}" for value in row) for row in rows) + " ]\n"


# ---------------------------------------------------------------- language model and decoding graph
def _weight(cost: float) -> Any:
    return fst.Weight("tropical", cost)


def language_model(sentences: Iterable[Sequence[str]], vocabulary: Sequence[str], ids: dict[str, int]) -> Any:
    """An interpolated n-gram model (absolute discounting) of one or more sentences, as an acceptor."""
    counts = count_ngrams(sentences)
    everything = counts[()].total() + len(vocabulary)

    def spare(history: History) -> float:
        """The probability left for words not seen after the history."""
        return DISCOUNT * len(counts[history]) / counts[history].total()

    def probability(word: str, history: History) -> float:
        if not history:
            return (counts[()][word] + 1) / everything
        seen = max(0.0, counts[history][word] - DISCOUNT) / counts[history].total()
        return seen + spare(history) * probability(word, history[1:])

    model = fst.VectorFst()
    states = {history: model.add_state() for history in counts}
    model.set_start(states["<s>",])
    for history, source in states.items():
        words = sorted(counts[history]) if history else [*vocabulary, "</s>"]
        for word in words:
            cost = _weight(-math.log(probability(word, history)))
            if word == "</s>":
                model.set_final(source, cost)
                model.add_arc(source, fst.Arc(ids[NEXT], 0, cost, states["<s>",]))
            else:
                target = (*history, word)[1 - ORDER :]
                while target not in states:
                    target = target[1:]
                model.add_arc(source, fst.Arc(ids[word], ids[word], cost, states[target]))
        if history:
            model.add_arc(source, fst.Arc(ids[BACKOFF], 0, _weight(-math.log(spare(history))), states[history[1:]]))
    return model.arcsort("ilabel")


def count_ngrams(sentences: Iterable[Sequence[str]]) -> dict[History, Counter[str]]:
    """What follows each history, of up to ORDER - 1 words; long histories seen only once are left out."""
    counts: dict[History, Counter[str]] = defaultdict(Counter)
    for sentence in sentences:
        tokens = ("<s>", *sentence, "</s>")
        for i in range(1, len(tokens)):
            for length in range(min(i, ORDER - 1) + 1):
                counts[tokens[i - length : i]][tokens[i]] += 1
    return {history: words for history, words in counts.items() if len(history) < 2 or words.total() > 1}


def lexicon(dictionary: Dictionary, vocabulary: Sequence[str], ids: dict[str, int], phones: Phones) -> Any:
    """Phones to words, with a possible pause before the first and after every word; a new sentence needs a pause."""
    entries = [(ids[word], phones.of_word(spelling)) for word in vocabulary for spelling in dictionary[word]]
    homophones = Counter(sequence for _, sequence in entries)
    prefixes = {sequence[:i] for sequence in homophones for i in range(1, len(sequence))}
    used: Counter[tuple[int, ...]] = Counter()
    lex = fst.VectorFst()
    start, loop, pause, stop = (lex.add_state() for _ in range(4))
    lex.set_start(start)
    lex.set_final(loop)

    def arc(source: int, ilabel: int, olabel: int, cost: float, target: int) -> None:
        lex.add_arc(source, fst.Arc(ilabel, olabel, _weight(cost), target))

    def leave(source: int, ilabel: int, olabel: int) -> None:
        arc(source, ilabel, olabel, -math.log(1 - PAUSE_PROBABILITY), loop)
        arc(source, ilabel, olabel, -math.log(PAUSE_PROBABILITY), pause)

    leave(start, 0, 0)
    arc(loop, DISAMBIGUATION, ids[BACKOFF], 0.0, loop)
    arc(pause, phones.ids["SIL"], 0, 0.0, loop)
    arc(pause, phones.ids["SIL"], 0, 0.0, stop)
    arc(stop, DISAMBIGUATION + 1, ids[NEXT], 0.0, loop)
    for word, sequence in entries:
        labels = list(sequence)
        if homophones[sequence] > 1 or sequence in prefixes:
            used[sequence] += 1
            labels.append(DISAMBIGUATION + 1 + used[sequence])
        state, output = loop, word
        for label in labels[:-1]:
            target = lex.add_state()
            arc(state, label, output, 0.0, target)
            state, output = target, 0
        leave(state, labels[-1], output)
    return lex.arcsort("olabel")


def decoding_graph(lex: Any, grammar: Any) -> Any:
    """HCLG: the determinised lexicon o grammar with every phone replaced by its 30 ms steps."""
    graph = fst.determinize(fst.compose(lex, grammar))
    graph.minimize(allow_nondet=True)
    steps = fst.VectorFst()
    steps.add_states(graph.num_states())
    steps.set_start(graph.start())
    inside: dict[tuple[int, int], int] = {}
    """(phone, target state) -> the state between the phone's first and last step."""
    for state in graph.states():
        steps.set_final(state, graph.final(state))
        for arc in graph.arcs(state):
            if arc.ilabel == 0 or arc.ilabel >= DISAMBIGUATION:
                steps.add_arc(state, fst.Arc(0, arc.olabel, arc.weight, arc.nextstate))
                continue
            offset = TRANSITIONS * (arc.ilabel - 1)
            key = arc.ilabel, arc.nextstate
            if key not in inside:
                inside[key] = middle = steps.add_state()
                steps.add_arc(middle, fst.Arc(offset + GOES_ON, 0, _weight(LOOP_COST), middle))
                steps.add_arc(middle, fst.Arc(offset + ENDS, 0, _weight(0.0), arc.nextstate))
            short = fst.times(arc.weight, _weight(SHORT_COST))
            steps.add_arc(state, fst.Arc(offset + ONLY, arc.olabel, short, arc.nextstate))
            steps.add_arc(state, fst.Arc(offset + STARTS, arc.olabel, arc.weight, inside[key]))
    return steps.arcsort("ilabel")


# ---------------------------------------------------------------- the model folder
def read_sentences(folder: Path) -> Iterator[list[str]]:
    """The sentences of all text files, in the order of the file names. Raises BuildError with file:line."""
    paths = sorted(folder.glob("*.txt"))
    if not paths:
        raise BuildError(f"{folder}: no text files *.txt")
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if found := re.search(r"[^a-z' ]", line):
                raise BuildError(f"{path}:{number}: found {found[0]!r}; only a-z, apostrophes and spaces are allowed")
            if words := line.split():
                yield words


def build(text: Path, model: Path) -> str:
    """Writes the model folder and returns a line about it. Raises BuildError."""
    source = Path(pocketsphinx.get_model_path()) / "en-us"
    sentences = list(read_sentences(text))
    dictionary = read_dictionary(source / "cmudict-en-us.dict")
    vocabulary = sorted({word for sentence in sentences for word in sentence})
    if unknown := [word for word in vocabulary if word not in dictionary]:
        raise BuildError(f"not in the pronouncing dictionary, say it in other words: {', '.join(unknown)}")
    words = ["<eps>", "<unk>", *vocabulary, BACKOFF, NEXT, "<s>", "</s>"]
    ids = {word: i for i, word in enumerate(words)}
    sphinx = read_sphinx(source / "en-us")
    phones = Phones(sphinx.phones)
    graph = decoding_graph(lexicon(dictionary, vocabulary, ids, phones), language_model(sentences, vocabulary, ids))
    files = {
        "NOTICE": NOTICE,
        "am/final.mdl": acoustic_model(sphinx, phones),
        "am/global_cmvn.stats": cmvn_stats(),
        "conf/mfcc.conf": MFCC_CONF,
        "conf/model.conf": MODEL_CONF,
        "graph/HCLG.fst": graph.write_to_string(),
        "graph/phones/word_boundary.int": phones.word_boundaries(),
        "graph/words.txt": "".join(f"{word} {i}\n" for word, i in ids.items()),
    }
    size = 0
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        size += len(data)
        path = model / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    if size > LIMIT:
        raise BuildError(f"{model}: {size} bytes; at most {LIMIT} may be shipped, so shorten the text")
    return f"{model}: {len(sentences)} sentences, {len(vocabulary)} words, {size / 1e6:.2f} MB"


def main() -> int:
    try:
        print(build(TEXT, MODEL))
    except BuildError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
