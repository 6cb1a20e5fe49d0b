"""A Vosk model whose phones are pure tones, and the sound of any sentence in that language.

For exact tests of everything around the recogniser: real libvosk loads it in milliseconds, hears without errors and
gives exact word times. A word is three of twelve tones, each one tone long; the network looks at the mel bins that hold
the tones and needs no training.
"""

import itertools
import math
import random
import struct
from array import array
from collections.abc import Mapping, Sequence
from pathlib import Path

RATE = 16_000
"""Hertz."""
BINS, LOW, HIGH = 40, 20.0, 7600.0
"""Mel bins of the features, and the hertz they span."""
TONE_BINS = tuple(4 + 3 * k for k in range(12))
"""The mel bin of each tone."""
WORD_TONES = 3
SILENCE_SCORE = 20.0
"""Log energy of a mel bin above which a tone is likelier than silence."""
SILENCE = 1
"""Phone and, as 'score', 0; the phones of tone k begin, go on inside and end a word: 2 + 3k, 3 + 3k, 4 + 3k."""

Lexicon = dict[str, tuple[int, ...]]
"""The tones of each word."""


def build(folder: Path, words: Sequence[str], endpoints: tuple[float, float, float] = (0.5, 0.75, 1.0)) -> Lexicon:
    """Writes the model folder and returns the tones of each word.

    `endpoints` are the seconds of silence after which Vosk's rules 2, 3 and 4 end a segment.
    """
    lexicon = _lexicon(words)
    rules = "".join(f"--endpoint.rule{n}.min-trailing-silence={s:g}\n" for n, s in enumerate(endpoints, 2))
    texts = {
        "am/final.mdl": _transition_model() + _network(),
        "conf/model.conf": _MODEL_CONF + rules,
        "conf/fbank.conf": _FBANK_CONF,
        "graph/words.txt": "".join(f"{w} {i}\n" for i, w in enumerate(["<eps>", *lexicon, "#0", "<s>", "</s>"])),
        "graph/phones/word_boundary.int": _word_boundaries(),
    }
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "graph" / "HCLG.fst").write_bytes(_graph(lexicon))
    return lexicon


def say(
    text: str,
    lexicon: Mapping[str, Sequence[int]],
    *,
    tone_s: float = 0.12,
    gap_s: float = 0.12,
    lead_s: float = 0.3,
    tail_s: float = 0.3,
    amplitude: int = 8000,
    noise: float = 0.0,
    seed: int = 0,
) -> bytes:
    """The sentence as int16 PCM at RATE; a gap follows every word. `noise` is the deviation of added white noise."""
    sound = array("h", _silence(lead_s))
    for word in text.split():
        for k in lexicon[word]:
            sound.extend(_tone(k, tone_s, amplitude))
        sound.extend(_silence(gap_s))
    sound.extend(_silence(tail_s))
    if noise:
        source = random.Random(seed)
        sound = array("h", (max(-32768, min(32767, int(x + source.gauss(0, noise)))) for x in sound))
    return struct.pack(f"<{len(sound)}h", *sound)


# ---------------------------------------------------------------- sound
def _silence(seconds: float) -> list[int]:
    return [0] * int(seconds * RATE)


def _tone(k: int, seconds: float, amplitude: int) -> list[int]:
    """Tone k, faded in and out over 5 ms."""
    count, fade, hertz = int(seconds * RATE), 0.005 * RATE, _hertz(TONE_BINS[k])
    envelope = (min(1, i / fade, (count - i) / fade) for i in range(count))
    return [int(amplitude * e * math.sin(2 * math.pi * hertz * i / RATE)) for i, e in enumerate(envelope)]


def _hertz(mel_bin: int) -> float:
    """The centre of a mel bin."""
    low, high = (1127.0 * math.log(1 + f / 700.0) for f in (LOW, HIGH))
    mel = low + (mel_bin + 1) * (high - low) / (BINS + 1)
    return 700.0 * (math.exp(mel / 1127.0) - 1)


# ---------------------------------------------------------------- model
_MODEL_CONF = """\
--min-active=200
--max-active=3000
--beam=20.0
--lattice-beam=6.0
--acoustic-scale=1.0
--frame-subsampling-factor=3
--endpoint.silence-phones=1
"""
_FBANK_CONF = f"""\
--sample-frequency={RATE}
--num-mel-bins={BINS}
--low-freq={LOW:g}
--high-freq={HIGH:g}
--allow-downsample=true
--use-energy=false
--dither=1.0
"""
_PHONES = range(1, 2 + WORD_TONES * len(TONE_BINS))


