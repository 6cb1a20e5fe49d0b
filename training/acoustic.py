"""pocketsphinx's acoustic model, differentiably: how well a sound fits each of its states."""

import math
import struct
from pathlib import Path

import numpy
import pocketsphinx
import torch

FOLDER = Path(pocketsphinx.get_model_path()) / "en-us" / "en-us"
STREAMS, DENSITIES = 3, 128
"""Of features: cepstra, their differences, and the differences of those. Densities of a codebook and stream."""
FLOOR = 1e-4
"""Of variances, as pocketsphinx has it."""
UNIT = 1024 * math.log(1.0001)
"""Of the logarithms of mixture weights."""


class Acoustic:
    """A codebook of Gaussians a phone; each state mixes its phone's ("phonetically tied")."""

    def __init__(self):
        means, variances = gaussians("means"), numpy.maximum(gaussians("variances"), FLOOR)
        owner = phones()
        states = [numpy.flatnonzero(owner == phone) for phone in range(len(means))]
        self._order = torch.tensor(numpy.argsort(numpy.concatenate(states)))
        weights = mixtures()
        self._weights = [[torch.tensor(w[:, own]) for w in weights] for own in states]
        squares = torch.tensor(numpy.concatenate([-0.5 / variances, means / variances], -1))
        self._squares = squares.permute(1, 0, 3, 2).contiguous()
        constant = -0.5 * (means**2 / variances + numpy.log(2 * math.pi * variances)).sum(-1)
        self._constant = torch.tensor(constant.swapaxes(0, 1)[:, :, None])

    def __call__(self, features):
        """(frames, STREAMS, CEPSTRA) to (frames, states): logarithms of likelihood."""
        total = 0.0
        for stream in range(STREAMS):
            x = features[:, stream]
            fit = torch.cat([x * x, x], 1) @ self._squares[stream] + self._constant[stream]
            best = fit.amax(-1, keepdim=True).detach()
            shares = torch.exp(fit - best).unbind(0)
            mixed = zip(shares, best, self._weights, strict=True)
            total = total + torch.cat([torch.log(s @ w[stream] + 1e-10) + b for s, b, w in mixed], 1)
        return total[:, self._order]


def gaussians(name):
    """(phones, STREAMS, DENSITIES, cepstra), float32; format of SphinxTrain, s3gau_io.c."""
    raw = (FOLDER / name).read_bytes()
    at = raw.index(b"endhdr\n") + len(b"endhdr\n") + 4
    count, streams, densities, *lengths = struct.unpack("<6i", raw[at : at + 24])
    return numpy.frombuffer(raw, "<f4", offset=at + 28)[: count * densities * sum(lengths)].reshape(
        count, streams, densities, lengths[0]
    )


def mixtures():
    """(STREAMS, DENSITIES, states), float32; format of pocketsphinx, read_sendump in s2_semi_mgau.c."""
    raw = (FOLDER / "sendump").read_bytes()
    at = 0
    while length := struct.unpack_from("<i", raw, at)[0]:
        at += 4 + length
    densities, states = struct.unpack_from("<2i", raw, at + 4)
    levels = numpy.frombuffer(raw, numpy.uint8, offset=at + 12).reshape(STREAMS, densities, states)
    return numpy.exp(-UNIT * levels.astype(numpy.float32))


def phones():
    """(states,): the phone of each state; format of pocketsphinx, bin_mdef.c."""
    raw = (FOLDER / "mdef").read_bytes()
    at = 12 + struct.unpack_from("<i", raw, 8)[0]
    count, triphones, emitting, _, states, _, _, _, tree, _ = struct.unpack_from("<10i", raw, at)
    begin = at = at + 40
    for _ in range(count):
        at = raw.index(b"\0", at) + 1
    at = begin + (at - begin + 3) // 4 * 4 + 8 * tree
    names = [("states", "<i4"), ("transitions", "<i4"), ("place", "u1"), ("phone", "u1"), ("beside", "u1", 2)]
    entries = numpy.frombuffer(raw, numpy.dtype(names), triphones, at)
    at += entries.nbytes
    sequences = numpy.frombuffer(raw, "<u2", struct.unpack_from("<i", raw, at)[0], at + 4).reshape(-1, emitting)
    owner = numpy.zeros(states, numpy.int64)
    owner[sequences[entries["states"][count:]]] = entries["phone"][count:, None]
    owner[sequences[entries["states"][:count]]] = numpy.arange(count)[:, None]
    return owner
