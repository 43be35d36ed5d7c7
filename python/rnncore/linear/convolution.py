"""y_t = Σ_k h_k x_{t-k} of inputs (T, B, n_in) and responses (K, n_out, n_in), in time or by Fourier transforms."""

import math

import numpy as np

_WINDOW_NUMBERS = 1 << 21  # of inputs laid out for a product: the caches of a few cores
_LEAST_TRANSFORM = 1 << 12
# What decides between the two ways, beside an operation in a product of matrices: an operation in a transform, and
# laying out a number for a product. Measured with 1 to 100 outputs and 20 to 10 000 lags: the slower way is taken only
# where they lie within a factor of 2.
_TRANSFORM_COST = 5.0
_LAYOUT_COST = 20.0


def direct(response, inputs, report=None):
    """``(T, B, n_out)``: windows of inputs times all responses, as products of matrices."""
    lags, outputs, channels = response.shape
    steps, width, _ = inputs.shape
    lags = min(lags, steps)
    padded = np.concatenate([np.zeros((max(0, lags - 1), width, channels)), inputs])
    weights = response[:lags][::-1].transpose(0, 2, 1).reshape(lags * channels, outputs)
    result = np.empty((steps, width, outputs))
    piece = max(1, _WINDOW_NUMBERS // max(1, width * lags * channels))
    for start in range(0, steps, piece):
        stop = min(steps, start + piece)
        reach = min(lags, stop)  # earlier inputs are none
        part = padded[start + lags - reach : stop + lags - 1]
        windows = np.lib.stride_tricks.sliding_window_view(part, reach, axis=0).transpose(0, 1, 3, 2)
        flat = np.ascontiguousarray(windows).reshape((stop - start) * width, reach * channels)
        result[start:stop] = (flat @ weights[(lags - reach) * channels :]).reshape(stop - start, width, outputs)
        if report:
            report(stop - start)
    return result


def by_transforms(response, inputs, report=None):
    """The same by overlap-save (Stockham 1966): blocks of inputs, each with the K - 1 before it."""
    from scipy.fft import irfft, rfft

    lags, outputs, channels = response.shape
    steps, width, _ = inputs.shape
    lags = min(lags, steps)
    length = transform_length(lags, steps)
    fresh = length - lags + 1
    spectrum = rfft(response[:lags], length, axis=0).transpose(0, 2, 1)
    result = np.empty((steps, width, outputs))
    for start in range(0, steps, fresh):
        first, stop = start - lags + 1, min(steps, start + fresh)
        part = np.zeros((length, width, channels))
        part[max(0, -first) : stop - first] = inputs[max(0, first) : stop]
        product = rfft(part, axis=0) @ spectrum
        result[start:stop] = irfft(product, length, axis=0)[lags - 1 : lags - 1 + stop - start]
        if report:
            report(stop - start)
    return result


def transform_length(lags, steps):
    """Long beside the response, so that little is worked out twice, and no longer than the whole series needs."""
    from scipy.fft import next_fast_len

    return next_fast_len(min(max(4 * lags, _LEAST_TRANSFORM), steps + lags - 1), real=True)


def direct_operations(lags, steps, width, outputs, channels):
    """Multiplications and additions of :func:`direct`."""
    lags = min(lags, steps)
    return 2.0 * lags * (steps - lags / 2) * width * outputs * channels


def transform_operations(lags, steps, width, outputs, channels):
    """Those of :func:`by_transforms`, about."""
    lags = min(lags, steps)
    length = transform_length(lags, steps)
    blocks = -(-steps // (length - lags + 1))
    transforms = blocks * width * (channels + outputs) + outputs * channels
    return transforms * 2.5 * length * math.log2(length) + 4.0 * blocks * length * width * outputs * channels


def are_transforms_faster(lags, steps, width, outputs, channels):
    if lags == 1:
        return False
    sizes = lags, steps, width, outputs, channels
    layout = direct_operations(lags, steps, width, 1, channels) * _LAYOUT_COST
    return _TRANSFORM_COST * transform_operations(*sizes) < direct_operations(*sizes) + layout
