#include "back_propagation.hpp"

#include "bindings.hpp"

namespace py = pybind11;
using rnncore::Index;

template <class Real>
void define_back_propagation(py::module_& module, py::class_<rnncore::Network<Real>>& type, const char* tape_name) {
    using Network = rnncore::Network<Real>;
    using Tape = rnncore::Tape<Real>;
    py::class_<Tape>(module, tape_name);
    type.def("tape_bytes", &Network::tape_bytes, py::arg("width"));
    type.def("block_bytes", &Network::block_bytes, py::arg("width"));
    type.def(
        "record",
        [](const Network& network, Optional<Real> inputs, Index steps, Array<Real> state, Index start,
           Optional<Real> outputs, int threads) {
            auto stretch = stretch_of(inputs, steps, state, start);
            stretch.outputs = mutable_data(outputs);
            py::gil_scoped_release release;
            return network.record(stretch, threads);
        },
        py::keep_alive<0, 1>(), py::arg("inputs").noconvert(), py::arg("steps"), py::arg("state").noconvert(),
        py::arg("start"), py::arg("outputs").noconvert(), py::arg("threads"));
    type.def(
        "accumulate_gradients",
        [](const Network& network, const Tape& tape, Optional<Real> inputs, Index steps, Array<Real> cotangent,
           Index start, Optional<Real> output_cotangents, Optional<bool> cuts,
           std::vector<std::vector<Optional<double>>> parameters, std::vector<Optional<Real>> matrices,
           Optional<Real> input_cotangents, int threads) {
            const auto stretch = stretch_of(inputs, steps, cotangent, start);
            const rnncore::Cotangents<Real> cotangents{cotangent.mutable_data(), data(output_cotangents), data(cuts),
                                                       mutable_data(input_cotangents)};
            std::vector<rnncore::LayerGradients<Real>> gradients(parameters.size());
            for (std::size_t i = 0; i < parameters.size(); ++i) {
                for (std::size_t p = 0; p < parameters[i].size(); ++p)
                    gradients[i].parameters[p] = mutable_data(parameters[i][p]);
                gradients[i].matrices = mutable_data(matrices[i]);
            }
            py::gil_scoped_release release;
            network.accumulate_gradients(tape, stretch, cotangents, gradients.data(), threads);
        },
        py::arg("tape"), py::arg("inputs").noconvert(), py::arg("steps"), py::arg("cotangent").noconvert(),
        py::arg("start"), py::arg("output_cotangents").noconvert(), py::arg("cuts").noconvert(), py::arg("parameters"),
        py::arg("matrices"), py::arg("input_cotangents").noconvert(), py::arg("threads"));
}

template void define_back_propagation(py::module_&, py::class_<rnncore::Network<float>>&, const char*);
template void define_back_propagation(py::module_&, py::class_<rnncore::Network<double>>&, const char*);
