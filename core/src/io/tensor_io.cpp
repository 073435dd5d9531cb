#include "io/tensor_io.hpp"

#include <string>
#include <utility>
#include <vector>

#include "io/archive_members.hpp"
#include "io/block_io.hpp"
#include "io/errors.hpp"
#include "io/info_json.hpp"
#include "io/labels_io.hpp"

namespace mts::io {

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
        read_member(archive, INFO, [&](InputStream& input) { read_info(input, tensor->info()); });
    }
    return tensor;
}

} // namespace mts::io
