// Archives with right sizes and checksums, made by `archive_mutator.cpp`

#include "loaders.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    auto bytes = fuzz::Bytes(data, data + size);
    fuzz::check_loader<fuzz::BlockLoader>(bytes);
    fuzz::check_loader<fuzz::TensorLoader>(bytes);
    CHECK_EQ(io_support::live_arrays.load(), 0);
    return 0;
}
