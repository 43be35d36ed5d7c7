#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

void register_targets(pybind11::module_& module);
void register_networks(pybind11::module_& module);
void register_probe(pybind11::module_& module);
