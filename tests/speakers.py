"""Whose line is this? A naive Bayes classifier over words and word pairs, each line left out of its own training."""

import numpy
from sklearn.feature_extraction.text import CountVectorizer

SMOOTHING = 0.15


def named_right(lines, speakers):
    """Per line whether the classifier, trained on all other lines, names its speaker (leave-one-out, exact)."""
    counts = CountVectorizer(ngram_range=(1, 2), token_pattern=r"[\w']+|[…?!.,—–]").fit_transform(lines).tocsr()
    names = sorted(set(speakers))
    own = numpy.array([names.index(s) for s in speakers])
    of_class = numpy.vstack([numpy.asarray(counts[own == k].sum(0)).ravel() for k in range(len(names))])
    totals, prior = of_class.sum(1), numpy.bincount(own).astype(float)
    size = counts.shape[1]
    scores = counts @ numpy.log((of_class + SMOOTHING) / (totals[:, None] + SMOOTHING * size)).T
    scores += numpy.log(prior)
    for i, k in enumerate(own):
        row = counts[i]
        left = of_class[k, row.indices] - row.data + SMOOTHING
        scores[i, k] = row.data @ numpy.log(left / (totals[k] - row.data.sum() + SMOOTHING * size)) + numpy.log(
            prior[k] - 1
        )
    return scores.argmax(1) == own
