// Variants of the JSON format in the information of a tensor map

#include <string>
#include <vector>

#include "io_support.hpp"

using namespace io_support;

static void test_info() {
    auto load = [](const std::string& json) {
        auto members = unzip(saved(tensor({})));
        members.emplace_back("info.json", Bytes(json.begin(), json.end()));
        return load_tensor(zip(members));
    };
    auto status = [&](const std::string& json) { return load(json) ? MTS_SUCCESS : last_status(); };

    auto loaded = load(" {\"k\" : \"1\", \"a\":\"\\u00e9\\n\\ud83d\\ude00\", \"k\":\"2\" }\n");
    const char* const* keys = nullptr;
    const char* value = nullptr;
    uintptr_t count = 0;
    CHECK_SUCCESS(mts_tensormap_info_keys(loaded.get(), &keys, &count));
    CHECK_EQ(std::vector<std::string>(keys, keys + count), std::vector<std::string>({"k", "a"}));
    CHECK_SUCCESS(mts_tensormap_get_info(loaded.get(), "k", &value));
    CHECK_EQ(std::string(value), "2");
    CHECK_SUCCESS(mts_tensormap_get_info(loaded.get(), "a", &value));
    CHECK_EQ(std::string(value), "\xc3\xa9\n\xf0\x9f\x98\x80");

    CHECK_SUCCESS(status("{}"));
    const auto nested = std::string(100000, '[');
    const auto refused = std::vector<std::string>{
        "",
        " ",
        "{",
        "[]",
        "\"text\"",
        "12",
        "null",
        "{\"a\": 1}",
        "{\"a\": null}",
        "{\"a\": {}}",
        "{\"a\": [\"b\"]}",
        "{\"a\": \"b\",}",
        "{\"a\": \"b\"} x",
        "{\"a\": \"b\"}{}",
        "{a: \"b\"}",
        "{\"a\": \"\\u0000\"}",
        "{\"\\u0000\": \"a\"}",
        "{\"a\": \"\\ud83d\"}",
        "{\"a\": \"\n\"}",
        "\xef\xbb\xbf{}",
        "// comment\n{}",
        "{\"a\": true}",
        "{\"a\": 1.5}",
        nested,
        "{\"a\":" + nested,
    };
    for (const auto& json : refused) {
        CHECK_STATUS(status(json), MTS_SERIALIZATION_ERROR);
    }
    CHECK_STATUS(status("{\"a\": \"\xff\"}"), MTS_IO_ERROR);
    CHECK_STATUS(status("\xff"), MTS_IO_ERROR);
}

int main() {
    test_info();
    CHECK_EQ(live_arrays.load(), 0);
}
