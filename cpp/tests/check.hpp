// The least a test needs: count what fails, say where.
#pragma once

#include <cstdio>

inline int failed_checks = 0;

#define CHECK(condition)                                                          \
    do {                                                                          \
        if (!(condition) && ++failed_checks <= 20)                                \
            std::printf("%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
    } while (false)

inline int finish_checks() {
    if (failed_checks) std::printf("%d checks failed\n", failed_checks);
    return failed_checks ? 1 : 0;
}
