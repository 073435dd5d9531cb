// How fuzzers change archives: the members are changed, and a new archive is made with them. Its
// sizes and checksums are right, so that what comes after the checks of these is reached.

#include <algorithm>
#include <optional>
#include <random>
#include <stdexcept>

#include "io_support.hpp"

using namespace io_support;

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace {

constexpr uint16_t STORED = 0;
constexpr uint16_t DEFLATED = 8;

/// The members of an archive made by the function `zip`, or of a similar one
std::optional<std::vector<Member>> try_unzip(const Bytes& archive) {
    constexpr size_t END_SIZE = 22;
    constexpr size_t ENTRY_SIZE = 46;
    constexpr size_t LOCAL_SIZE = 30;

    if (archive.size() < END_SIZE) {
        return std::nullopt;
    }
    try {
        auto members = std::vector<Member>();
        auto end = archive.size() - END_SIZE;
        auto entry = get(archive, end + 16, 4);
        for (auto count = get(archive, end + 10, 2); count > 0; count--) {
            auto name_size = get(archive, entry + 28, 2);
            auto others_size = get(archive, entry + 30, 2) + get(archive, entry + 32, 2);
            auto offset = get(archive, entry + 42, 4);
            auto start =
                offset + LOCAL_SIZE + get(archive, offset + 26, 2) + get(archive, offset + 28, 2);
            auto size = get(archive, entry + 20, 4);
            if (start + size > archive.size() || entry + ENTRY_SIZE + name_size > end) {
                return std::nullopt;
            }

            auto name = slice(archive, entry + ENTRY_SIZE, entry + ENTRY_SIZE + name_size);
            auto member =
                Member(std::string(name.begin(), name.end()), slice(archive, start, start + size));
            member.flags = static_cast<uint16_t>(get(archive, entry + 8, 2));
            member.method = static_cast<uint16_t>(get(archive, entry + 10, 2));
            if (member.method != STORED) {
                member.crc = static_cast<uint32_t>(get(archive, entry + 16, 4));
                member.uncompressed_size = get(archive, entry + 24, 4);
            }
            members.push_back(std::move(member));
            entry += ENTRY_SIZE + name_size + others_size;
        }
        return members;
    } catch (const std::out_of_range&) {
        return std::nullopt;
    }
}

Bytes mutated(Bytes content, size_t max_growth) {
    auto size = content.size();
    content.resize(size + max_growth);
    content.resize(LLVMFuzzerMutate(content.data(), size, content.size()));
    return content;
}

/// The same member, as DEFLATE data made of blocks without compression
Member deflated(const Member& member) {
    constexpr size_t MAX_BLOCK = 0xffff;

    auto content = Bytes();
    size_t start = 0;
    do {
        auto size = std::min(member.content.size() - start, MAX_BLOCK);
        append(content, 1, start + size == member.content.size() ? 1 : 0);
        append(content, 2, size);
        append(content, 2, size ^ 0xffff);
        auto block = slice(member.content, start, start + size);
        content.insert(content.end(), block.begin(), block.end());
        start += size;
    } while (start < member.content.size());

    auto result = member;
    result.method = DEFLATED;
    result.content = std::move(content);
    return result;
}

using Random = std::minstd_rand;

size_t below(Random& random, size_t count) {
    return std::uniform_int_distribution<size_t>(0, count - 1)(random);
}

/// Make one change
void mutate(std::vector<Member>& members, Random& random, size_t max_growth) {
    auto& member = members[below(random, members.size())];
    const auto& other = members[below(random, members.size())];
    switch (below(random, 16)) {
    case 0:
        members.erase(members.begin() + (&member - members.data()));
        return;
    case 1: {
        auto copy = member;
        copy.name = other.name;
        members.push_back(std::move(copy));
        return;
    }
    case 2: {
        auto name = mutated(Bytes(member.name.begin(), member.name.end()), 20);
        member.name.assign(name.begin(), name.end());
        return;
    }
    case 3:
        std::swap(member.name, members[below(random, members.size())].name);
        return;
    case 4:
        // a gradient more: the same members, inside of a new name
        for (size_t i = 0, count = members.size(); i < count; i++) {
            auto copy = members[i];
            auto slash = copy.name.rfind('/');
            copy.name.insert(slash == std::string::npos ? 0 : slash + 1, "gradients/x/");
            members.push_back(std::move(copy));
        }
        return;
    case 5:
        if (member.method == STORED) {
            member = deflated(member);
        }
        return;
    default:
        // the checksum of other members would be wrong
        if (member.method == STORED) {
            member = Member(member.name, mutated(member.content, max_growth));
        }
    }
}

size_t write(const Bytes& archive, uint8_t* data, size_t max_size) {
    if (archive.size() > max_size) {
        return 0;
    }
    std::copy(archive.begin(), archive.end(), data);
    return archive.size();
}

} // namespace

extern "C" size_t
LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned int seed) {
    auto random = Random(seed);
    auto members = try_unzip(Bytes(data, data + size));
    if (!members.has_value() || members->empty() || below(random, 32) == 0) {
        return LLVMFuzzerMutate(data, size, max_size);
    }
    for (auto changes = 1 + below(random, 3); changes > 0 && !members->empty(); changes--) {
        mutate(*members, random, std::min<size_t>(max_size - size, 256));
    }
    auto written = write(zip(std::move(*members)), data, max_size);
    return written != 0 ? written : LLVMFuzzerMutate(data, size, max_size);
}

extern "C" size_t LLVMFuzzerCustomCrossOver(
    const uint8_t* data_1,
    size_t size_1,
    const uint8_t* data_2,
    size_t size_2,
    uint8_t* result,
    size_t max_size,
    unsigned int seed
) {
    auto random = Random(seed);
    auto first = try_unzip(Bytes(data_1, data_1 + size_1));
    auto second = try_unzip(Bytes(data_2, data_2 + size_2));
    if (!first.has_value() || !second.has_value()) {
        return 0;
    }
    // the last one of the members with the same name is used
    for (const auto& member : *second) {
        if (below(random, 2) == 0) {
            first->push_back(member);
        }
    }
    return write(zip(std::move(*first)), result, max_size);
}
