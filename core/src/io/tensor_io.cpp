#include "io/tensor_io.hpp"

#include <string>
#include <utility>
#include <vector>

#include "io/block_io.hpp"
#include "io/errors.hpp"
#include "io/info_json.hpp"
#include "io/labels_io.hpp"

namespace mts::io {

namespace {

constexpr const char* KEYS = "keys.npy";
constexpr const char* INFO = "info.json";

std::string block_prefix(size_t index) {
    return text("blocks/", index, "/");
}

void read_info(const ZipReader& archive, Info& info) {
    auto input = archive.open(INFO);
    auto json = std::string(input->remaining(), '\0');
    input->read(json.data(), json.size());
    input->finish();
    info_from_json(json, info);
}

} // namespace

void write_tensor(ZipWriter& archive, const TensorMap& tensor) {
    write_labels(archive, KEYS, *tensor.keys());
    for (size_t i = 0; i < tensor.blocks().size(); i++) {
        write_block(archive, block_prefix(i), *tensor.blocks()[i]);
    }
    if (tensor.info().size() > 0) {
        auto json = info_to_json(tensor.info());
        archive.add(INFO, json.size(), [&](ZipMemberOutput& output) {
            output.write(json.data(), json.size());
        });
    }
}

std::unique_ptr<TensorMap>
read_tensor(const ZipReader& archive, mts_create_array_callback_t create_array) {
    auto keys = read_labels_member(archive, KEYS);
    auto blocks = std::vector<std::unique_ptr<Block>>();
    for (size_t i = 0; i < keys->count(); i++) {
        blocks.push_back(read_block(archive, block_prefix(i), create_array));
    }

    auto tensor = std::make_unique<TensorMap>(std::move(keys), std::move(blocks));
    if (archive.contains(INFO)) {
        try {
            read_info(archive, tensor->info());
        } catch (const Error& error) {
            throw Error(error.status(), text("in '", INFO, "': ", error.message()));
        }
    }
    return tensor;
}

} // namespace mts::io
