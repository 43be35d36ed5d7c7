// NumPy arrays as the kernel takes them: C-contiguous, of the right dtype, or None.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <optional>

template <class Real>
using Array = pybind11::array_t<Real, pybind11::array::c_style>;

template <class Real>
using Optional = std::optional<Array<Real>>;

template <class Real>
const Real* data(const Optional<Real>& array) {
    return array ? array->data() : nullptr;
}

template <class Real>
Real* mutable_data(Optional<Real>& array) {
    return array ? array->mutable_data() : nullptr;
}
