# Headers that come from packages of the Python package index (DLPack, nlohmann-json).
#
#   python_package_directory(<module> <output>)   directory of an installed Python package, without
#                                                 importing it; empty if it is not installed

find_package(Python 3.10 REQUIRED COMPONENTS Interpreter)

function(python_package_directory MODULE OUTPUT)
    execute_process(
        COMMAND "${Python_EXECUTABLE}" -c
            # a folder of this name in the current directory is a "namespace package", without origin
            "import importlib.util as u; s = u.find_spec('${MODULE}'); print(s.submodule_search_locations[0] if s and s.origin else '')"
        OUTPUT_VARIABLE _directory
        OUTPUT_STRIP_TRAILING_WHITESPACE
        COMMAND_ERROR_IS_FATAL ANY
    )
    set(${OUTPUT} "${_directory}" PARENT_SCOPE)
endfunction()

# Directory such that `<dir>/dlpack/dlpack.h` is the DLPack 1.3 header. It can be set by hand for
# builds without Python packages: -DMETATENSOR_DLPACK_INCLUDE_DIR=...
if (NOT METATENSOR_DLPACK_INCLUDE_DIR)
    python_package_directory(tvm_ffi _tvm_ffi)
    if (NOT _tvm_ffi)
        message(FATAL_ERROR
            "the DLPack header was not found: `pip install apache-tvm-ffi` for ${Python_EXECUTABLE}, "
            "or set METATENSOR_DLPACK_INCLUDE_DIR to the directory that contains dlpack/dlpack.h")
    endif()
    set(METATENSOR_DLPACK_INCLUDE_DIR "${_tvm_ffi}/include" CACHE PATH "directory of dlpack/dlpack.h")
endif()

# Directory such that `<dir>/nlohmann/json.hpp` exists
if (NOT METATENSOR_JSON_INCLUDE_DIR)
    python_package_directory(nlohmann_json _json)
    if (NOT _json)
        message(FATAL_ERROR
            "nlohmann-json was not found: `pip install nlohmann-json` for ${Python_EXECUTABLE}, "
            "or set METATENSOR_JSON_INCLUDE_DIR to the directory that contains nlohmann/json.hpp")
    endif()
    set(METATENSOR_JSON_INCLUDE_DIR "${_json}/include" CACHE PATH "directory of nlohmann/json.hpp")
endif()
