"""State dicts that torch saved, read without it; what else a pickle may hold is refused, and never run."""

import os
import pickle
import subprocess
import sys
import zipfile
from collections import OrderedDict

import numpy as np
import pytest
import torch

import rnncore
from rnncore import GRU, LSTM, Diagonal, Elman, FormatError


def network(kind, layers=1, **options):
    torch.manual_seed(1)
    memory = getattr(torch.nn, kind)(3, 8, layers, **options)
    return torch.nn.ModuleDict({"rnn": memory, "fc": torch.nn.Linear(8, 2)})


@pytest.mark.parametrize("suffix", ["pt", "pth"])
@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("layers", [1, 2])
def test_a_state_dict_gives_the_same_outputs(kind, layers, suffix, tmp_path):
    model, inputs = network(kind, layers), torch.randn(50, 3)
    torch.save(model.state_dict(), tmp_path / f"m.{suffix}")
    cell = rnncore.load(tmp_path / f"m.{suffix}")
    with torch.no_grad():
        expected = model["fc"](model["rnn"](inputs)[0]).numpy()
    # Some 20 roundings of numbers below 2 a step and layer; weights within 1/√8 let little of them stay.
    np.testing.assert_allclose(rnncore.simulate(cell, inputs.numpy()).outputs, expected, atol=3e-6)


def test_parameters_views_and_other_dtypes_are_read(tmp_path):
    big = torch.arange(40, dtype=torch.float64)
    tensors = {
        "weight_hh": torch.nn.Parameter(big[3:19].reshape(4, 4).T),  # a view with an offset, transposed
        "weight_ih": big[::10].reshape(4, 1),  # and one with steps, of the same storage
    }
    torch.save(tensors, tmp_path / "m.pt")
    parameters = rnncore.load(tmp_path / "m.pt").parameters
    for name, tensor in tensors.items():
        np.testing.assert_array_equal(parameters[name], tensor.detach().numpy(), strict=True)
    torch.save({"weight_hh": torch.tensor([0.5j, 1.0], dtype=torch.complex128)}, tmp_path / "m.pt")
    cell = rnncore.load(tmp_path / "m.pt")
    assert isinstance(cell, Diagonal)
    np.testing.assert_array_equal(cell.parameters["weight_hh"], [0.5j, 1])


def test_a_checkpoint_that_holds_one_state_dict_is_read(tmp_path):
    model = network("GRU")
    optimizer = torch.optim.Adam(model.parameters())
    model["fc"](model["rnn"](torch.randn(5, 3))[0]).sum().backward()
    optimizer.step()
    saved = {"epoch": 3, "model": model.state_dict(), "optimizer": optimizer.state_dict(), "loss": 0.5}
    torch.save(saved, tmp_path / "m.pt")
    assert isinstance(rnncore.load(tmp_path / "m.pt").layers[0], GRU)
    torch.save({"model": model.state_dict(), "average": model.state_dict()}, tmp_path / "m.pt")
    with pytest.raises(FormatError, match=r"one state dict, .* but holds several: 'model', 'average'"):
        rnncore.load(tmp_path / "m.pt")


def test_torch_need_not_be_installed(tmp_path):
    torch.save(torch.nn.LSTMCell(2, 3).state_dict(), tmp_path / "m.pt")
    program = "import sys; sys.modules['torch'] = None; import rnncore; print(rnncore.load(sys.argv[1]))"
    run = [sys.executable, "-c", program, str(tmp_path / "m.pt")]
    shown = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    assert shown.startswith("LSTM(input_size=2, output_size=3, state_size=6")


@pytest.mark.parametrize("options, key", [({"proj_size": 4}, "weight_hr_l0"), ({"bidirectional": True}, "reverse")])
def test_options_of_torch_that_no_cell_has_are_refused_by_key(options, key, tmp_path):
    torch.save(torch.nn.LSTM(3, 8, **options).state_dict(), tmp_path / "m.pt")
    with pytest.raises(FormatError, match=key):
        rnncore.load(tmp_path / "m.pt")


