"""The optimiser of the examples."""

import numpy as np
import pytest


def test_it_is_torchs_adam_with_clipped_gradients(example, rng):
    import torch

    start = {"a": rng.normal(size=(3, 2)), "b": rng.normal(size=4)}
    optimiser = example("adam").Adam(start)
    weights = {name: torch.tensor(array, requires_grad=True) for name, array in start.items()}
    judge = torch.optim.Adam(weights.values(), lr=0.01)
    for scale in np.repeat([10.0, 0.01], 50):  # clipped, then not
        gradients = {name: scale * rng.normal(size=array.shape) for name, array in start.items()}
        optimiser.update(gradients, 0.01)
        for name, weight in weights.items():
            weight.grad = torch.tensor(gradients[name])
        torch.nn.utils.clip_grad_norm_(weights.values(), 1.0)
        judge.step()
    # torch clips to 1 / (norm + 1e-6) and adds Adam's 1e-8 at another place: 1e-6 of a step.
    for name, weight in weights.items():
        np.testing.assert_allclose(optimiser.values[name], weight.detach().numpy(), rtol=0, atol=1e-5)


def test_it_goes_on_from_its_state_with_the_same_bits(example, rng):
    adam, start = example("adam"), {"a": rng.normal(size=5)}
    gradients = rng.normal(size=(20, 5))
    whole, first, second = adam.Adam(start), adam.Adam(start), adam.Adam(start)
    for gradient in gradients:
        whole.update({"a": gradient}, 0.1)
    for gradient in gradients[:7]:
        first.update({"a": gradient}, 0.1)
    second.restore(first.state())
    for gradient in gradients[7:]:
        second.update({"a": gradient}, 0.1)
    assert second.updates == 20
    np.testing.assert_array_equal(second.values["a"], whole.values["a"])
    with pytest.raises(KeyError):
        second.restore({})
