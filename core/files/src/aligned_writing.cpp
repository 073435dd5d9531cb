#include "aligned_writing.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "handles.hpp"
#include "info.hpp"
#include "io/archive_members.hpp"
#include "io/array_io.hpp"
#include "io/info_json.hpp"
#include "io/sink.hpp"
#include "io/zip_writer.hpp"
#include "labels.hpp"
#include "last_error.hpp"

namespace mts::files {

namespace {

/// Enough for all types of elements, for vector instructions, and for lines of caches
constexpr size_t ALIGNMENT = 64;

// What libmetatensor writes for labels alone is also what goes in archives
void write_labels(io::ZipWriter& archive, const std::string& name, const LabelsHandle& labels) {
    auto realloc = [](void*, uint8_t* memory, uintptr_t size) {
        return static_cast<uint8_t*>(std::realloc(memory, size));
    };
    uint8_t* memory = nullptr;
    uintptr_t size = 0;
    auto status = mts_labels_save_buffer(&memory, &size, nullptr, realloc, labels.get());
    auto buffer = std::unique_ptr<uint8_t, decltype(&std::free)>(memory, std::free);
    check(status);
    archive.add(name, size, [&](io::ZipMemberOutput& output) { output.write(buffer.get(), size); });
}

LabelsHandle axis_labels(const mts_block_t* block, size_t axis) {
    return own(check(mts_block_labels(block, axis)));
}

std::vector<std::string> sorted_gradients(const mts_block_t* block) {
    const char* const* names = nullptr;
    uintptr_t count = 0;
    check(mts_block_gradients_list(block, &names, &count));
    auto gradients = std::vector<std::string>(names, names + count);
    std::ranges::sort(gradients);
    return gradients;
}

enum class Role { Block, Gradient };

// The functions which give access to parts of a block do not change it
void write_block(
    io::ZipWriter& archive, const std::string& prefix, const mts_block_t* block, Role role
) {
    auto raw_values = mts_array_t{};
    check(mts_block_data(const_cast<mts_block_t*>(block), &raw_values));
    auto values = Array(raw_values);
    auto axes = values.shape().size();

    auto shape = std::vector<uintptr_t>();
    auto labels = std::vector<LabelsHandle>();
    for (size_t axis = 0; axis < axes; axis++) {
        labels.push_back(axis_labels(block, axis));
        shape.push_back(rows(labels.back().get()).count);
    }

    io::write_array(archive, prefix + io::VALUES, values, shape, ALIGNMENT);
    write_labels(archive, prefix + io::SAMPLES, labels.front());
    for (size_t i = 0; i + io::MIN_AXES < axes; i++) {
        write_labels(archive, io::component_name(prefix, i), labels[i + 1]);
    }
    if (role == Role::Block) {
        write_labels(archive, prefix + io::PROPERTIES, labels.back());
    }
    for (const auto& parameter : sorted_gradients(block)) {
        mts_block_t* gradient = nullptr;
        check(mts_block_gradient(const_cast<mts_block_t*>(block), parameter.c_str(), &gradient));
        write_block(archive, io::gradient_prefix(prefix, parameter), gradient, Role::Gradient);
    }
}

Info info_of(const mts_tensormap_t* tensor) {
    const char* const* keys = nullptr;
    uintptr_t count = 0;
    check(mts_tensormap_info_keys(tensor, &keys, &count));
    auto info = Info();
    for (uintptr_t i = 0; i < count; i++) {
        const char* value = nullptr;
        check(mts_tensormap_get_info(tensor, keys[i], &value));
        info.set(keys[i], value);
    }
    return info;
}

void write_tensor(io::ZipWriter& archive, const mts_tensormap_t* tensor) {
    auto keys = own(check(mts_tensormap_keys(tensor)));
    write_labels(archive, io::KEYS, keys);
    for (size_t i = 0; i < rows(keys.get()).count; i++) {
        mts_block_t* block = nullptr;
        check(mts_tensormap_block_by_id(const_cast<mts_tensormap_t*>(tensor), &block, i));
        write_block(archive, io::block_prefix(i), block, Role::Block);
    }
    auto info = info_of(tensor);
    if (info.size() > 0) {
        auto json = io::info_to_json(info);
        archive.add(io::INFO, json.size(), [&](io::ZipMemberOutput& output) {
            output.write(json.data(), json.size());
        });
    }
}

template <typename Write>
void save(const std::string& path, Write write) {
    auto sink = io::FileSink(path);
    auto archive = io::ZipWriter(sink);
    write(archive);
    archive.finish();
    sink.commit();
}

} // namespace

void save_aligned(const std::string& path, const mts_block_t* block) {
    save(path, [&](io::ZipWriter& archive) { write_block(archive, "", block, Role::Block); });
}

void save_aligned(const std::string& path, const mts_tensormap_t* tensor) {
    save(path, [&](io::ZipWriter& archive) { write_tensor(archive, tensor); });
}

} // namespace mts::files
