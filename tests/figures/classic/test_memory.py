"""Who remembers, who tells patterns apart, and who holds a value until a flag releases it."""

import numpy as np
import pytest

import rnncore
from rnncore.figures.classic.real_series import TRAINED, temperatures, trained_network

from .small import SIZES, small


def test_horizons_are_the_lags_from_which_on_one_per_cent_is_left():
    numbers = small("memory_horizons").numbers
    for name, horizon in numbers["horizons"].items():
        lags, curve = numbers["lags"], numbers["curves"][name]
        assert curve[0] == pytest.approx(1)
        if np.isnan(horizon):
            assert curve[-1] > 0.01 and numbers["verdicts"][name] != "forgets"
        else:
            assert (curve[lags >= horizon] <= 0.01).all()
            assert curve[np.flatnonzero(lags < horizon)[-1]] > 0.005  # the last lag drawn before it


def test_memories_last_from_a_few_steps_to_for_ever_by_the_kind_of_cell():
    horizons = small("memory_horizons").numbers["horizons"]
    order = ("sigmoid", "tanh", "LSTM", TRAINED, "linear units")
    known = [horizons[name] for name in order if not np.isnan(horizons[name])]
    assert len(known) >= 4 and known == sorted(known) and known[0] < 10
    for name in ("linear, orthogonal", "tanh, radius 4", "LSTM, open gates", "gated memory"):
        assert np.isnan(horizons[name])


def test_an_orthogonal_recursion_forgets_nothing():
    curve = small("memory_horizons").numbers["curves"]["linear, orthogonal"]
    np.testing.assert_allclose(curve, 1, rtol=1e-11)


def test_patterns_are_told_apart_for_ever_only_by_what_carries_them():
    numbers = small("marked_pattern").numbers
    until, last = numbers["told_apart_until"], numbers["lags"][-1]
    assert until["switched by the mark"] == until["linear, orthogonal"] == last
    for name in ("sigmoid", "tanh", "ReLU", "LSTM", "GRU"):
        assert until[name] < last / 2
    assert until["sigmoid"] < until[TRAINED]
    for name, separation in numbers["separation"].items():
        apart = np.flatnonzero(separation >= numbers["threshold"])
        assert until[name] == numbers["lags"][apart[-1]] if len(apart) else np.isnan(until[name])


def test_distractors_do_not_move_what_the_mark_has_switched():
    assert np.isposinf(small("marked_pattern").numbers["separation"]["switched by the mark"]).all()


def test_the_trained_network_sees_the_temperatures_it_was_trained_on():
    from rnncore.figures.classic.marked_pattern import _trained

    values = temperatures()[:200]
    standardised = (values - temperatures().mean()) / temperatures().std()
    marked = np.column_stack([standardised, np.ones(len(values))])
    np.testing.assert_allclose(
        rnncore.simulate(_trained(), marked).outputs,
        rnncore.simulate(trained_network().layers[0], values).outputs,
        atol=1e-9,
    )


def test_a_value_is_given_back_to_the_last_bit():
    numbers = small("switched_memory").numbers
    assert numbers["given_back"] == numbers["stored"] != 0
    assert numbers["distinct_held"] == 1
    held, steps = numbers["shown_held"], numbers["shown_steps"]
    assert (held[steps >= 20] == numbers["stored"]).all() and steps[-1] == 20 + SIZES["switched_memory"]["steps"] + 1
    assert not numbers["shown_outputs"][:-1].any() and numbers["shown_outputs"][-1] == numbers["stored"]


def test_a_readout_of_the_gated_memory_misses_nothing_and_of_others_most():
    missed = dict(small("switched_memory").numbers["missed"])
    assert missed.pop("gated memory").max() < 1e-9
    assert len(missed) == 6
    for shares in missed.values():
        assert shares[0] < 0.5 < shares[-1]


def test_the_gated_memory_carries_the_gradient_and_contracting_networks_lose_it():
    gradients = small("switched_memory").numbers["log2_gradients"]
    np.testing.assert_array_equal(gradients["gated memory"], 0)
    assert gradients["tanh, spectral radius 0.9"][-1] < -1000
