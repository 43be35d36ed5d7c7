#pragma once

#include <cstdlib>
#include <new>
#include <utility>

#include "rnncore/cells.hpp"

namespace rnncore {

// Memory for kernels: on a cache line, with a line to spare behind it.
template <class Value>
class Buffer {
  public:
    explicit Buffer(Index count) {
        const std::size_t bytes = (sizeof(Value) * static_cast<std::size_t>(count) + 127) / 64 * 64;
        data_ = static_cast<Value*>(std::aligned_alloc(64, bytes));
        if (!data_) throw std::bad_alloc();
    }
    Buffer(Buffer&& other) noexcept : data_(other.data_) { other.data_ = nullptr; }
    ~Buffer() { std::free(data_); }
    Buffer& operator=(Buffer&& other) noexcept {
        std::swap(data_, other.data_);
        return *this;
    }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    Value* data() const { return data_; }

  private:
    Value* data_;
};

}  // namespace rnncore
