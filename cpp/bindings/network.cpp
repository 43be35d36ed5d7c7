// Networks: arrays in, arrays out, the GIL released.
#include "rnncore/network.hpp"

#include "back_propagation.hpp"
#include "bindings.hpp"
#include "jacobian_walks.hpp"

namespace py = pybind11;
using rnncore::Index;

namespace {

rnncore::Nonlinearity nonlinearity(const std::string& name) {
    static const char* const names[] = {"identity", "tanh", "relu", "sigmoid", "elu", "softplus"};
    for (int i = 0; i < 6; ++i)
        if (name == names[i]) return static_cast<rnncore::Nonlinearity>(i);
    throw py::value_error("unknown nonlinearity " + name);
}

rnncore::Layout layout(const std::string& name) {
    static const char* const names[] = {"single", "batch", "tangent", "adjoint", "batch_adjoint"};
    for (int i = 0; i < 5; ++i)
        if (name == names[i]) return static_cast<rnncore::Layout>(i);
    throw py::value_error("unknown layout " + name);
}

template <class Real>
Index columns(const Optional<Real>& weight_ih) {
    return weight_ih ? weight_ih->shape(1) : 0;
}

template <class Real>
rnncore::Elman<Real> elman(Index size, const Optional<Real>& weight_ih, const Optional<Real>& bias,
                           const std::string& phi, Real leak) {
    rnncore::Elman<Real> cell;
    cell.size = size;
    cell.input_size = columns(weight_ih);
    cell.weight_ih = data(weight_ih);
    cell.bias = data(bias);
    cell.nonlinearity = nonlinearity(phi);
    cell.leak = leak;
    return cell;
}

template <class Real>
void register_network(py::module_& module, const char* name, const char* tape_name) {
    using Network = rnncore::Network<Real>;
    py::class_<Network> type(module, name);
    type.def(py::init([](const std::string& name) { return Network(layout(name)); }), py::arg("layout"))
        .def_property_readonly("target", &Network::target)
        .def(
            "add_elman",
            [](Network& network, Array<Real> weight_hh, Optional<Real> weight_ih, Optional<Real> bias,
               const std::string& phi, Real leak) {
                rnncore::Elman<Real> cell = elman(weight_hh.shape(0), weight_ih, bias, phi, leak);
                cell.weight_hh = weight_hh.data();
                network.add(cell);
            },
            py::arg("weight_hh").noconvert(), py::arg("weight_ih").noconvert(), py::arg("bias").noconvert(),
            py::arg("nonlinearity"), py::arg("leak"))
        .def(
            "add_sparse_elman",
            [](Network& network, Array<std::int64_t> row_starts, Array<std::int32_t> columns, Array<Real> values,
               Optional<Real> weight_ih, Optional<Real> bias, const std::string& phi, Real leak) {
                const rnncore::SparseRows<Real> rows{row_starts.data(), columns.data(), values.data()};
                rnncore::Elman<Real> cell = elman(row_starts.size() - 1, weight_ih, bias, phi, leak);
                cell.sparse_hh = &rows;
                network.add(cell);
            },
            py::arg("row_starts").noconvert(), py::arg("columns").noconvert(), py::arg("values").noconvert(),
            py::arg("weight_ih").noconvert(), py::arg("bias").noconvert(), py::arg("nonlinearity"), py::arg("leak"))
        .def(
            "add_dense",
            [](Network& network, Array<Real> weight, Optional<Real> bias, const std::string& phi) {
                network.add(rnncore::Dense<Real>{weight.shape(0), weight.shape(1), weight.data(), data(bias),
                                                 nonlinearity(phi)});
            },
            py::arg("weight").noconvert(), py::arg("bias").noconvert(), py::arg("nonlinearity"))
        .def(
            "add_matrix_sequence",
            [](Network& network, Array<Real> matrices) {
                network.add(rnncore::MatrixSequence<Real>{matrices.shape(1), matrices.shape(0), matrices.data()});
            },
            py::keep_alive<1, 2>(), py::arg("matrices").noconvert())
        .def(
            "add_lstm",
            [](Network& network, Array<Real> weight_hh, Optional<Real> weight_ih, Optional<Real> bias,
               Optional<Real> peephole_i, Optional<Real> peephole_f, Optional<Real> peephole_o) {
                rnncore::LSTM<Real> cell;
                cell.size = weight_hh.shape(1);
                cell.input_size = columns(weight_ih);
                cell.weight_hh = weight_hh.data();
                cell.weight_ih = data(weight_ih);
                cell.bias = data(bias);
                cell.peephole_i = data(peephole_i);
                cell.peephole_f = data(peephole_f);
                cell.peephole_o = data(peephole_o);
                network.add(cell);
            },
            py::arg("weight_hh").noconvert(), py::arg("weight_ih").noconvert(), py::arg("bias").noconvert(),
            py::arg("peephole_i").noconvert(), py::arg("peephole_f").noconvert(), py::arg("peephole_o").noconvert())
        .def(
            "add_gru",
            [](Network& network, Array<Real> weight_hh, Optional<Real> weight_ih, Optional<Real> bias,
               Optional<Real> bias_hn, bool reset_after) {
                rnncore::GRU<Real> cell;
                cell.size = weight_hh.shape(1);
                cell.input_size = columns(weight_ih);
                cell.weight_hh = weight_hh.data();
                cell.weight_ih = data(weight_ih);
                cell.bias = data(bias);
                cell.bias_hn = data(bias_hn);
                cell.reset_after = reset_after;
                network.add(cell);
            },
            py::arg("weight_hh").noconvert(), py::arg("weight_ih").noconvert(), py::arg("bias").noconvert(),
            py::arg("bias_hn").noconvert(), py::arg("reset_after"))
        .def(
            "add_diagonal",
            [](Network& network, Array<Real> weight_hh, Optional<Real> weight_ih, Optional<Real> bias, bool complex) {
                network.add(rnncore::Diagonal<Real>{weight_hh.shape(0), columns(weight_ih), weight_hh.data(),
                                                    data(weight_ih), data(bias), complex});
            },
            py::arg("weight_hh").noconvert(), py::arg("weight_ih").noconvert(), py::arg("bias").noconvert(),
            py::arg("complex"))
        .def(
            "add_gated_diagonal",
            [](Network& network, Array<Real> weight_ih, Array<Real> weight_gate, Optional<Real> bias,
               Optional<Real> bias_gate, const std::string& phi, const std::string& gate) {
                network.add(rnncore::GatedDiagonal<Real>{weight_ih.shape(0), weight_ih.shape(1), weight_ih.data(),
                                                         weight_gate.data(), data(bias), data(bias_gate),
                                                         nonlinearity(phi), nonlinearity(gate)});
            },
            py::arg("weight_ih").noconvert(), py::arg("weight_gate").noconvert(), py::arg("bias").noconvert(),
            py::arg("bias_gate").noconvert(), py::arg("nonlinearity"), py::arg("gate_nonlinearity"))
        .def(
            "add_delay_line",
            [](Network& network, Index steps, Index input_size) {
                network.add(rnncore::DelayLine<Real>{steps, input_size});
            },
            py::arg("steps"), py::arg("input_size"))
        .def(
            "simulate",
            [](const Network& network, Optional<Real> inputs, Index steps, Array<Real> state, Index start, Index every,
               Optional<Real> outputs, Optional<Real> states, int threads) {
                auto stretch = stretch_of(inputs, steps, state, start);
                stretch.every = every;
                stretch.outputs = mutable_data(outputs);
                stretch.states = mutable_data(states);
                py::gil_scoped_release release;
                network.simulate(stretch, threads);
            },
            py::arg("inputs").noconvert(), py::arg("steps"), py::arg("state").noconvert(), py::arg("start"),
            py::arg("every"), py::arg("outputs").noconvert(), py::arg("states").noconvert(), py::arg("threads"));
    define_jacobian_walks(type);
    define_back_propagation(module, type, tape_name);
}

}  // namespace

void register_networks(py::module_& module) {
    register_network<float>(module, "FloatNetwork", "FloatTape");
    register_network<double>(module, "DoubleNetwork", "DoubleTape");
}
