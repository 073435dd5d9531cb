// Any bytes, as any kind of object

#include "loaders.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    fuzz::check_all_loaders(fuzz::Bytes(data, data + size));
    return 0;
}
