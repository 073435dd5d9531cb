#include "row_index.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstring>
#include <limits>
#include <random>

#include "checked.hpp"
#include "row_packing.hpp"

namespace mts {

/// Two implementations follow: a direct lookup in a table if the values of rows are dense enough,
/// and a hash table otherwise.
class RowIndex::Table {
public:
    virtual ~Table() = default;

    /// Adds all rows of the matrix, except for those that are equal to one before them. Returns the
    /// first one of these. If `first` is not empty, it is filled with the position of the first row
    /// with the same values, for each row.
    virtual std::optional<std::size_t> insert_all(std::span<std::size_t> first) = 0;
    virtual void find_all(Rows searched, std::span<std::int64_t> positions) const = 0;
};

namespace {

/// Position of a row in a slot of a table; 0 stands for no row
template <typename Slot>
constexpr Slot to_slot(std::size_t row) noexcept {
    return static_cast<Slot>(row + 1);
}

/// Position of the row in a slot, -1 for no row
constexpr std::int64_t to_position(std::uint64_t slot) noexcept {
    return static_cast<std::int64_t>(slot) - 1;
}

/// Rows that are added one after the other to the slots of a table
template <typename Slot>
class Insertion {
public:
    explicit Insertion(std::span<std::size_t> first) : first_(first) {}

    /// Adds a row to the slot where it belongs, where there can already be an equal one
    void insert(Slot& slot, std::size_t row) noexcept {
        if (slot == 0) {
            slot = to_slot<Slot>(row);
        } else if (!duplicate_) {
            duplicate_ = row;
        }
        if (!first_.empty()) {
            first_[row] = static_cast<std::size_t>(slot) - 1;
        }
    }

    std::optional<std::size_t> duplicate() const noexcept { return duplicate_; }

private:
    std::span<std::size_t> first_;
    std::optional<std::size_t> duplicate_;
};

/// One slot for each possible row
template <typename Slot, std::size_t Width>
class DirectTable final : public RowIndex::Table {
public:
    DirectTable(Rows rows, RowPacking packing)
        : rows_(rows), packing_(std::move(packing)), slots_(packing_.capacity()) {}

    std::optional<std::size_t> insert_all(std::span<std::size_t> first) override {
        Insertion<Slot> insertion(first);
        for (std::size_t i = 0; i < rows_.count; i++) {
            const std::uint64_t key = packing_.key<Width>(rows_[i]);
            // there is no key if values were modified since the packing was made
            if (key != RowPacking::NO_KEY) {
                insertion.insert(slots_[key], i);
            }
        }
        return insertion.duplicate();
    }

    void find_all(Rows searched, std::span<std::int64_t> positions) const override {
        for (std::size_t i = 0; i < searched.count; i++) {
            const std::uint64_t key = packing_.key<Width>(searched[i]);
            positions[i] = key == RowPacking::NO_KEY ? -1 : to_position(slots_[key]);
        }
    }

private:
    Rows rows_;
    RowPacking packing_;
    std::vector<Slot> slots_;
};

/// Random numbers that are the same for all hashes of a process: files can not be made such that
/// all rows have the same hash.
struct HashSeed {
    std::uint64_t first;
    std::uint64_t second;

