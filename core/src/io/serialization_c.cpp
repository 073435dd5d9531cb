// The functions of the C interface that save and load objects

#include <memory>
#include <string>
#include <string_view>

#include "block.hpp"
#include "io/block_io.hpp"
#include "io/content_kind.hpp"
#include "io/errors.hpp"
#include "io/labels_io.hpp"
#include "io/sink.hpp"
#include "io/source.hpp"
#include "io/tensor_io.hpp"
#include "labels.hpp"
#include "metatensor.h"
#include "tensor.hpp"

namespace mts::io {

namespace {

// Saving

void write(Sink& sink, const Labels& labels) {
    write_labels(sink, labels);
}

void write(Sink& sink, const Block& block) {
    auto archive = ZipWriter(sink);
    write_block(archive, "", block);
    archive.finish();
}

void write(Sink& sink, const TensorMap& tensor) {
    auto archive = ZipWriter(sink);
    write_tensor(archive, tensor);
    archive.finish();
}

template <typename Handle>
void save(const char* path, const Handle* object, std::string_view parameter) {
    auto checked_path = std::string(check_utf8(path, "path"));
    check_not_null(object, parameter);
    auto sink = FileSink(checked_path);
    write(sink, from_handle(object));
    sink.commit();
}

template <typename Handle>
void save_buffer(
    uint8_t** buffer,
    uintptr_t* buffer_count,
    void* realloc_user_data,
    mts_realloc_buffer_t realloc,
    const Handle* object,
    std::string_view parameter
) {
    check_not_null(buffer, "buffer");
    check_not_null(buffer_count, "buffer_count");
    check_not_null(reinterpret_cast<const void*>(realloc), "realloc");
    check_not_null(object, parameter);
    if (*buffer == nullptr && *buffer_count != 0) {
        throw invalid_parameter("`*buffer` is NULL, but `*buffer_count` is ", *buffer_count);
    }
    auto sink = BufferSink(buffer, *buffer_count, realloc_user_data, realloc);
    write(sink, from_handle(object));
    *buffer_count = sink.position();
}

// Loading

// One of the functions below: the kind of objects that it loads, and the functions to suggest when
// finding other kinds
struct Loader {
    ContentKind kind;
    const char* name;
    const char* load_labels;
    const char* load_block;
    const char* load_tensor;
};

constexpr auto LABELS_FILE = Loader{ContentKind::Labels, "Labels", "", "load_block", "load"};
constexpr auto LABELS_BUFFER =
    Loader{ContentKind::Labels, "Labels", "", "load_block_buffer", "load_buffer"};
constexpr auto BLOCK_FILE =
    Loader{ContentKind::TensorBlock, "TensorBlock", "load_labels", "", "load"};
constexpr auto BLOCK_BUFFER = BLOCK_FILE;
constexpr auto TENSOR_FILE =
    Loader{ContentKind::TensorMap, "TensorMap", "load_labels", "load_block", ""};
constexpr auto TENSOR_BUFFER =
    Loader{ContentKind::TensorMap, "TensorMap", "load_labels_buffer", "load_block_buffer", ""};

// Which function to use instead, if the content can be recognized as another kind of object
std::string hint(const Loader& loader, Source& source, std::string_view path) {
    auto kind = find_content_kind(source, path);
    if (!kind.has_value() || *kind == loader.kind) {
        return "";
    }
    auto use = [](const char* function, const char* kind_name) {
        return text("; use `", function, "` to load ", kind_name);
    };
    switch (*kind) {
    case ContentKind::Labels:
        return use(loader.load_labels, "Labels");
    case ContentKind::TensorBlock:
        return use(loader.load_block, "TensorBlock");
    default:
        return use(loader.load_tensor, "TensorMap");
    }
}

// Call `read`, completing its errors with what was being loaded. `path` is empty for buffers.
template <typename Read>
auto load(const Loader& loader, Source& source, const std::string& path, Read read) {
    try {
        return read(source);
    } catch (const Error& error) {
        auto origin = path.empty() ? std::string("a buffer") : text("'", path, "'");
        auto message =
            text("could not load ", loader.name, " from ", origin, ": ", error.message());
        if (error.status() == MTS_SERIALIZATION_ERROR) {
            message += hint(loader, source, path);
        }
        throw Error(error.status(), std::move(message));
    }
}

template <typename Read>
auto load_file(const Loader& loader, const char* path, Read read) {
    auto checked_path = std::string(check_utf8(path, "path"));
    auto source = FileSource(checked_path);
    return load(loader, source, checked_path, read);
}

template <typename Read>
auto load_buffer(const Loader& loader, const uint8_t* buffer, uintptr_t buffer_count, Read read) {
    if (buffer_count != 0) {
        check_not_null(buffer, "buffer");
    }
    auto source = MemorySource({buffer, buffer_count});
    return load(loader, source, "", [&](Source& bytes) {
        if (buffer_count == 0) {
            throw serialization_error("the buffer is empty");
        }
        return read(bytes);
    });
}

const mts_labels_t* read_labels_handle(Source& source) {
    auto input = SourceStream(source);
    return to_handle(read_labels(input));
}

// Functions that read an object in an archive, for `load_file` and `load_buffer`

auto block_reader(mts_create_array_callback_t create_array) {
    check_not_null(reinterpret_cast<const void*>(create_array), "create_array");
    return [create_array](Source& source) {
        return to_handle(read_block(ZipReader(source), "", create_array));
    };
}

auto tensor_reader(mts_create_array_callback_t create_array) {
    check_not_null(reinterpret_cast<const void*>(create_array), "create_array");
    return [create_array](Source& source) {
        return to_handle(read_tensor(ZipReader(source), create_array));
    };
}

} // namespace

} // namespace mts::io

