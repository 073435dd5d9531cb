#include "io/input_stream.hpp"

#include "io/errors.hpp"

namespace mts::io {

void SourceStream::read(void* destination, size_t count) {
    source_.read_at(position_, destination, count);
    position_ += count;
}

void SourceStream::finish() {
    if (remaining() != 0) {
        throw serialization_error("there are ", remaining(), " unexpected bytes at the end");
    }
}

} // namespace mts::io
