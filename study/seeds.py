"""Seeds: one number for the study, and an independent random stream for each named use."""

import zlib

import numpy as np


def generator(seed: int, *names: str | int) -> np.random.Generator:
    """Make the random generator of one named use.

    Streams of different names are independent of each other, so that a new use, or another
    order of work, changes no stream that was there before.

    Parameters
    ----------
    seed : int
        The study's seed, 0 or greater.
    *names : str or int
        What the numbers are for, such as ``"plan", "sub-001"``.

    Returns
    -------
    numpy.random.Generator
        The same stream for the same seed and names.

    Examples
    --------
    >>> bool(generator(1, "plan").random() == generator(1, "plan").random())
    True
    >>> bool(generator(1, "plan").random() == generator(1, "noise").random())
    False
    """
    words = [zlib.crc32(f"{type(name).__name__}:{name}".encode()) for name in names]
    return np.random.default_rng(np.random.SeedSequence([seed, len(words), *words]))
