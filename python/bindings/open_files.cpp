#include <memory>
#include <string>

#include <nanobind/nanobind.h>

#include <metatensor/files.h>

#include "arrays.hpp"
#include "dlpack.hpp"
#include "errors.hpp"
#include "handles.hpp"
#include "io.hpp"
#include "strings.hpp"

// Parts of files, and files mapped to memory, as NumPy arrays. The GIL is released during all of
// the work: it is taken again by the functions that create arrays.

namespace bindings {

namespace {

/// `mts_map_array_callback_t` for NumPy arrays which can not be written to
mts_status_t
map_numpy_array(void* /* user_data */, DLManagedTensorVersioned* tensor, mts_array_t* array) {
    return wrap_file_array(array, [&] {
        auto memory = new_dlpack_tensor(tensor);
        static auto* as_array = new nb::object(nb::module_::import_("numpy").attr("asarray"));

        auto view = nb::steal(PyMemoryView_FromObject(memory.ptr()));
        if (!view.is_valid()) {
            throw nb::python_error();
        }
        return (*as_array)(view);
    });
}

/// `mts_create_array_callback_t` for NumPy arrays with a shape and a type, but a single element
mts_status_t describe_numpy_array(
    const uintptr_t* shape, uintptr_t shape_count, DLDataType dtype, mts_array_t* array
) {
    return wrap_file_array(array, [&] {
        static auto* zeros = new nb::object(nb::module_::import_("numpy").attr("zeros"));
        static auto* repeat = new nb::object(nb::module_::import_("numpy").attr("broadcast_to"));

        auto zero = (*zeros)(nb::make_tuple(), numpy_dtype_name(dtype).c_str());
        return (*repeat)(zero, shape_list(shape, shape_count));
    });
}

/// Content of a Python `_metatensor.File` object
class FileObject {
public:
    explicit FileObject(const char* path) {
        mts_file_t* file = nullptr;
        {
            nb::gil_scoped_release no_gil;
            file = mts_file_open(path);
        }
        file_ = std::shared_ptr<mts_file_t>(check_pointer(file), mts_file_close);
    }

    /// The file stays open until the calls that use it return
    void close() { file_.reset(); }
    bool is_closed() const { return file_ == nullptr; }

    mts_file_content_t content() const {
        auto content = MTS_FILE_LABELS;
        check_status(mts_file_content(file().get(), &content));
        return content;
    }

    nb::object keys() const { return new_labels(mts_file_keys(file().get())); }

    /// Call one of the C functions that make something from a file
    template <typename Function, typename... Args>
    auto call(Function function, Args... args) const {
        auto opened = file();
        nb::gil_scoped_release no_gil;
        auto result = function(opened.get(), args...);
        opened.reset();
        return result;
    }

private:
    std::shared_ptr<mts_file_t> file() const {
        if (is_closed()) {
            raise(PyExc_ValueError, "this file is closed");
        }
        return file_;
    }

    std::shared_ptr<mts_file_t> file_;
};

/// A selection, which can be `None`
const mts_labels_t* optional_labels(nb::handle labels) {
    return labels.is_none() ? nullptr : labels_object(labels).get();
}

} // namespace

void bind_open_files(nb::module_& m) {
    nb::class_<FileObject>(
        m, "File", "An open file: see ``metatensor.io.File``. All arrays are NumPy arrays."
    )
        .def(
            "__init__",
            [](FileObject* self, nb::handle path) {
                new (self) FileObject(c_string(path, "path"));
            },
            nb::arg("path")
        )
        .def("_close", &FileObject::close)
        .def_prop_ro("is_closed", &FileObject::is_closed)
        .def_prop_ro(
            "_content", [](const FileObject& self) { return static_cast<int>(self.content()); }
        )
        .def_prop_ro("keys", &FileObject::keys)
        .def(
            "_read_tensor",
            [](const FileObject& self, nb::handle keys, nb::handle samples, nb::handle properties) {
                return new_tensor(self.call(
                    mts_file_read_tensormap,
                    optional_labels(keys),
                    optional_labels(samples),
                    optional_labels(properties),
                    create_numpy_array
                ));
            },
            nb::arg("keys").none(),
            nb::arg("samples").none(),
            nb::arg("properties").none()
        )
        .def(
            "_read_block",
            [](const FileObject& self, nb::handle samples, nb::handle properties) {
                return new_block(self.call(
                    mts_file_read_block,
                    optional_labels(samples),
                    optional_labels(properties),
                    create_numpy_array
                ));
            },
            nb::arg("samples").none(),
            nb::arg("properties").none()
        )
        .def(
            "_read_samples",
            [](const FileObject& self, uintptr_t block, uintptr_t first, uintptr_t count) {
                return new_block(
                    self.call(mts_file_read_samples, block, first, count, create_numpy_array)
                );
            },
            nb::arg("block"),
            nb::arg("first"),
            nb::arg("count")
        )
        .def(
            "_map_tensor",
            [](const FileObject& self, nb::handle keys) {
                return new_tensor(self.call(
                    mts_file_map_tensormap,
                    optional_labels(keys),
                    map_numpy_array,
                    static_cast<void*>(nullptr)
                ));
            },
            nb::arg("keys").none()
        )
        .def(
            "_map_block",
            [](const FileObject& self) {
                return new_block(
                    self.call(mts_file_map_block, map_numpy_array, static_cast<void*>(nullptr))
                );
            }
        )
        .def(
            "_tensor_metadata",
            [](const FileObject& self, nb::handle keys) {
                return new_tensor(self.call(
                    mts_file_tensormap_metadata, optional_labels(keys), describe_numpy_array
                ));
            },
            nb::arg("keys").none()
        )
        .def("_block_metadata", [](const FileObject& self) {
            return new_block(self.call(mts_file_block_metadata, describe_numpy_array));
        });

    m.def(
        "save_block_aligned",
        [](nb::handle path, nb::handle block) {
            const auto* utf8_path = c_string(path, "path");
            const auto* handle = block_object(block).get();
            auto status = MTS_SUCCESS;
            {
                nb::gil_scoped_release no_gil;
                status = mts_block_save_aligned(utf8_path, handle);
            }
            check_status(status);
        },
        nb::arg("path"),
        nb::arg("block")
    );
    m.def(
        "save_tensor_aligned",
        [](nb::handle path, nb::handle tensor) {
            const auto* utf8_path = c_string(path, "path");
            const auto* handle = tensor_object(tensor).get();
            auto status = MTS_SUCCESS;
            {
                nb::gil_scoped_release no_gil;
                status = mts_tensormap_save_aligned(utf8_path, handle);
            }
            check_status(status);
        },
        nb::arg("path"),
        nb::arg("tensor")
    );
}

} // namespace bindings
