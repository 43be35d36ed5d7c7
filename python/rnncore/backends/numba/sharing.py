"""The sequences of a batch shared among threads."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

# A number takes 5 ns at least: this many are worth the 0.1 ms that a thread takes to start.
NUMBERS_PER_THREAD = 1 << 14


def share_sequences(walk, batch, numbers, threads):
    """Call ``walk(slice)`` for slices that make up the batch; ``numbers`` is how many come out of all."""
    threads = worth(threads, batch, numbers)
    shares = [slice(batch * i // threads, batch * (i + 1) // threads) for i in range(threads)]
    if threads < 2:
        walk(slice(0, batch))
        return
    with ThreadPoolExecutor(threads - 1) as pool:
        others = [pool.submit(walk, share) for share in shares[1:]]
        walk(shares[0])
        for other in others:
            other.result()


def worth(threads, shares, numbers):
    """How many threads are worth starting."""
    return max(1, min(threads, shares, numbers // NUMBERS_PER_THREAD))


@contextmanager
def side_by_side(threads):
    """``map``, whose calls that many threads make."""
    if threads < 2:
        yield map
        return
    with ThreadPoolExecutor(threads) as pool:
        yield pool.map
