#include "calls.hpp"

#include <cxxabi.h>

#include <ATen/PythonTorchFunctionTLS.h>
#include <torch/csrc/Exceptions.h>
#include <torch/csrc/jit/frontend/tracer.h>

namespace script_objects {

bool torch_is_watching() {
    return torch::jit::tracer::isTracing() || at::impl::PythonTorchFunctionTLS::peek_skip_next();
}

py::object run(torch::jit::Function& function, torch::jit::Stack& stack) {
    {
        const auto no_lock = py::gil_scoped_release();
        function.run(stack);
    }
    TORCH_CHECK(!stack.empty(), "'", function.name(), "' gave no result");
    return to_python(std::move(stack.back()), *function.getSchema().returns().at(0).type());
}

py::object run_with_warnings(torch::jit::Function& function, torch::jit::Stack& stack) {
    HANDLE_TH_ERRORS
    return run(function, stack);
    END_HANDLE_TH_ERRORS_PYBIND
}

py::object call(
    decltype(run)& run_function,
    torch::jit::Function& function,
    torch::jit::ObjectPtr object,
    const Arguments& arguments
) {
    const auto& schema = function.getSchema();
    auto stack = torch::jit::Stack();
    stack.reserve(schema.arguments().size());
    stack.emplace_back(std::move(object));
    if (!push_arguments(stack, schema, arguments)) {
        return {};
    }
    return run_function(function, stack);
}

void set_python_error() {
    try {
        throw;
    } catch (py::error_already_set& error) {
        error.restore();
#ifdef __GLIBCXX__
    } catch (abi::__forced_unwind&) {
        throw;
#endif
    } catch (...) {
        py::detail::try_translate_exceptions();
    }
}

} // namespace script_objects