    static HashSeed get() {
        static const HashSeed seed = [] {
            std::mt19937_64 generator(entropy());
            return HashSeed{generator() | 1, generator() | 1};
        }();
        return seed;
    }

private:
    static std::uint64_t entropy() {
        try {
            std::random_device device;
            return (std::uint64_t{device()} << 32) | device();
        } catch (const std::exception&) {
            return static_cast<std::uint64_t>(
                std::chrono::steady_clock::now().time_since_epoch().count()
            );
        }
    }
};

/// Folded product of two integers: each bit of the result depends on all bits of both
inline std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept {
    const auto product = static_cast<unsigned __int128>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

template <typename T>
T load(const std::int32_t* values) noexcept {
    T result;
    std::memcpy(&result, values, sizeof(T));
    return result;
}

template <std::size_t Width>
std::uint64_t hash_row(const std::int32_t* row, std::size_t size, HashSeed seed) noexcept {
    if constexpr (Width == 1) {
        return mix(load<std::uint32_t>(row) ^ seed.first, seed.second);
    } else if constexpr (Width == 2) {
        return mix(load<std::uint64_t>(row) ^ seed.first, seed.second);
    } else if constexpr (Width == 3) {
        return mix(
            load<std::uint64_t>(row) ^ seed.first, load<std::uint32_t>(row + 2) ^ seed.second
        );
    } else if constexpr (Width == 4) {
        return mix(
            load<std::uint64_t>(row) ^ seed.first, load<std::uint64_t>(row + 2) ^ seed.second
        );
    } else {
        std::uint64_t hash = seed.first;
        for (std::size_t i = 0; i < size; i++) {
            hash = mix(hash ^ load<std::uint32_t>(row + i), seed.second);
        }
        return hash;
    }
}

/// Open addressing with linear probing, at most half full. Only positions of rows are stored, rows
/// are compared in the matrix itself.
template <typename Slot, std::size_t Width>
class HashTable final : public RowIndex::Table {
public:
    explicit HashTable(Rows rows)
        : rows_(rows), seed_(HashSeed::get()),
          slots_(std::bit_ceil(checked_multiply(std::max<std::size_t>(rows.count, 1), 2))),
          mask_(slots_.size() - 1) {}

    std::optional<std::size_t> insert_all(std::span<std::size_t> first) override {
        Insertion<Slot> insertion(first);
        for_each_home(rows_, [&](std::size_t i, std::size_t home) {
            insertion.insert(slots_[probe(rows_[i], home)], i);
        });
        return insertion.duplicate();
    }

    void find_all(Rows searched, std::span<std::int64_t> positions) const override {
        for_each_home(searched, [&](std::size_t i, std::size_t home) {
            positions[i] = to_position(slots_[probe(searched[i], home)]);
        });
    }

private:
    /// Slot of a row that is in the table, or free slot for it, starting the search at `home`
    std::size_t probe(const std::int32_t* row, std::size_t home) const noexcept {
        std::size_t index = home;
        while (slots_[index] != 0 && !same_rows<Width>(rows_[slots_[index] - 1], row, rows_.size)) {
            index = (index + 1) & mask_;
        }
        return index;
    }

    /// Calls `function` with the position of each row and the slot where its search starts. Most of
    /// the time would be spent waiting for memory, so the slots of a few rows are requested
    /// together, and then the rows that they refer to.
    template <typename Function>
    void for_each_home(Rows rows, Function&& function) const {
        constexpr std::size_t BATCH = 32;
        std::array<std::size_t, BATCH> homes;
        for (std::size_t start = 0; start < rows.count; start += BATCH) {
            const std::size_t length = std::min(BATCH, rows.count - start);
            for (std::size_t i = 0; i < length; i++) {
                homes[i] = hash_row<Width>(rows[start + i], rows_.size, seed_) & mask_;
                __builtin_prefetch(&slots_[homes[i]], 1);
            }
            for (std::size_t i = 0; i < length; i++) {
                const Slot slot = slots_[homes[i]];
                __builtin_prefetch(rows_[slot == 0 ? 0 : slot - 1]);
            }
            for (std::size_t i = 0; i < length; i++) {
                function(start + i, homes[i]);
            }
        }
    }

    Rows rows_;
    HashSeed seed_;
    std::vector<Slot> slots_;
    std::size_t mask_;
};

template <typename Slot>
std::unique_ptr<RowIndex::Table> make_table(Rows rows) {
    // a direct table must not be larger than a hash table
    RowPacking packing(rows);
    const bool is_dense = packing.capacity() != 0 && packing.capacity() / 4 <= rows.count;

    return with_static_width(rows.size, [&](auto width) -> std::unique_ptr<RowIndex::Table> {
        if (is_dense) {
            return std::make_unique<DirectTable<Slot, width()>>(rows, std::move(packing));
        }
        return std::make_unique<HashTable<Slot, width()>>(rows);
    });
}

std::unique_ptr<RowIndex::Table> make_table(Rows rows) {
    if (rows.count < std::numeric_limits<std::uint32_t>::max()) {
        return make_table<std::uint32_t>(rows);
    }
    return make_table<std::uint64_t>(rows);
}

} // namespace

RowIndex::RowIndex(Rows rows) : size_(rows.size), table_(make_table(rows)) {
    duplicate_ = table_->insert_all({});
}

RowIndex::RowIndex(RowIndex&&) noexcept = default;
RowIndex::~RowIndex() = default;

std::int64_t RowIndex::find(const std::int32_t* row) const {
    std::int64_t position = -1;
    table_->find_all({row, 1, size_}, {&position, 1});
    return position;
}

void RowIndex::find_all(Rows searched, std::span<std::int64_t> positions) const {
    table_->find_all(searched, positions);
}

std::vector<std::size_t> first_occurrences(Rows rows) {
    std::vector<std::size_t> first(rows.count);
    make_table(rows)->insert_all(first);
    return first;
}

} // namespace mts
