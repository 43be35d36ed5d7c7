"""The layers of a chain as one map of the whole state."""

import numpy as np

from ...cells.base import state_slices


class ReferenceChain:
    """Layers with the parts of the state they own."""

    def __init__(self, layers, cells):
        self.layers = layers
        self.slices = state_slices(cells)
        self.cells = cells
        self.size = self.slices[-1].stop

    def step(self, number, x, state):
        """``(outputs, new state)``"""
        new = np.empty_like(state)
        for layer, part in zip(self.layers, self.slices):
            x, new[..., part] = layer.step(number, x, state[..., part])
        return x, new

    def jacobian(self, number, x, state):
        """∂(new state)/∂state, ∂(new state)/∂x, ∂(outputs)/∂state, ∂(outputs)/∂x: ``(B, …, …)`` each.

        What reaches a layer through the layers before it: block by block, the chain rule in depth.
        """
        width, inputs = len(state), self.cells[0].input_size
        wrt_state = np.zeros((width, self.size, self.size), state.dtype)
        wrt_input = np.zeros((width, self.size, inputs), state.dtype)
        signal_state = np.zeros((width, inputs, self.size), state.dtype)  # the signal between layers, by the state
        signal_input = np.broadcast_to(np.eye(inputs, dtype=state.dtype), (width, inputs, inputs))
        for layer, cell, part in zip(self.layers, self.cells, self.slices):
            by_state, by_signal = layer.jacobian(number, x, state[:, part])
            rows_state = np.zeros((width, by_state.shape[1], self.size), state.dtype)
            rows_state[:, :, part] = by_state
            rows_input = np.zeros((width, by_state.shape[1], inputs), state.dtype)
            if by_signal is not None:
                rows_state = rows_state + by_signal @ signal_state
                rows_input = by_signal @ signal_input
            x, _ = layer.step(number, x, state[:, part])
            if cell.state_size:
                wrt_state[:, part], wrt_input[:, part] = rows_state, rows_input
            signal_state, signal_input = rows_state[:, : cell.output_size], rows_input[:, : cell.output_size]
        return wrt_state, wrt_input, signal_state, signal_input

    def pull_back(self, number, x, state, cotangent, output_cotangent):
        """``(∂D/∂x, ∂D/∂(old state), parameter gradients of each layer)``, from ∂D/∂(new state) and ∂D/∂(outputs)."""
        signals = [x]
        for layer, part in zip(self.layers, self.slices):
            signals.append(layer.step(number, signals[-1], state[:, part])[0])
        old, parameters, by_signal = np.empty_like(cotangent), [None] * len(self.layers), output_cotangent
        for index in reversed(range(len(self.layers))):
            layer, cell, part, x = self.layers[index], self.cells[index], self.slices[index], signals[index]
            by_new = by_signal
            if cell.state_size:
                by_new = cotangent[:, part].copy()
                by_new[:, : cell.output_size] += by_signal
            parameters[index] = layer.parameter_gradients(number, x, state[:, part], by_new)
            wrt_state, wrt_signal = layer.jacobian(number, x, state[:, part])
            old[:, part] = np.einsum("bij,bi->bj", wrt_state, by_new)
            if wrt_signal is None:
                by_signal = np.zeros((len(state), cell.input_size), state.dtype)
            else:
                by_signal = np.einsum("bij,bi->bj", wrt_signal, by_new)
        return by_signal, old, parameters

    def push_forward(self, number, x, state, x_tangent, tangent, forcing):
        """``(tangent of the outputs, tangent of the new state)``; ``forcing`` is added, layer by layer."""
        new, start = np.empty_like(tangent), 0
        for layer, cell, part in zip(self.layers, self.cells, self.slices):
            by_state, by_signal = layer.jacobian(number, x, state[:, part])
            moved = np.einsum("bij,bj->bi", by_state, tangent[:, part])
            if by_signal is not None and x_tangent is not None:
                moved = moved + np.einsum("bij,bj->bi", by_signal, x_tangent)
            if forcing is not None:
                moved = moved + forcing[:, start : start + moved.shape[1]]
            start += moved.shape[1]
            x, _ = layer.step(number, x, state[:, part])
            if cell.state_size:
                new[:, part] = moved
            x_tangent = moved[:, : cell.output_size]
        return x_tangent, new
