#include "internal/npy.hpp"

#include <charconv>
#include <limits>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "internal/bytes.hpp"

namespace metatomic_torch::details {

static constexpr std::string_view MAGIC = "\x93NUMPY";
/// the size of the header is a multiple of this number of bytes
static constexpr size_t ALIGNMENT = 64;

static const std::vector<std::pair<std::string, torch::Dtype>> SUPPORTED_DTYPES = {
    {"<f8", torch::kFloat64},
    {"<i8", torch::kInt64},
    {"<i4", torch::kInt32},
    {"|b1", torch::kBool},
};

// ---------------------------------------------------------------------------------------------- //
// writer

static std::string dtype_to_descr(torch::Dtype dtype) {
    for (const auto& [descr, supported] : SUPPORTED_DTYPES) {
        if (dtype == supported) {
            return descr;
        }
    }
    throw std::runtime_error(c10::str("can not write ", dtype, " data in the NPY format"));
}

std::string write_npy(const torch::Tensor& tensor) {
    auto contiguous = tensor.contiguous();

    std::string header = "{'descr': '" + dtype_to_descr(tensor.scalar_type()) +
                         "', 'fortran_order': False, 'shape': (";
    for (auto size : tensor.sizes()) {
        header += std::to_string(size) + ",";
    }
    header += "), }";

    // magic string, version and header size come before the header; and a new line after it
    auto prefix_size = MAGIC.size() + 2 + sizeof(uint16_t);
    while ((prefix_size + header.size() + 1) % ALIGNMENT != 0) {
        header += " ";
    }
    header += "\n";

    auto result = std::string(MAGIC);
    result += '\x01';
    result += '\x00';
    result += static_cast<char>(header.size() & 0xFF);
    result += static_cast<char>(header.size() >> 8);
    result += header;
    result.append(static_cast<const char*>(contiguous.const_data_ptr()), contiguous.nbytes());
    return result;
}

// ---------------------------------------------------------------------------------------------- //
// reader

namespace {

struct NpyHeader {
    std::optional<std::string> descr;
    std::optional<bool> fortran_order;
    std::optional<std::vector<int64_t>> shape;
};

/// Parser for the subset of Python used in NPY headers: a dict with strings for keys; and strings,
/// booleans, and tuples of integers for values.
class HeaderParser {
public:
    HeaderParser(std::string_view text) : text_(text) {}

    NpyHeader parse() {
        NpyHeader header;
        expect('{');
        while (!accept('}')) {
            auto key = parse_string();
            expect(':');
            if (key == "descr" && !header.descr) {
                header.descr = parse_string();
            } else if (key == "fortran_order" && !header.fortran_order) {
                header.fortran_order = parse_bool();
            } else if (key == "shape" && !header.shape) {
                header.shape = parse_shape();
            } else {
                throw std::runtime_error("unexpected key '" + key + "' in a NPY header");
            }

            if (!accept(',')) {
                expect('}');
                break;
            }
        }

        skip_spaces();
        if (!text_.empty() || !header.descr || !header.fortran_order || !header.shape) {
            invalid();
        }
        return header;
    }

private:
    [[noreturn]] static void invalid() { throw std::runtime_error("invalid NPY header"); }

    void skip_spaces() {
        auto start = text_.find_first_not_of(" \t\r\n");
        text_.remove_prefix(start == std::string_view::npos ? text_.size() : start);
    }

    /// Skip the next character if it is `c`
    bool accept(char c) {
        skip_spaces();
        if (text_.empty() || text_[0] != c) {
            return false;
        }
        text_.remove_prefix(1);
        return true;
    }

    void expect(char c) {
        if (!accept(c)) {
            invalid();
        }
    }

    std::string parse_string() {
        auto quote = accept('"') ? '"' : '\'';
        if (quote == '\'') {
            expect('\'');
        }

        auto end = text_.find(quote);
        if (end == std::string_view::npos) {
            invalid();
        }
        auto result = std::string(text_.substr(0, end));
        text_.remove_prefix(end + 1);
        return result;
    }

    bool parse_bool() {
        skip_spaces();
        for (auto [name, value] : {std::make_pair("True", true), std::make_pair("False", false)}) {
            if (text_.substr(0, std::string_view(name).size()) == name) {
                text_.remove_prefix(std::string_view(name).size());
                return value;
            }
        }
        invalid();
    }

    std::vector<int64_t> parse_shape() {
        std::vector<int64_t> shape;
        expect('(');
        while (!accept(')')) {
            skip_spaces();
            int64_t size = 0;
            auto result = std::from_chars(text_.data(), text_.data() + text_.size(), size);
            if (result.ec != std::errc() || size < 0) {
                invalid();
            }
            text_.remove_prefix(result.ptr - text_.data());
            shape.push_back(size);

            if (!accept(',')) {
                expect(')');
                break;
            }
        }
        return shape;
    }

    std::string_view text_;
};

NpyHeader read_header(BytesReader& reader) {
    if (reader.take(MAGIC.size()) != MAGIC) {
        throw std::runtime_error("this is not NPY data");
    }

    auto version = reader.read<uint8_t>();
    reader.read<uint8_t>(); // minor version
    if (version < 1 || version > 3) {
        throw std::runtime_error("unknown version of the NPY format: " + std::to_string(version));
    }
    uint32_t size = version == 1 ? reader.read<uint16_t>() : reader.read<uint32_t>();
    return HeaderParser(reader.take(size)).parse();
}

torch::Dtype descr_to_dtype(const std::string& descr) {
    for (const auto& [supported, dtype] : SUPPORTED_DTYPES) {
        if (descr == supported) {
            return dtype;
        }
    }
    throw std::runtime_error("data type '" + descr + "' in NPY data is not supported");
}

/// Check that there are `available` bytes in an array with this shape
void check_size(const std::vector<int64_t>& shape, size_t element_size, size_t available) {
    constexpr auto MAX_SIZE = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());

    // even if there is a zero in the shape, torch needs to be able to compute strides
    uint64_t size = element_size;
    bool is_empty = false;
    for (auto dimension : shape) {
        auto factor = static_cast<uint64_t>(dimension);
        is_empty = is_empty || factor == 0;
        if (factor != 0 && size > MAX_SIZE / factor) {
            throw std::runtime_error("the shape of NPY data is too large");
        }
        size *= factor == 0 ? 1 : factor;
    }

    if ((is_empty ? 0 : size) != available) {
        throw std::runtime_error("the size of NPY data does not match its shape");
    }
}

} // namespace

torch::Tensor read_npy(std::string_view data) {
    auto reader = BytesReader(data);
    auto header = read_header(reader);
    if (*header.fortran_order) {
        throw std::runtime_error("NPY data in Fortran order is not supported");
    }

    auto dtype = descr_to_dtype(*header.descr);
    check_size(*header.shape, c10::elementSize(dtype), reader.remaining());

    // use bytes for booleans: anything but 0 and 1 would be undefined behavior in a bool
    auto is_bool = dtype == torch::kBool;
    auto tensor = torch::empty(
        *header.shape, torch::TensorOptions(is_bool ? torch::kUInt8 : dtype).device(torch::kCPU)
    );
    auto bytes = reader.take(reader.remaining());
    if (!bytes.empty()) {
        std::memcpy(tensor.mutable_data_ptr(), bytes.data(), bytes.size());
    }
    return is_bool ? tensor.ne(0) : tensor;
}

} // namespace metatomic_torch::details
