#include "io/npy_header_parser.hpp"

#include <charconv>

#include "io/errors.hpp"

namespace mts::io {

namespace {

// Parser for the few kinds of Python literals found in headers. Nothing is recursive: headers have
// a fixed structure.
class Parser {
public:
    explicit Parser(std::string_view text) : text_(text) {}

    NpyHeader parse() {
        auto header = NpyHeader();
        bool has_type = false;
        bool has_order = false;
        bool has_shape = false;

        expect('{');
        while (!accept('}')) {
            auto key = parse_string();
            expect(':');
            if (key == "descr") {
                parse_type(header);
                has_type = true;
            } else if (key == "fortran_order") {
                header.fortran_order = parse_bool();
                has_order = true;
            } else if (key == "shape") {
                header.shape = parse_shape();
                has_shape = true;
            } else {
                fail("unknown key '", key, "'");
            }
            if (!accept(',')) {
                expect('}');
                break;
            }
        }

        if (!has_type || !has_order || !has_shape) {
            fail("the keys 'descr', 'fortran_order' and 'shape' are all required");
        }
        return header;
    }

private:
    template <typename... Parts>
    [[noreturn]] void fail(const Parts&... parts) const {
        throw serialization_error("invalid NPY header: ", parts..., " (at character ", at_, ")");
    }

    void skip_spaces() {
        while (at_ < text_.size() &&
               (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\f')) {
            at_ += 1;
        }
    }

    bool accept(char expected) {
        skip_spaces();
        if (at_ < text_.size() && text_[at_] == expected) {
            at_ += 1;
            return true;
        }
        return false;
    }

    bool accept(std::string_view expected) {
        skip_spaces();
        if (text_.substr(at_).starts_with(expected)) {
            at_ += expected.size();
            return true;
        }
        return false;
    }

    void expect(char expected) {
        if (!accept(expected)) {
            fail("expected '", std::string_view(&expected, 1), "'");
        }
    }

    std::string parse_string() {
        auto quote = '\'';
        if (!accept(quote)) {
            quote = '"';
            expect(quote);
        }
        auto end = text_.find(quote, at_);
        if (end == std::string_view::npos) {
            fail("missing ", std::string_view(&quote, 1), " at the end of a string");
        }
        auto content = text_.substr(at_, end - at_);
        if (content.find('\n') != std::string_view::npos) {
            fail("a string contains a newline");
        }
        at_ = end + 1;
        return std::string(content);
    }

    bool parse_bool() {
        if (accept("True")) {
            return true;
        }
        if (accept("False")) {
            return false;
        }
        fail("expected True or False");
    }

    // `'type'`, or `[('name', 'type'), ...]`
    void parse_type(NpyHeader& header) {
        header.type.clear();
        header.fields.reset();
        if (!accept('[')) {
            header.type = parse_string();
            return;
        }

        auto fields = std::vector<NpyHeader::Field>();
        while (!accept(']')) {
            expect('(');
            auto name = parse_string();
            expect(',');
            auto type = parse_string();
            accept(',');
            expect(')');
            fields.push_back({std::move(name), std::move(type)});
            if (!accept(',')) {
                expect(']');
                break;
            }
        }
        header.fields = std::move(fields);
    }

    std::vector<uintptr_t> parse_shape() {
        auto shape = std::vector<uintptr_t>();
        expect('(');
        while (!accept(')')) {
            shape.push_back(parse_size());
            if (!accept(',')) {
                expect(')');
                break;
            }
        }
        if (shape.empty()) {
            fail("the shape is empty");
        }
        return shape;
    }

    uintptr_t parse_size() {
        skip_spaces();
        uintptr_t size = 0;
        const auto* start = text_.data() + at_;
        auto [end, error] = std::from_chars(start, text_.data() + text_.size(), size);
        if (error == std::errc::result_out_of_range) {
            fail("a size is too large");
        }
        if (error != std::errc()) {
            fail("expected the size of an axis");
        }
        at_ += static_cast<size_t>(end - start);
        return size;
    }

    std::string_view text_;
    size_t at_ = 0;
};

} // namespace

NpyHeader parse_npy_header(std::string_view text) {
    if (!text.ends_with('\n')) {
        throw serialization_error("invalid NPY header: it should end with a newline");
    }
    return Parser(text).parse();
}

} // namespace mts::io
