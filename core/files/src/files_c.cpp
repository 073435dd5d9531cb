// The functions of the C interface

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "aligned_writing.hpp"
#include "block_building.hpp"
#include "handles.hpp"
#include "io/errors.hpp"
#include "labels.hpp"
#include "last_error.hpp"
#include "mapped_values.hpp"
#include "metatensor/files.h"
#include "open_file.hpp"
#include "partial_reading.hpp"

namespace mts::files {

namespace {

mts_file_t* to_handle(std::unique_ptr<OpenFile> file) {
    return reinterpret_cast<mts_file_t*>(file.release());
}

const OpenFile& from_handle(const mts_file_t* file) {
    check_not_null(file, "file");
    return *reinterpret_cast<const OpenFile*>(file);
}

struct KindNames {
    const char* object;
    const char* loader;
};

KindNames names_of(io::ContentKind kind) {
    switch (kind) {
    case io::ContentKind::Labels:
        return {"Labels", "load_labels"};
    case io::ContentKind::TensorBlock:
        return {"TensorBlock", "load_block"};
    default:
        return {"TensorMap", "load"};
    }
}

// Call `read` with a file that contains this `kind` of objects, completing its errors with what was
// being loaded
template <typename Read>
auto read_from(const mts_file_t* handle, io::ContentKind kind, Read read) {
    const auto& file = from_handle(handle);
    auto fail = [&](mts_status_t status, const std::string& details) {
        return Error(
            status,
            text("could not load ", names_of(kind).object, " from '", file.path(), "': ", details)
        );
    };
    if (file.kind() != kind) {
        auto [object, loader] = names_of(file.kind());
        throw fail(
            MTS_SERIALIZATION_ERROR,
            text("this file contains something else; use `", loader, "` to load ", object)
        );
    }
    try {
        return read(file);
    } catch (const Error& error) {
        throw fail(error.status(), error.message());
    }
}

// A tensor map with the selected blocks, which `make` makes
template <typename MakeBlock>
mts_tensormap_t*
make_tensor(const mts_file_t* handle, const mts_labels_t* selection, MakeBlock make) {
    return read_from(handle, io::ContentKind::TensorMap, [&](const OpenFile& file) {
        auto keys = file.keys();
        auto selected = select_in_order(keys.get(), selection, "keys");
        if (selected.has_value()) {
            keys = pick(keys.get(), *selected);
        }

        auto blocks = std::vector<BlockHandle>();
        auto count = rows(keys.get()).count;
        for (size_t i = 0; i < count; i++) {
            blocks.push_back(make(file, file.block(selected.has_value() ? (*selected)[i] : i)));
        }
        auto info = file.info();

        auto pointers = std::vector<mts_block_t*>();
        for (auto& block : blocks) {
            pointers.push_back(block.release());
        }
        auto tensor =
            TensorHandle(check(mts_tensormap(keys.get(), pointers.data(), pointers.size())));
        for (size_t i = 0; i < info.size(); i++) {
            const auto* key = info.keys()[i];
            check(mts_tensormap_set_info(tensor.get(), key, info.find(key)->c_str()));
        }
        return tensor.release();
    });
}

template <typename MakeBlock>
mts_block_t* make_single_block(const mts_file_t* handle, MakeBlock make) {
    return read_from(handle, io::ContentKind::TensorBlock, [&](const OpenFile& file) {
        return make(file, file.block(0)).release();
    });
}

// Functions that make blocks, for `make_tensor` and `make_single_block`

auto partial_reader(Selections selections, mts_create_array_callback_t create_array) {
    check_not_null(reinterpret_cast<const void*>(create_array), "create_array");
    return [=](const OpenFile& file, const StoredBlock& stored) {
        return read_block(file, stored, selections, create_array);
    };
}

auto mapper(mts_map_array_callback_t callback, void* user_data) {
    return [=](const OpenFile& file, const StoredBlock& stored) {
        return make_block(stored, [&](const StoredArray& array) {
            return map_array(file, array, callback, user_data);
        });
    };
}

auto metadata_reader(mts_create_array_callback_t create_array) {
    check_not_null(reinterpret_cast<const void*>(create_array), "create_array");
    return [=](const OpenFile&, const StoredBlock& stored) {
        return make_block(stored, [&](const StoredArray& array) {
            return created_array(array.layout.shape, array.layout.type.dtype, create_array);
        });
    };
}

template <typename Handle>
mts_status_t save(const char* path, const Handle* object, std::string_view parameter) {
    return catch_errors([&] {
        auto checked_path = std::string(check_utf8(path, "path"));
        check_not_null(object, parameter);
        save_aligned(checked_path, object);
    });
}

} // namespace

} // namespace mts::files

