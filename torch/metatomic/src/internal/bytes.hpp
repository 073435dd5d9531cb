#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace metatomic_torch::details {

/// Read little-endian integers from a buffer: all accesses are checked
class BytesReader {
public:
    explicit BytesReader(std::string_view bytes) : bytes_(bytes) {}

    size_t remaining() const { return bytes_.size(); }

    /// Get the next `count` bytes
    std::string_view take(uint64_t count) {
        if (count > bytes_.size()) {
            throw std::runtime_error("unexpected end of the data");
        }
        auto result = bytes_.substr(0, count);
        bytes_.remove_prefix(count);
        return result;
    }

    template <typename T>
    T read() {
        static_assert(std::is_unsigned_v<T>);
        T value = 0;
        std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
        return value;
    }

private:
    std::string_view bytes_;
};

/// Add the bytes of an integer at the end of a buffer
template <typename T>
void write_integer(std::vector<uint8_t>& buffer, T value) {
    static_assert(std::is_unsigned_v<T>);
    uint8_t bytes[sizeof(T)];
    std::memcpy(bytes, &value, sizeof(T));
    buffer.insert(buffer.end(), bytes, bytes + sizeof(T));
}

/// Add bytes at the end of a buffer
inline void write_bytes(std::vector<uint8_t>& buffer, std::string_view bytes) {
    buffer.insert(buffer.end(), bytes.begin(), bytes.end());
}

} // namespace metatomic_torch::details