using namespace mts;
using namespace mts::io;

extern "C" mts_status_t mts_labels_save(const char* path, const mts_labels_t* labels) {
    return catch_errors([&] { save(path, labels, "labels"); });
}

extern "C" mts_status_t mts_block_save(const char* path, const mts_block_t* block) {
    return catch_errors([&] { save(path, block, "block"); });
}

extern "C" mts_status_t mts_tensormap_save(const char* path, const mts_tensormap_t* tensor) {
    return catch_errors([&] { save(path, tensor, "tensor"); });
}

extern "C" mts_status_t mts_labels_save_buffer(
    uint8_t** buffer,
    uintptr_t* buffer_count,
    void* realloc_user_data,
    mts_realloc_buffer_t realloc,
    const mts_labels_t* labels
) {
    return catch_errors([&] {
        save_buffer(buffer, buffer_count, realloc_user_data, realloc, labels, "labels");
    });
}

extern "C" mts_status_t mts_block_save_buffer(
    uint8_t** buffer,
    uintptr_t* buffer_count,
    void* realloc_user_data,
    mts_realloc_buffer_t realloc,
    const mts_block_t* block
) {
    return catch_errors([&] {
        save_buffer(buffer, buffer_count, realloc_user_data, realloc, block, "block");
    });
}

extern "C" mts_status_t mts_tensormap_save_buffer(
    uint8_t** buffer,
    uintptr_t* buffer_count,
    void* realloc_user_data,
    mts_realloc_buffer_t realloc,
    const mts_tensormap_t* tensor
) {
    return catch_errors([&] {
        save_buffer(buffer, buffer_count, realloc_user_data, realloc, tensor, "tensor");
    });
}

extern "C" const mts_labels_t* mts_labels_load(const char* path) {
    return catch_errors_as_null([&] { return load_file(LABELS_FILE, path, read_labels_handle); });
}

extern "C" const mts_labels_t*
mts_labels_load_buffer(const uint8_t* buffer, uintptr_t buffer_count) {
    return catch_errors_as_null([&] {
        return load_buffer(LABELS_BUFFER, buffer, buffer_count, read_labels_handle);
    });
}

extern "C" mts_block_t* mts_block_load(const char* path, mts_create_array_callback_t create_array) {
    return catch_errors_as_null([&] {
        return load_file(BLOCK_FILE, path, block_reader(create_array));
    });
}

extern "C" mts_block_t* mts_block_load_buffer(
    const uint8_t* buffer, uintptr_t buffer_count, mts_create_array_callback_t create_array
) {
    return catch_errors_as_null([&] {
        return load_buffer(BLOCK_BUFFER, buffer, buffer_count, block_reader(create_array));
    });
}

extern "C" mts_tensormap_t*
mts_tensormap_load(const char* path, mts_create_array_callback_t create_array) {
    return catch_errors_as_null([&] {
        return load_file(TENSOR_FILE, path, tensor_reader(create_array));
    });
}

extern "C" mts_tensormap_t* mts_tensormap_load_buffer(
    const uint8_t* buffer, uintptr_t buffer_count, mts_create_array_callback_t create_array
) {
    return catch_errors_as_null([&] {
        return load_buffer(TENSOR_BUFFER, buffer, buffer_count, tensor_reader(create_array));
    });
}
