// The limits of the machine: fixed amounts of work for Python to time, the GIL released.
#include "rnncore/probe.hpp"

#include "bindings.hpp"

namespace py = pybind11;

namespace {

using Bytes = py::array_t<std::uint8_t, py::array::c_style>;

std::int64_t probe_fma(const std::string& dtype, std::int64_t rounds) {
    if (dtype != "float32" && dtype != "float64")
        throw py::value_error("dtype must be float32 or float64; got '" + dtype + "'");
    const rnncore::Probe& probe = rnncore::probe();
    py::gil_scoped_release release;
    return dtype == "float32" ? probe.fma_float32(rounds) : probe.fma_float64(rounds);
}

std::int64_t probe_load(const Bytes& buffer, std::int64_t repeats) {
    const rnncore::Probe& probe = rnncore::probe();
    const void* data = buffer.data();
    const std::int64_t bytes = buffer.nbytes();
    py::gil_scoped_release release;
    return probe.load(data, bytes, repeats);
}

std::int64_t probe_store(Bytes& buffer, std::int64_t repeats) {
    const rnncore::Probe& probe = rnncore::probe();
    void* data = buffer.mutable_data();
    const std::int64_t bytes = buffer.nbytes();
    py::gil_scoped_release release;
    return probe.store(data, bytes, repeats);
}

}  // namespace

void register_probe(py::module_& module) {
    module.def("probe_fma", &probe_fma, py::arg("dtype"), py::arg("rounds"));
    module.def("probe_load", &probe_load, py::arg("buffer").noconvert(), py::arg("repeats"));
    module.def("probe_store", &probe_store, py::arg("buffer").noconvert(), py::arg("repeats"));
}
