"""Tangents of inputs and layers carried through a chain, beside the trajectory."""

from .buffers import Buffer


def push_forward(layers, inputs, steps, state, tangent, start, input_tangents, forcing, outputs, output_tangents):
    sloped = [place for place, layer in enumerate(layers.layers) if layer.slopes]
    for first, count, buffers, slopes in layers.simulate(inputs, steps, state, start, sloped):
        if first == 0:
            batch, dtype = tangent.shape[0], tangent.dtype
            received = Buffer(count, batch, layers.cells[0].input_size, dtype)
            tangents, forces = (layers.buffers(count, batch, dtype) for _ in range(2))
            drives = layers.drives(count, batch, dtype)
            layers.set_state(tangents, tangent)
        rows, signal, unit = slice(first, first + count), None, 0
        if input_tangents is not None:
            received.values(count)[...] = input_tangents[rows]
            signal = received
        for place, (layer, y, z, force) in enumerate(zip(layers.layers, tangents, drives, forces)):
            if forcing is not None:
                size = y.parts * y.size
                force.rows(count)[...] = y.split(forcing[rows, :, unit : unit + size])
                unit += size
            added = None if forcing is None else force
            layer.push_forward(start + first + 1, count, slopes[place], signal, y, z, added)
            signal = y
        outputs[rows], output_tangents[rows] = buffers[-1].values(count), signal.values(count)
        for y in tangents:
            y.steps[0] = y.steps[count]
        layers.get_state(tangents, tangent)
