# CMake package of metatensor. It defines the targets `metatensor::shared` and `metatensor::static`,
# as far as they are installed, and `metatensor` for one of them; and `metatensor::files` for the
# library that reads parts of files, which uses the shared library.

if (metatensor_FOUND)
    return()
endif()

@PACKAGE_INIT@

enable_language(CXX)

get_filename_component(METATENSOR_PREFIX_DIR "@PACKAGE_METATENSOR_INSTALL_PREFIX@" ABSOLUTE)
get_filename_component(METATENSOR_INCLUDE "@PACKAGE_METATENSOR_INSTALL_INCLUDEDIR@" ABSOLUTE)
foreach(_header IN ITEMS metatensor.h metatensor.hpp)
    if (NOT EXISTS "${METATENSOR_INCLUDE}/${_header}")
        message(FATAL_ERROR "could not find '${_header}' in '${METATENSOR_INCLUDE}'")
    endif()
endforeach()

# _metatensor_imported_target(<shared|static> <location>)
function(_metatensor_imported_target KIND LOCATION)
    if (NOT EXISTS "${LOCATION}")
        message(FATAL_ERROR "could not find the ${KIND} library of metatensor at '${LOCATION}'")
    endif()

    string(TOUPPER "${KIND}" _library_type)
    add_library(metatensor::${KIND} ${_library_type} IMPORTED)
    target_compile_features(metatensor::${KIND} INTERFACE cxx_std_17)
    set_target_properties(metatensor::${KIND} PROPERTIES
        IMPORTED_LOCATION "${LOCATION}"
        INTERFACE_INCLUDE_DIRECTORIES "${METATENSOR_INCLUDE}"
        BUILD_VERSION "@METATENSOR_FULL_VERSION@"
    )
endfunction()

if (@METATENSOR_INSTALLS_SHARED@)
    set(METATENSOR_SHARED_LOCATION "@PACKAGE_METATENSOR_INSTALL_SHARED@")
    _metatensor_imported_target(shared "${METATENSOR_SHARED_LOCATION}")
    if (WIN32)
        set(METATENSOR_IMPLIB_LOCATION "@PACKAGE_METATENSOR_INSTALL_IMPLIB@")
        set_target_properties(metatensor::shared PROPERTIES
            IMPORTED_IMPLIB "${METATENSOR_IMPLIB_LOCATION}"
        )
    elseif (NOT APPLE)
        set_target_properties(metatensor::shared PROPERTIES IMPORTED_SONAME "libmetatensor.so")
    endif()
endif()

set(METATENSOR_FILES_LOCATION "@PACKAGE_METATENSOR_INSTALL_FILES@")
if (TARGET metatensor::shared AND EXISTS "${METATENSOR_FILES_LOCATION}")
    add_library(metatensor::files SHARED IMPORTED)
    target_link_libraries(metatensor::files INTERFACE metatensor::shared)
    set_target_properties(metatensor::files PROPERTIES
        IMPORTED_LOCATION "${METATENSOR_FILES_LOCATION}"
        INTERFACE_INCLUDE_DIRECTORIES "${METATENSOR_INCLUDE}"
        BUILD_VERSION "@METATENSOR_FULL_VERSION@"
    )
    if (NOT APPLE)
        set_target_properties(metatensor::files PROPERTIES
            IMPORTED_SONAME "libmetatensor_files.so"
        )
    endif()
endif()

if (@METATENSOR_INSTALLS_STATIC@)
    set(METATENSOR_STATIC_LOCATION "@PACKAGE_METATENSOR_INSTALL_STATIC@")
    _metatensor_imported_target(static "${METATENSOR_STATIC_LOCATION}")
    # what the C++ code of the library needs, even in programs that have no C++ code
    set_target_properties(metatensor::static PROPERTIES
        INTERFACE_LINK_LIBRARIES "@METATENSOR_STATIC_DEPENDENCIES@"
    )
endif()

if (@BUILD_SHARED_LIBS@)
    add_library(metatensor ALIAS metatensor::shared)
else()
    add_library(metatensor ALIAS metatensor::static)
endif()

set(metatensor_FOUND TRUE)
