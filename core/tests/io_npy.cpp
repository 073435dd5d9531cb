// Variants of the NPY format: those that are supported, and others

#include <string>
#include <vector>

#include "io_support.hpp"

using namespace io_support;

static mts_status_t load_values_status(const Bytes& values) {
    auto loaded = load_block(zip(block_members(values)));
    return loaded ? MTS_SUCCESS : last_status();
}

static mts_status_t load_header_status(const std::string& header) {
    return load_values_status(npy(header, Bytes(32)));
}

static void test_array_headers() {
    const auto accepted = std::vector<std::string>{
        VALUES_HEADER,
        "{\"shape\":(2,2),\"fortran_order\":False,\"descr\":\"<f8\"}",
        "\t{ 'descr' : '=f8' ,\f'fortran_order':False,'shape':( 2 , 2 , ) } anything",
        "{'descr': '<f4', 'descr': '<f8', 'fortran_order': False, 'shape': (2, 2)}",
        "{'descr': '>f8', 'fortran_order': False, 'shape': (2, 2), }          ",
    };
    for (const auto& header : accepted) {
        CHECK_SUCCESS(load_header_status(header));
    }

    const auto refused = std::vector<std::string>{
        "",
        "{",
        "}",
        "{}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2)",
        "{'descr': '<f8', 'fortran_order': False, }",
        "{'descr': '<f8', 'shape': (2, 2), }",
        "{'fortran_order': False, 'shape': (2, 2), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2), 'more': 1}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2), 'more': '1'}",
        "{'descr': '<f8', 'fortran_order': True, 'shape': (2, 2), }",
        "{'descr': '<f8', 'fortran_order': 0, 'shape': (2, 2), }",
        "{'descr': '<f8',\n'fortran_order': False, 'shape': (2, 2), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': [2, 2], }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2L, 2L), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-2, -2), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (+2, 2), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2.0, 2), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2,, 2), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (4), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (4,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': 4, }",
        "{'descr': 'f8', 'fortran_order': False, 'shape': (2, 2), }",
        "{'descr': '|f8', 'fortran_order': False, 'shape': (2, 2), }",
        "{'descr': '<f16', 'fortran_order': False, 'shape': (2, 2), }",
        "{'descr': '<U8', 'fortran_order': False, 'shape': (2, 2), }",
        "{'descr': '|O', 'fortran_order': False, 'shape': (2, 2), }",
        "{'descr': '', 'fortran_order': False, 'shape': (2, 2), }",
        "{'descr': [('x', '<f8')], 'fortran_order': False, 'shape': (2, 2), }",
        "{'descr: '<f8', 'fortran_order': False, 'shape': (2, 2), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2), 'shape': (2, 2",
        std::string("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2), }\0", 60) +
            "\xc3\xa9",
        // sizes that are not possible, even if some of them are for arrays without elements
        "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999, 2), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (18446744073709551615, 2), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904, 4), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2305843009213693952, 1), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 9223372036854775808), }",
    };
    for (const auto& header : refused) {
        CHECK_STATUS(load_header_status(header), MTS_SERIALIZATION_ERROR);
    }

    // possible, but this much data is not there
    for (const auto* shape : {"(3, 2)", "(1000000000, 1000000000)", "(2, 2, 2)"}) {
        auto header =
            "{'descr': '<f8', 'fortran_order': False, 'shape': " + std::string(shape) + "}";
        CHECK_STATUS(load_header_status(header), MTS_IO_ERROR);
    }
    // more data than this
    CHECK_STATUS(
        load_header_status("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }"),
        MTS_SERIALIZATION_ERROR
    );
    // not the shape of the labels
    CHECK_STATUS(
        load_header_status("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 4), }"),
        MTS_INVALID_PARAMETER_ERROR
    );
}

