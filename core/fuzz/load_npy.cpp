// Headers and data in the NPY format, for labels and for the values of blocks

#include "loaders.hpp"

using namespace io_support;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static const auto samples = saved(range("s", 2));
    static const auto properties = saved(range("p", 2));

    auto npy = Bytes(data, data + size);
    fuzz::check_loader<fuzz::LabelsLoader>(npy);

    auto as_values = {
        Member("values.npy", npy),
        Member("samples.npy", samples),
        Member("components/0.npy", properties),
        Member("properties.npy", properties),
    };
    fuzz::check_loader<fuzz::BlockLoader>(zip(as_values));

    auto as_labels = {
        Member("values.npy", io_support::npy(VALUES_HEADER, Bytes(32))),
        Member("samples.npy", npy),
        Member("properties.npy", properties),
    };
    fuzz::check_loader<fuzz::BlockLoader>(zip(as_labels));
    CHECK_EQ(live_arrays.load(), 0);
    return 0;
}
