// The registry of data origins
#include <string>
#include <vector>

#include "check.hpp"

static std::string name_of(mts_data_origin_t origin) {
    char buffer[128];
    CHECK_SUCCESS(mts_get_data_origin(origin, buffer, sizeof(buffer)));
    return buffer;
}

static void test_registration() {
    mts_data_origin_t first = 0;
    mts_data_origin_t second = 0;
    mts_data_origin_t again = 0;
    CHECK_SUCCESS(mts_register_data_origin("first", &first));
    CHECK_SUCCESS(mts_register_data_origin("", &second));
    CHECK_SUCCESS(mts_register_data_origin("first", &again));
    CHECK_EQ(first, 1U);
    CHECK_EQ(second, 2U);
    CHECK_EQ(again, first);
    CHECK_EQ(name_of(first), "first");
    CHECK_EQ(name_of(second), "");

    CHECK_EQ(name_of(0), "unregistered origin");
    CHECK_EQ(name_of(1234567), "unregistered origin");
    CHECK_EQ(name_of(UINT64_MAX), "unregistered origin");

    // the name of the origin zero is not special
    CHECK_SUCCESS(mts_register_data_origin("unregistered origin", &again));
    CHECK_EQ(again, 3U);
}

static void test_buffer_size() {
    mts_data_origin_t origin = 0;
    CHECK_SUCCESS(mts_register_data_origin("first", &origin));
    std::vector<char> buffer(6, 'x');
    for (uintptr_t size = 0; size < 6; size++) {
        CHECK_STATUS(mts_get_data_origin(origin, buffer.data(), size), MTS_BUFFER_SIZE_ERROR);
        CHECK_EQ(buffer, std::vector<char>(6, 'x'));
    }
    CHECK_SUCCESS(mts_get_data_origin(origin, buffer.data(), 6));
    CHECK_EQ(std::string(buffer.data()), "first");
}

static void test_bad_arguments() {
    mts_data_origin_t origin = 0;
    char buffer[4];
    CHECK_INVALID(mts_register_data_origin(nullptr, &origin), "`name`");
    CHECK_INVALID(mts_register_data_origin("name", nullptr), "`origin`");
    CHECK_INVALID(mts_register_data_origin("\xff", &origin), "UTF-8");
    CHECK_INVALID(mts_register_data_origin("\xed\xa0\x80", &origin), "UTF-8");
    CHECK_INVALID(mts_register_data_origin("\xc3", &origin), "UTF-8");
    CHECK_SUCCESS(mts_register_data_origin("h\xc3\xa9, \xf0\x9f\x8c\x8d", &origin));
    CHECK_INVALID(mts_get_data_origin(0, nullptr, 12), "`buffer`");
    CHECK_STATUS(mts_get_data_origin(0, buffer, sizeof(buffer)), MTS_BUFFER_SIZE_ERROR);
}

int main() {
    test_registration();
    test_buffer_size();
    test_bad_arguments();
}
