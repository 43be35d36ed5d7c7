"""One layer in one direction, as a function that torch can differentiate."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from ..backpropagation import record
from ..simulation import simulate
from .arguments import check_cotangent


@dataclass(frozen=True)
class Walk:
    """What a walk is told beside tensors.

    Attributes
    ----------
    build : function of a dict of str to array
        From the weights by name to the cell.
    names : tuple of str
        Of the weights, in the order in which their tensors are given.
    memory_limit : int, str or None
        As for :func:`rnncore.record`.
    """

    build: Callable
    names: tuple
    memory_limit: int | str | None

    def __call__(self, inputs, state, weights):
        """Outputs (T, B, n) and final state (B, state_size) of inputs (T, B, n_in) and state (B, state_size)."""
        recorded = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in (inputs, state, *weights))
        outputs, final_state, _ = Forward.apply(self, recorded, inputs, state, *weights)
        return outputs, final_state


class Forward(torch.autograd.Function):
    """The tape hangs on an empty tensor among those saved for the way back: it lives exactly as long as torch keeps
    these, and where hooks on saved tensors have put another in its place, it is made again."""

    @staticmethod
    def forward(walk, recorded, inputs, state, *weights):
        tape = torch.empty(0)
        if recorded:
            tape.recording = _record(walk, inputs, state, weights)
            trajectory = tape.recording.trajectory
        else:
            cell, arrays = _prepare(walk, inputs, state, weights)
            trajectory = simulate(cell, **arrays)
        return torch.from_numpy(trajectory.outputs), torch.from_numpy(trajectory.final_state), tape

    @staticmethod
    def setup_context(ctx, inputs, output):
        walk, _, *tensors = inputs
        ctx.walk = walk
        ctx.mark_non_differentiable(output[2])
        ctx.save_for_backward(output[2], *tensors)
        ctx.set_materialize_grads(False)

    @staticmethod
    def backward(ctx, cotangent, final_state_cotangent, _):
        wanted = ctx.needs_input_grad[2:]
        gradients = Backward.apply(ctx.walk, wanted, cotangent, final_state_cotangent, *ctx.saved_tensors)
        return None, None, *gradients


class Backward(torch.autograd.Function):
    """The walk back, of which torch learns that it has no derivative here. ``once_differentiable`` would let
    a gradient of gradients pass for zero where the cotangent needs no gradient."""

    @staticmethod
    def forward(walk, wanted, cotangent, final_state_cotangent, tape, inputs, state, *weights):
        if cotangent is None and final_state_cotangent is None:
            return (None,) * len(wanted)
        recording = getattr(tape, "recording", None) or _record(walk, inputs, state, weights)
        cotangent, final_state_cotangent = _array(cotangent), _array(final_state_cotangent)
        check_cotangent("output", cotangent)
        check_cotangent("final state", final_state_cotangent)
        names = ("inputs", "state", *walk.names)
        gradients = recording.gradients(
            cotangent,
            final_state_cotangent=final_state_cotangent,
            check_finite=False,
            wrt=tuple(name for name, is_wanted in zip(names, wanted) if is_wanted),
        )
        found = {"inputs": gradients.inputs, "state": gradients.state, **gradients.parameters}
        return tuple(torch.from_numpy(found[name]) if is_wanted else None for name, is_wanted in zip(names, wanted))

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass

    @staticmethod
    def backward(ctx, *cotangents):
        raise NotImplementedError(
            "rnncore.torch gives first derivatives only: nothing that depends on a gradient of its modules can be "
            "differentiated again"
        )


def _record(walk, inputs, state, weights):
    cell, arrays = _prepare(walk, inputs, state, weights)
    return record(cell, memory_limit=walk.memory_limit, **arrays)


def _prepare(walk, inputs, state, weights):
    cell = walk.build({name: _array(weight) for name, weight in zip(walk.names, weights)})
    arguments = {"inputs": _array(inputs), "state": _array(state), "threads": torch.get_num_threads()}
    return cell, {**arguments, "check_finite": False}  # input and hx were checked as a whole


def _array(tensor):
    """The tensor's own memory as an array."""
    return None if tensor is None else tensor.numpy(force=True)