def _lexicon(words: Sequence[str]) -> Lexicon:
    """Three tones for every word, no two neighbours alike; in an order of chance, so that words differ clearly."""
    tones = range(len(TONE_BINS))
    sequences = [s for s in itertools.product(tones, repeat=WORD_TONES) if s[0] != s[1] != s[2]]
    if len(words) > len(sequences):
        raise ValueError(f"{len(words)} words; the tones are enough for {len(sequences)}")
    random.Random(7).shuffle(sequences)
    return dict(zip(words, sequences, strict=False))


def _phone(k: int, place: int) -> int:
    return SILENCE + 1 + WORD_TONES * k + place


def _word_boundaries() -> str:
    places = ["nonword", *["begin", "internal", "end"] * len(TONE_BINS)]
    return "".join(f"{phone} {place}\n" for phone, place in zip(_PHONES, places, strict=True))


def _transition_model() -> str:
    """Each phone is one state with a loop; its score is silence's or its tone's."""
    triples = (f"{p} 0 {0 if p == SILENCE else 1 + (p - SILENCE - 1) // WORD_TONES} \n" for p in _PHONES)
    half = f"{math.log(0.5):.7f}"
    return (
        "<TransitionModel> \n<Topology> \n<TopologyEntry> \n<ForPhones> \n"
        + " ".join(map(str, _PHONES))
        + "\n</ForPhones> \n<State> 0 <PdfClass> 0 <Transition> 0 0.5 <Transition> 1 0.5 </State> \n"
        + "<State> 1 </State> \n</TopologyEntry> \n</Topology> \n"
        + f"<Triples> {len(_PHONES)} \n{''.join(triples)}</Triples> \n"
        + f"<LogProbs> \n [ 0 {' '.join([half] * (2 * len(_PHONES)))} ]\n</LogProbs> \n</TransitionModel> \n"
    )


def _network() -> str:
    """Silence has a constant score; a tone's score is the log energy of its mel bin."""
    rows = [" ".join("1" if i == chosen else "0" for i in range(BINS)) for chosen in (None, *TONE_BINS)]
    bias = [SILENCE_SCORE, *[0.0] * len(TONE_BINS)]
    return (
        f"<Nnet3> \ninput-node name=input dim={BINS}\n"
        "component-node name=output.affine component=output.affine input=input\n"
        "output-node name=output input=output.affine objective=linear\n\n<NumComponents> 1 \n"
        "<ComponentName> output.affine <FixedAffineComponent> <LinearParams>  [\n  "
        + "\n  ".join(rows)
        + f" ]\n<BiasParams>  [ {' '.join(f'{b:g}' for b in bias)} ]\n</FixedAffineComponent> \n</Nnet3> \n"
        + "<LeftContext> 0 <RightContext> 0 <Priors>  [ ]\n"
    )


def _graph(lexicon: Lexicon) -> bytes:
    """HCLG as an OpenFst file: from one state into any word or silence, and back."""
    word_cost, silence_cost = math.log(len(lexicon) + 1), 0.7
    arcs: list[list[tuple[int, int, float, int]]] = [[], []]  # of each state: input, output, cost, target

    def enter(source: int, phone: int, word: int, cost: float, target: int) -> None:
        arcs[source].append((2 * phone, word, cost, target))
        arcs[target].append((2 * phone - 1, 0, 0.0, target))

    enter(0, SILENCE, 0, silence_cost, 1)
    arcs[1].append((0, 0, 0.0, 0))
    for word, tones in enumerate(lexicon.values(), 1):
        state = 0
        for place, k in enumerate(tones):
            arcs.append([])
            target = len(arcs) - 1
            enter(state, _phone(k, place), 0 if place else word, 0.0 if place else word_cost, target)
            state = target
        arcs[state].append((0, 0, 0.0, 0))
    return _openfst(arcs)


def _openfst(arcs: Sequence[Sequence[tuple[int, int, float, int]]]) -> bytes:
    """A vector FST with standard arcs; the states 0 and 1 are final."""

    def string(text: str) -> bytes:
        return struct.pack("<i", len(text)) + text.encode()

    magic, version, flags, properties, start = 2125659606, 2, 0, 3, 0
    data = bytearray(struct.pack("<i", magic) + string("vector") + string("standard"))
    data += struct.pack("<iiQqqq", version, flags, properties, start, len(arcs), sum(map(len, arcs)))
    for state, leaving in enumerate(arcs):
        data += struct.pack("<fq", 0.0 if state < 2 else math.inf, len(leaving))
        data += b"".join(struct.pack("<iifi", *arc) for arc in leaving)
    return bytes(data)
