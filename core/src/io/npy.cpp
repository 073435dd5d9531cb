#include "io/npy.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>

#include "dlpack.hpp"
#include "io/bytes.hpp"
#include "io/errors.hpp"
#include "io/npy_header_parser.hpp"

namespace mts::io {

namespace {

constexpr std::string_view MAGIC = "\x93NUMPY";
constexpr size_t HEADER_ALIGNMENT = 64;
// magic string and version, then the length of the text in 2 or 4 bytes
constexpr size_t PREFIX_SIZE_V1 = 10;
constexpr size_t PREFIX_SIZE_V2 = 12;

constexpr bool IS_LITTLE_ENDIAN = std::endian::native == std::endian::little;
constexpr std::string_view NATIVE_ORDER = IS_LITTLE_ENDIAN ? "<" : ">";
constexpr char SWAPPED_ORDER = IS_LITTLE_ENDIAN ? '>' : '<';

struct SupportedType {
    std::string_view name;
    DLDataType dtype;
    size_t size;
};

constexpr auto SUPPORTED_TYPES = std::array<SupportedType, 14>{{
    {"b1", {kDLBool, 8, 1}, 1},
    {"i1", {kDLInt, 8, 1}, 1},
    {"i2", {kDLInt, 16, 1}, 2},
    {"i4", {kDLInt, 32, 1}, 4},
    {"i8", {kDLInt, 64, 1}, 8},
    {"u1", {kDLUInt, 8, 1}, 1},
    {"u2", {kDLUInt, 16, 1}, 2},
    {"u4", {kDLUInt, 32, 1}, 4},
    {"u8", {kDLUInt, 64, 1}, 8},
    {"f2", {kDLFloat, 16, 1}, 2},
    {"f4", {kDLFloat, 32, 1}, 4},
    {"f8", {kDLFloat, 64, 1}, 8},
    {"c8", {kDLComplex, 64, 1}, 8},
    {"c16", {kDLComplex, 128, 1}, 16},
}};

const SupportedType& supported_type(DLDataType dtype) {
    for (const auto& supported : SUPPORTED_TYPES) {
        if (same_dtype(supported.dtype, dtype)) {
            return supported;
        }
    }
    throw serialization_error("arrays of ", to_text(dtype), " can not be stored in files");
}

// The complete header for the text of the dictionary. It is written at `position`, and should end
// at a multiple of `alignment`.
std::string npy_header(const std::string& dict, uint64_t position, size_t alignment) {
    auto padded_size = [&](size_t prefix) {
        // There is always at least one space before the final newline.
        auto size = ((prefix + dict.size() + 1) / HEADER_ALIGNMENT + 1) * HEADER_ALIGNMENT;
        auto misalignment = static_cast<size_t>((position + size) % alignment);
        return misalignment == 0 ? size : size + alignment - misalignment;
    };

    auto header = std::string(MAGIC);
    auto total = padded_size(PREFIX_SIZE_V1);
    if (total - PREFIX_SIZE_V1 <= std::numeric_limits<uint16_t>::max()) {
        header.append({'\x01', '\x00'});
        append_little_endian(header, static_cast<uint16_t>(total - PREFIX_SIZE_V1));
    } else {
        total = padded_size(PREFIX_SIZE_V2);
        if (total - PREFIX_SIZE_V2 > std::numeric_limits<uint32_t>::max()) {
            throw serialization_error("the names of the dimensions of these labels are too long");
        }
        header.append({'\x02', '\x00'});
        append_little_endian(header, static_cast<uint32_t>(total - PREFIX_SIZE_V2));
    }
    header += dict;
    header.append(total - header.size() - 1, ' ');
    header += '\n';
    return header;
}

// What comes before the text of a header
struct Prefix {
    uint8_t major_version;
    size_t text_size;
};

Prefix read_prefix(InputStream& input) {
    char magic[MAGIC.size()];
    auto available = std::min<uint64_t>(input.remaining(), MAGIC.size());
    input.read(magic, available);
    if (available == 0 || !MAGIC.starts_with(std::string_view(magic, available))) {
        throw serialization_error("this is not in the NPY format");
    }

    uint8_t version[2];
    input.read(version, sizeof(version));
    auto [major, minor] = version;
    if (major < 1 || major > 3 || minor != 0) {
        throw serialization_error("unknown version of the NPY format: ", major, ".", minor);
    }

    uint8_t size[4] = {};
    input.read(size, major == 1 ? 2 : 4);
    return {major, load_little_endian<uint32_t>(size)};
}

// Type of the elements from its name in a header, for example `<f8`
std::optional<NpyType> find_type(std::string_view name) {
    if (name.empty()) {
        return std::nullopt;
    }
    auto order = name.front();
    name.remove_prefix(1);
    for (const auto& supported : SUPPORTED_TYPES) {
        // NumPy writes `|` for types where the order of bytes has no meaning
        auto valid_order =
            order == '<' || order == '>' || order == '=' || (order == '|' && supported.size == 1);
        if (valid_order && supported.name == name) {
            return NpyType{supported.dtype, supported.size, order == SWAPPED_ORDER};
        }
    }
    return std::nullopt;
}

void check_row_major(const NpyHeader& header) {
    if (header.fortran_order) {
        throw serialization_error("data in Fortran order is not supported");
    }
}

} // namespace

std::string npy_array_header(
    DLDataType dtype, std::span<const uintptr_t> shape, uint64_t position, size_t alignment
) {
    auto dict = text("{ 'descr': '", NATIVE_ORDER, supported_type(dtype).name);
    dict += "', 'fortran_order': False, 'shape': (";
    for (auto size : shape) {
        dict += text(size, ", ");
    }
    dict += ") }";
    return npy_header(dict, position, alignment);
}

std::string npy_labels_header(const Names& names, size_t count) {
    auto dict = std::string("{ 'descr': [");
    for (const auto& name : names) {
        dict += text("('", name, "', '", NATIVE_ORDER, "i4'), ");
    }
    dict += text("], 'fortran_order': False, 'shape': (", count, ", ) }");
    return npy_header(dict, 0, 1);
}

size_t npy_type_size(DLDataType dtype) {
    return supported_type(dtype).size;
}

NpyHeader read_npy_header(InputStream& input) {
    auto prefix = read_prefix(input);
    if (prefix.text_size > input.remaining()) {
        throw io_error(
            "the NPY header should have ",
            prefix.text_size,
            " bytes, but only ",
            input.remaining(),
            " are left"
        );
    }

    auto header = std::string(prefix.text_size, '\0');
    input.read(header.data(), header.size());
    auto is_ascii =
        std::all_of(header.begin(), header.end(), [](unsigned char c) { return c < 0x80; });
    if (!is_ascii && (prefix.major_version < 3 || !is_utf8(header))) {
        throw serialization_error("the text of the NPY header has the wrong encoding");
    }
    return parse_npy_header(header);
}

bool has_npy_header(Source& source) {
    try {
        auto input = SourceStream(source);
        read_npy_header(input);
        return true;
    } catch (const Error&) {
        return false;
    }
}

NpyType npy_array_type(const NpyHeader& header) {
    check_row_major(header);
    if (header.fields.has_value()) {
        throw serialization_error("expected an array of numbers, got one of structures");
    }
    auto type = find_type(header.type);
    if (!type.has_value()) {
        throw serialization_error("arrays of type '", header.type, "' are not supported");
    }
    return *type;
}

NpyLabelsType npy_labels_type(const NpyHeader& header) {
    check_row_major(header);
    if (!header.fields.has_value()) {
        throw serialization_error(
            "expected an array of structures for labels, got type '", header.type, "'"
        );
    }
    const auto& fields = *header.fields;
    auto type = fields.empty() ? text(NATIVE_ORDER, "i4") : fields.front().type;
    if (type != "<i4" && type != ">i4") {
        throw serialization_error("labels can not contain values of type '", type, "'");
    }

    auto names = std::vector<std::string>();
    for (const auto& field : fields) {
        if (field.type != type) {
            throw serialization_error(
                "all the dimensions of labels should have the same type, got '",
                type,
                "' and '",
                field.type,
                "'"
            );
        }
        names.push_back(field.name);
    }

    if (header.shape.size() != 1) {
        throw serialization_error(
            "labels should be stored with one axis, got ", header.shape.size(), " axes"
        );
    }
    auto count = header.shape.front();
    if (names.empty() && count != 0) {
        throw serialization_error("labels without dimensions can not have ", count, " entries");
    }
    return {std::move(names), count, type.front() == SWAPPED_ORDER};
}

uint64_t npy_data_size(std::span<const uintptr_t> shape, size_t element_size, uint64_t available) {
    // Other axes are also limited in arrays with an empty axis: their strides would overflow.
    auto bytes = static_cast<int64_t>(element_size);
    bool empty = false;
    for (auto size : shape) {
        if (size == 0) {
            empty = true;
        } else if (__builtin_mul_overflow(bytes, size, &bytes)) {
            throw serialization_error("the shape (", to_text(shape), ") is too large");
        }
    }

    auto total = empty ? 0 : static_cast<uint64_t>(bytes);
    if (total > available) {
        throw io_error(
            "an array of shape (",
            to_text(shape),
            ") needs ",
            total,
            " bytes, but there are only ",
            available
        );
    }
    return total;
}

} // namespace mts::io