class Evil:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def write_pickle(path, content):
    """An archive as torch.save makes it, around any pickle."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", content if isinstance(content, bytes) else pickle.dumps(content, 2))


def test_nothing_in_a_pickle_is_run(tmp_path):
    for content in (Evil(str(tmp_path / "run")), {"weight_hh": Evil(str(tmp_path / "run"))}):
        write_pickle(tmp_path / "m.pt", content)
        with pytest.raises(
            FormatError, match=r"m\.pt: it holds Python objects, (posix|nt)\.mkdir, which are never read"
        ):
            rnncore.load(tmp_path / "m.pt")
    assert not (tmp_path / "run").exists()


def test_a_whole_module_is_refused(tmp_path):
    torch.save(torch.nn.GRUCell(2, 2), tmp_path / "m.pt")
    with pytest.raises(FormatError, match=r"torch.nn.modules.rnn.GRUCell, .* save the state_dict\(\) alone"):
        rnncore.load(tmp_path / "m.pt")


@pytest.mark.parametrize(
    "dtype, message", [("float16", "'weight_hh' is float16"), ("bfloat16", "torch.BFloat16Storage")]
)
def test_half_precision_is_refused(dtype, message, tmp_path):
    torch.save({"weight_hh": torch.ones(2, 2, dtype=getattr(torch, dtype))}, tmp_path / "m.pt")
    with pytest.raises(FormatError, match=f"{message}; convert the weights to float32 or float64 first"):
        rnncore.load(tmp_path / "m.pt")


def test_a_file_of_old_torch_is_refused(tmp_path):
    torch.save({"weight_hh": torch.ones(2, 2)}, tmp_path / "m.pt", _use_new_zipfile_serialization=False)
    with pytest.raises(FormatError, match=r"m\.pt: of the format before torch 1.6"):
        rnncore.load(tmp_path / "m.pt")


@pytest.mark.parametrize(
    "content, message",
    [
        ([1, 2], "one state dict, of names and tensors, but holds none"),
        ({}, "but holds none"),
        (OrderedDict(weight_hh=1.0), "but holds none"),
        (b"\x80\x02", "data.pkl is damaged"),
        (b"", "data.pkl is damaged"),
    ],
)
def test_other_pickles_are_refused(content, message, tmp_path):
    write_pickle(tmp_path / "m.pt", content)
    with pytest.raises(FormatError, match=rf"m\.pt: .*{message}"):
        rnncore.load(tmp_path / "m.pt")


@pytest.mark.parametrize(
    "offset, shape, strides",
    [(0, (3, 2), (2, 1)), (4, (1,), (1,)), (-1, (2,), (1,)), (0, (2, 2), (3, 1)), (0, (2,), (-1,)), (0, (2, 2), (1,))],
)
def test_a_tensor_outside_its_storage_is_refused(offset, shape, strides, tmp_path):
    """As if the file had been tampered with: numbers beyond the four of the storage."""
    torch.save({"weight_hh": torch.ones(2, 2)}, tmp_path / "whole.pt")
    with zipfile.ZipFile(tmp_path / "whole.pt") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}

    class Tensor:
        def __reduce__(self):
            return torch._utils._rebuild_tensor_v2, (Storage(), offset, shape, strides, False, OrderedDict())

    class Storage:
        pass

    class Pickler(pickle._Pickler):
        def persistent_id(self, value):
            return ("storage", torch.FloatStorage, "0", "cpu", 4) if isinstance(value, Storage) else None

    with open(tmp_path / "data.pkl", "wb") as file:
        Pickler(file, 2).dump({"weight_hh": Tensor()})
    with zipfile.ZipFile(tmp_path / "m.pt", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, (tmp_path / "data.pkl").read_bytes() if name.endswith("data.pkl") else content)
    with pytest.raises(FormatError, match="lies outside its storage"):
        rnncore.load(tmp_path / "m.pt")


def test_every_truncation_is_an_error_with_the_files_name(tmp_path):
    torch.save({"weight_hh": torch.ones(4, 1)}, tmp_path / "whole.pt")
    assert isinstance(rnncore.load(tmp_path / "whole.pt"), LSTM)
    whole, path = (tmp_path / "whole.pt").read_bytes(), tmp_path / "cut.pt"
    for length in [*range(0, 300), *range(300, len(whole), 37), len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(FormatError, match=r"cut\.pt"):
            rnncore.load(path)


def test_damaged_numbers_are_noticed(tmp_path):
    torch.save({"weight_hh": torch.full((30, 30), 0.5)}, tmp_path / "m.pt")
    assert isinstance(rnncore.load(tmp_path / "m.pt"), Elman)
    damaged = bytearray((tmp_path / "m.pt").read_bytes())
    damaged[damaged.index(b"\0\0\0?\0\0\0?") + 8] ^= 1
    (tmp_path / "m.pt").write_bytes(damaged)
    with pytest.raises(FormatError, match=r"m\.pt: truncated or damaged"):
        rnncore.load(tmp_path / "m.pt")
