// Mapping files, and reading parts of them. Archives are made by `archive_mutator.cpp`.

#include <metatensor/files.h>

#include "loaders.hpp"

using namespace io_support;

namespace {

/// Labels that do not use an array of the tests, which are all counted
Labels selection(const std::vector<const char*>& names, const std::vector<int32_t>& values) {
    return load_labels(saved(labels(names, values)));
}

/// Check that what was read in another way is the same as what was loaded, or that both failed
template <typename Object>
void check_same(const Object& loaded, const Object& read) {
    CHECK_EQ(read != nullptr, loaded != nullptr);
    if (loaded != nullptr) {
        CHECK(saved(read) == saved(loaded));
    }
}

/// Use a result: the data of arrays is read when it is saved
template <typename Object>
void check_usable(const Object& object) {
    CHECK(object == nullptr || !saved(object).empty());
}

void read_tensor(const mts_file_t* file, const Tensor& loaded, size_t limit) {
    static const auto keys = selection({"key"}, {0});
    static const auto samples = selection({"s"}, {1, 0});
    static const auto properties = selection({"p"}, {2, 0, 7});

    auto read = [&](const Labels& some_keys, const Labels& some_samples, const Labels& some_props) {
        return fuzz::with_memory_limit(limit, [&] {
            return own(mts_file_read_tensormap(
                file, some_keys.get(), some_samples.get(), some_props.get(), create_array
            ));
        });
    };
    check_same(loaded, read({}, {}, {}));
    check_usable(read(keys, {}, {}));
    check_usable(read({}, samples, {}));
    check_usable(read({}, {}, properties));
    check_usable(read(keys, samples, properties));

    auto mapped = fuzz::with_memory_limit(limit, [&] {
        return own(mts_file_map_tensormap(file, nullptr, nullptr, nullptr));
    });
    if (loaded != nullptr) {
        check_same(loaded, mapped);
    }
    check_usable(mapped);
    check_usable(own(mts_file_tensormap_metadata(file, keys.get(), create_array)));
}

void read_block(const mts_file_t* file, const Block& loaded, size_t limit) {
    static const auto samples = selection({"t", "s"}, {-1, 1, 0, 0});
    static const auto properties = selection({"p"}, {2, 0, 7});

    auto read = [&](const Labels& some_samples, const Labels& some_properties) {
        return fuzz::with_memory_limit(limit, [&] {
            return own(
                mts_file_read_block(file, some_samples.get(), some_properties.get(), create_array)
            );
        });
    };
    check_same(loaded, read({}, {}));
    check_usable(read(samples, {}));
    check_usable(read({}, properties));
    check_usable(own(mts_file_read_samples(file, 0, 1, 1, create_array)));

    auto mapped = fuzz::with_memory_limit(limit, [&] {
        return own(mts_file_map_block(file, nullptr, nullptr));
    });
    if (loaded != nullptr) {
        check_same(loaded, mapped);
    }
    check_usable(mapped);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    auto bytes = Bytes(data, data + size);
    auto limit = fuzz::memory_limit(bytes);
    auto tensor = load_tensor(bytes);
    auto block = load_block(bytes);

    auto memory_file = fuzz::MemoryFile(bytes);
    auto file = fuzz::with_memory_limit(limit, [&] {
        return std::unique_ptr<mts_file_t, decltype(&mts_file_close)>(
            mts_file_open(memory_file.path().c_str()), mts_file_close
        );
    });
    if (file == nullptr) {
        // archives can have the members of both: they are not opened as a block
        CHECK(tensor == nullptr);
        CHECK(block == nullptr || check::contains(check::last_error_message(), "keys.npy"));
        return 0;
    }
    auto content = MTS_FILE_LABELS;
    CHECK_SUCCESS(mts_file_content(file.get(), &content));
    if (content == MTS_FILE_TENSORMAP) {
        read_tensor(file.get(), tensor, limit);
    } else if (content == MTS_FILE_BLOCK) {
        read_block(file.get(), block, limit);
    }

    file.reset();
    tensor.reset();
    block.reset();
    CHECK_EQ(live_arrays.load(), 0);
    return 0;
}