using namespace mts;
using namespace mts::files;

extern "C" mts_file_t* mts_file_open(const char* path) {
    return catch_errors_as_null([&] {
        return to_handle(std::make_unique<OpenFile>(std::string(check_utf8(path, "path"))));
    });
}

extern "C" mts_status_t mts_file_close(mts_file_t* file) {
    return catch_errors([&] { delete reinterpret_cast<OpenFile*>(file); });
}

extern "C" mts_status_t mts_file_content(const mts_file_t* file, mts_file_content_t* content) {
    return catch_errors([&] {
        check_not_null(content, "content");
        switch (from_handle(file).kind()) {
        case io::ContentKind::Labels:
            *content = MTS_FILE_LABELS;
            break;
        case io::ContentKind::TensorBlock:
            *content = MTS_FILE_BLOCK;
            break;
        case io::ContentKind::TensorMap:
            *content = MTS_FILE_TENSORMAP;
            break;
        }
    });
}

extern "C" const mts_labels_t* mts_file_keys(const mts_file_t* file) {
    return catch_errors_as_null([&] {
        return read_from(file, io::ContentKind::TensorMap, [](const OpenFile& opened) {
            return check(mts_labels_clone(opened.keys().get()));
        });
    });
}

extern "C" mts_tensormap_t* mts_file_read_tensormap(
    const mts_file_t* file,
    const mts_labels_t* keys,
    const mts_labels_t* samples,
    const mts_labels_t* properties,
    mts_create_array_callback_t create_array
) {
    return catch_errors_as_null([&] {
        return make_tensor(file, keys, partial_reader({samples, properties}, create_array));
    });
}

extern "C" mts_block_t* mts_file_read_block(
    const mts_file_t* file,
    const mts_labels_t* samples,
    const mts_labels_t* properties,
    mts_create_array_callback_t create_array
) {
    return catch_errors_as_null([&] {
        return make_single_block(file, partial_reader({samples, properties}, create_array));
    });
}

extern "C" mts_block_t* mts_file_read_samples(
    const mts_file_t* file,
    uintptr_t block,
    uintptr_t first_sample,
    uintptr_t samples_count,
    mts_create_array_callback_t create_array
) {
    return catch_errors_as_null([&] {
        check_not_null(reinterpret_cast<const void*>(create_array), "create_array");
        const auto& opened = from_handle(file);
        auto count = opened.blocks_count();
        if (block >= count) {
            throw invalid_parameter(
                "can not read block ", block, " of '", opened.path(), "': there are ", count
            );
        }
        return read_from(file, opened.kind(), [&](const OpenFile&) {
            const auto& stored = opened.block(block);
            return read_samples(opened, stored, first_sample, samples_count, create_array)
                .release();
        });
    });
}

extern "C" mts_tensormap_t* mts_file_map_tensormap(
    const mts_file_t* file,
    const mts_labels_t* keys,
    mts_map_array_callback_t map_array,
    void* user_data
) {
    return catch_errors_as_null([&] {
        return make_tensor(file, keys, mapper(map_array, user_data));
    });
}

extern "C" mts_block_t*
mts_file_map_block(const mts_file_t* file, mts_map_array_callback_t map_array, void* user_data) {
    return catch_errors_as_null([&] {
        return make_single_block(file, mapper(map_array, user_data));
    });
}

extern "C" mts_tensormap_t* mts_file_tensormap_metadata(
    const mts_file_t* file, const mts_labels_t* keys, mts_create_array_callback_t create_array
) {
    return catch_errors_as_null([&] {
        return make_tensor(file, keys, metadata_reader(create_array));
    });
}

extern "C" mts_block_t*
mts_file_block_metadata(const mts_file_t* file, mts_create_array_callback_t create_array) {
    return catch_errors_as_null([&] {
        return make_single_block(file, metadata_reader(create_array));
    });
}

extern "C" mts_status_t
mts_tensormap_save_aligned(const char* path, const mts_tensormap_t* tensor) {
    return save(path, tensor, "tensor");
}

extern "C" mts_status_t mts_block_save_aligned(const char* path, const mts_block_t* block) {
    return save(path, block, "block");
}
