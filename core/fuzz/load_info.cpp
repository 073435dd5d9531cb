// The information about a tensor map, which is JSON

#include "loaders.hpp"

using namespace io_support;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static const auto keys = saved(labels({"key"}, {}));

    auto members = {Member("keys.npy", keys), Member("info.json", Bytes(data, data + size))};
    fuzz::check_loader<fuzz::TensorLoader>(zip(members));
    return 0;
}
