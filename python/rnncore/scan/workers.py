"""Threads that share the blocks of a walk."""

from concurrent.futures import ThreadPoolExecutor


class Workers:
    """``threads`` threads, the caller's among them, for as long as the ``with`` block lasts."""

    def __init__(self, threads):
        self.threads = threads
        self._pool = ThreadPoolExecutor(threads - 1) if threads > 1 else None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self._pool is not None:
            self._pool.shutdown()

    def each(self, work, count):
        """``[work(0), …, work(count - 1)]``; each thread takes neighbours, for a hand-over costs as much as a block."""
        threads = min(self.threads, count)
        shares = [range(count * i // threads, count * (i + 1) // threads) for i in range(threads)]
        others = [self._pool.submit(_all, work, share) for share in shares[1:]]
        results = _all(work, shares[0]) if shares else []
        for other in others:
            results += other.result()
        return results


def _all(work, numbers):
    return [work(number) for number in numbers]
