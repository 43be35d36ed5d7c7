"""Progress of long calls."""

from contextlib import contextmanager


@contextmanager
def progress_reporter(progress, total, description):
    """Yields ``report(steps_done_now)``.

    ``progress`` is None or False (silent), True (a tqdm bar), or a function called as ``progress(done, total)``.
    """
    if progress is None or progress is False:
        yield lambda steps: None
    elif progress is True:
        from tqdm import tqdm

        with tqdm(total=total, desc=description, unit="step", unit_scale=True) as bar:
            yield bar.update
    elif callable(progress):
        done = 0

        def report(steps):
            nonlocal done
            done += steps
            progress(done, total)

        yield report
    else:
        raise TypeError(f"progress must be True, False, None or a function of (done, total), got {progress!r}")
