// Tests that run on the instruction-set level named on the command line, and their random numbers.
#pragma once

#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "check.hpp"
#include "rnncore/cells.hpp"
#include "rnncore/targets.hpp"

inline std::mt19937 generator(7);

template <class Real>
std::vector<Real> random_values(rnncore::Index count, double scale) {
    std::normal_distribution<double> normal(0, scale);
    std::vector<Real> values(count);
    for (Real& value : values) value = static_cast<Real>(normal(generator));
    return values;
}

// What main returns.
inline int check_level(const std::string& target, void (*check)(const std::string& target)) {
    for (const auto& compiled : rnncore::compiled_targets())
        if (compiled.name == target && compiled.supported) {
            check(target);
            return finish_checks();
        }
    std::printf("this machine cannot run %s\n", target.c_str());
    return 77;  // ctest: not run
}