static void test_npy_versions() {
    auto values = npy(VALUES_HEADER, Bytes(32));
    for (uint8_t major : {0, 1, 2, 3, 4, 255}) {
        for (uint8_t minor : {0, 1}) {
            auto bytes = values;
            bytes[6] = major;
            bytes[7] = minor;
            if (major == 2 || major == 3) {
                bytes.insert(bytes.begin() + 10, {0, 0});
            }
            auto supported = major >= 1 && major <= 3 && minor == 0;
            CHECK_STATUS(
                load_values_status(bytes), supported ? MTS_SUCCESS : MTS_SERIALIZATION_ERROR
            );
        }
    }

    auto no_newline = values;
    no_newline[10 + VALUES_HEADER.size()] = ' ';
    CHECK_STATUS(load_values_status(no_newline), MTS_SERIALIZATION_ERROR);

    // encoding of the text
    auto accent = VALUES_HEADER + " \xc3\xa9";
    CHECK_STATUS(load_header_status(accent), MTS_SERIALIZATION_ERROR);
    auto version_3 = npy(accent, Bytes(32));
    version_3[6] = 3;
    version_3.insert(version_3.begin() + 10, {0, 0});
    CHECK_SUCCESS(load_values_status(version_3));
    version_3[12 + accent.size() - 1] = 0xff;
    CHECK_STATUS(load_values_status(version_3), MTS_SERIALIZATION_ERROR);

    // headers longer than what is there
    for (uint64_t size : {0x7fffU, 0xffffU}) {
        auto bytes = values;
        set(bytes, 8, 2, size);
        CHECK_STATUS(load_values_status(bytes), MTS_IO_ERROR);
    }
    auto version_2 = values;
    version_2[6] = 2;
    version_2.insert(version_2.begin() + 8, {0xff, 0xff});
    CHECK_STATUS(load_values_status(version_2), MTS_IO_ERROR);
}

static mts_status_t
load_labels_status(const std::string& header, const std::vector<int32_t>& values) {
    auto data = Bytes();
    for (auto value : values) {
        append(data, 4, static_cast<uint32_t>(value));
    }
    return load_labels(npy(header, data)) ? MTS_SUCCESS : last_status();
}

static void test_labels_headers() {
    auto status = [](const std::string& descr, const std::string& shape, size_t count) {
        auto values = std::vector<int32_t>();
        for (size_t i = 0; i < count; i++) {
            values.push_back(static_cast<int32_t>(i));
        }
        return load_labels_status(
            "{'descr': " + descr + ", 'fortran_order': False, 'shape': " + shape + ", }", values
        );
    };
    CHECK_SUCCESS(status("[('a', '<i4'), ('b', '<i4')]", "(3,)", 6));
    CHECK_SUCCESS(status("[('a','<i4',),]", "(3)", 3));
    CHECK_SUCCESS(status("[('a', '>i4')]", "(3,)", 3));
    CHECK_SUCCESS(status("[]", "(0,)", 0));

    for (const auto* descr :
         {"'<i4'",
          "[('a', '<i4'), ('b', '>i4')]",
          "[('a', '=i4'), ('b', '=i4')]",
          "[('a', '<i8')]",
          "[('a', '<f4'), ('b', '<f4')]",
          "[('a', '<i4', (2,))]",
          "[('a')]",
          "[['a', '<i4'], ['b', '<i4']]",
          "[('a', '<i4') ('b', '<i4')]",
          "[('a', [('b', '<i4')])]"}) {
        CHECK_STATUS(status(descr, "(3,)", 6), MTS_SERIALIZATION_ERROR);
    }
    CHECK_STATUS(status("[('a', '<i4')]", "(3, 1)", 3), MTS_SERIALIZATION_ERROR);
    CHECK_STATUS(status("[]", "(3,)", 0), MTS_SERIALIZATION_ERROR);
    CHECK_STATUS(status("[]", "(18446744073709551615,)", 0), MTS_SERIALIZATION_ERROR);
    CHECK_STATUS(status("[('a', '<i4')]", "(3,)", 4), MTS_SERIALIZATION_ERROR);
    CHECK_STATUS(status("[('a', '<i4')]", "(4611686018427387904,)", 4), MTS_SERIALIZATION_ERROR);
    CHECK_STATUS(status("[('a', '<i4')]", "(3,)", 2), MTS_IO_ERROR);
    CHECK_STATUS(status("[('a', '<i4')]", "(1000000000000,)", 2), MTS_IO_ERROR);

    CHECK_STATUS(status("[('a', '<i4'), ('a', '<i4')]", "(1,)", 2), MTS_INVALID_PARAMETER_ERROR);
    CHECK_STATUS(status("[('a b', '<i4')]", "(1,)", 1), MTS_INVALID_PARAMETER_ERROR);
    CHECK_STATUS(status("[('', '<i4')]", "(1,)", 1), MTS_INVALID_PARAMETER_ERROR);
    CHECK_STATUS(
        load_labels_status(
            "{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (2,), }", {3, 3}
        ),
        MTS_INVALID_PARAMETER_ERROR
    );
}

int main() {
    test_array_headers();
    test_npy_versions();
    test_labels_headers();
    CHECK_EQ(live_arrays.load(), 0);
}
