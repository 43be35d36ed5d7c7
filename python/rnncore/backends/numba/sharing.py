"""The sequences of a batch shared among threads."""

from concurrent.futures import ThreadPoolExecutor

# A number takes 5 ns at least: this many are worth the 0.1 ms that a thread takes to start.
NUMBERS_PER_THREAD = 1 << 14


def share_sequences(walk, batch, numbers, threads):
    """Call ``walk(slice)`` for slices that make up the batch; ``numbers`` is how many come out of all."""
    threads = min(threads, batch, max(1, numbers // NUMBERS_PER_THREAD))
    shares = [slice(batch * i // threads, batch * (i + 1) // threads) for i in range(threads)]
    if threads < 2:
        walk(slice(0, batch))
        return
    with ThreadPoolExecutor(threads - 1) as pool:
        others = [pool.submit(walk, share) for share in shares[1:]]
        walk(shares[0])
        for other in others:
            other.result()
