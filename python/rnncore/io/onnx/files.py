"""The protobuf of an .onnx file, and the arrays of its tensors."""

import math
import os

from ...errors import FormatError


def import_onnx(path):
    try:
        import onnx
        import onnx.numpy_helper
    except ImportError as error:
        raise ImportError(f"{path}: reading .onnx files needs onnx: pip install 'rnncore[onnx]' ({error})") from None
    return onnx


class File:
    """A parsed model, and how its tensors are read.

    Attributes
    ----------
    path : str
    model : onnx.ModelProto
        Without the data that stands in other files.
    size : int
        Bytes of the file.
    """

    def __init__(self, path):
        self.path = path
        self._onnx = import_onnx(path)
        self.size = os.path.getsize(path)
        if self.size == 0:
            raise FormatError(f"{path}: the file is empty")
        self.model = self._parse()

    def _parse(self):
        from google.protobuf.message import DecodeError

        model = self._onnx.ModelProto()
        with open(self.path, "rb") as file:
            data = file.read()
        try:
            model.ParseFromString(data)
        except (DecodeError, ValueError, RuntimeError, RecursionError) as error:
            raise FormatError(f"{self.path}: truncated, damaged, or no ONNX file: {error}") from None
        for field in ("graph", "ir_version"):
            if not model.HasField(field):
                raise FormatError(f"{self.path}: truncated, or no ONNX file: it has no {field}")
        if not model.opset_import:
            raise FormatError(f"{self.path}: truncated, or no ONNX file: it has no opset_import")
        return model

    def array(self, tensor):
        """The array of a TensorProto, from this file or the one it names beside it."""
        dims = list(tensor.dims)
        if any(size < 0 for size in dims):
            raise FormatError(f"{self.path}: tensor {tensor.name!r} has the shape {dims}")
        external = tensor.data_location == self._onnx.TensorProto.EXTERNAL
        if external:
            self._check_external(tensor)
        try:
            array = self._onnx.numpy_helper.to_array(tensor, base_dir=os.path.dirname(self.path))
        except OSError as error:
            raise FormatError(f"{self.path}: the data of tensor {tensor.name!r} cannot be read: {error}") from None
        except Exception as error:  # whatever damage makes of it: onnx promises no kind of error
            raise FormatError(f"{self.path}: tensor {tensor.name!r} is truncated or damaged: {error}") from None
        if external:
            tensor.ClearField("raw_data")  # to_array leaves a copy there
        if array.size != math.prod(dims):
            raise FormatError(f"{self.path}: tensor {tensor.name!r} holds {array.size} numbers, not {dims}")
        return array

    def _check_external(self, tensor):
        entries = {entry.key: entry.value for entry in tensor.external_data}
        location = entries.get("location", "")
        outside = os.path.isabs(location) or ".." in location.replace("\\", "/").split("/")
        if not location or outside:
            raise FormatError(
                f"{self.path}: the data of tensor {tensor.name!r} is said to be in {location!r}; only files beside the "
                "model are read"
            )
        place = os.path.join(os.path.dirname(self.path), location)
        if not os.path.isfile(place):
            raise FormatError(
                f"{self.path}: the data of tensor {tensor.name!r} should be in {location!r} beside it, which is missing"
            )
        offset, length = entries.get("offset", "0"), entries.get("length", "0")
        if not (offset.isdecimal() and length.isdecimal() and int(offset) + int(length) <= os.path.getsize(place)):
            raise FormatError(
                f"{self.path}: the data of tensor {tensor.name!r}, {length} bytes at offset {offset}, is not within "
                f"{location!r} of {os.path.getsize(place)} bytes"
            )
