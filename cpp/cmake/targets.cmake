# The instruction-set levels of this processor family, best first, and the flags that name them to the compiler.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|amd64")
  set(RNNCORE_TARGETS x86_v4 x86_v3 x86_v2)
  set(RNNCORE_FLAGS_x86_v4 -march=x86-64-v4 -mprefer-vector-width=512)
  set(RNNCORE_FLAGS_x86_v3 -march=x86-64-v3)
  set(RNNCORE_FLAGS_x86_v2 -march=x86-64-v2)
  # The code of 64-byte vectors in AVX2 instructions, to test it on machines without AVX-512.
  option(RNNCORE_WIDE_TARGET "Compile the level x86_wide, for tests" OFF)
  if(RNNCORE_WIDE_TARGET)
    list(APPEND RNNCORE_TARGETS x86_wide)
    set(RNNCORE_FLAGS_x86_wide -march=x86-64-v3 -DRNNCORE_VECTOR_BYTES=64)
  endif()
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  set(RNNCORE_TARGETS neon)
  set(RNNCORE_FLAGS_neon "")
else()
  message(FATAL_ERROR "rnncore has no kernels for ${CMAKE_SYSTEM_PROCESSOR}")
endif()

set(RNNCORE_TARGET_CALLS "")
foreach(target IN LISTS RNNCORE_TARGETS)
  string(APPEND RNNCORE_TARGET_CALLS "DO(${target}) ")
endforeach()
configure_file(cpp/src/targets/target_list.hpp.in target_list.hpp)

# Contraction is spelled out with fma(), so that no compiler decides over bits. No optimisation across files: it could
# lift an instruction of one level into code of another. Integers wrap: the vector functions compute with the bits of
# numbers, also in lanes whose result is then discarded.
option(RNNCORE_UNOPTIMISED "Compile the kernels without optimisation, to test for leaks between levels" OFF)
set(RNNCORE_KERNEL_OPTIONS $<IF:$<BOOL:${RNNCORE_UNOPTIMISED}>,-O0,-O3> -ffp-contract=off -fwrapv -fno-math-errno -fno-trapping-math -fno-lto -Wall -Wextra -Wno-psabi)

# One object library per level (and, for kernels, precision), of the *.dispatch.cpp files.
function(rnncore_dispatch_library name target)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEFINITIONS" ${ARGN})
  add_library(${name} OBJECT ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/cpp/include ${PROJECT_SOURCE_DIR}/cpp/src)
  target_compile_definitions(${name} PRIVATE RNNCORE_TARGET=${target} ${ARG_DEFINITIONS})
  target_compile_options(${name} PRIVATE ${RNNCORE_FLAGS_${target}} ${RNNCORE_KERNEL_OPTIONS})
endfunction()

function(rnncore_compile_for_each_target library)
  set(sources ${PROJECT_SOURCE_DIR}/cpp/src/targets)
  foreach(target IN LISTS RNNCORE_TARGETS)
    rnncore_dispatch_library(rnncore_${target} ${target} SOURCES ${sources}/target.dispatch.cpp
                             ${sources}/vector_math.dispatch.cpp ${sources}/probe.dispatch.cpp)
    target_sources(${library} PRIVATE $<TARGET_OBJECTS:rnncore_${target}>)
    foreach(real float double)
      rnncore_dispatch_library(rnncore_${target}_${real} ${target} SOURCES ${sources}/layers.dispatch.cpp
                               ${sources}/gated_layers.dispatch.cpp DEFINITIONS
                               RNNCORE_REAL=${real})
      target_sources(${library} PRIVATE $<TARGET_OBJECTS:rnncore_${target}_${real}>)
    endforeach()
  endforeach()
endfunction()
