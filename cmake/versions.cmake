# Interface versions, read from the one table in `python/metatensor/_versions.py`.
#
#   interface_version(CORE version)   sets `version`, `version_MAJOR`, `version_MINOR` and
#                                     `version_PATCH` in the caller's scope

function(interface_version NAME OUTPUT)
    set(_table "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../python/metatensor/_versions.py")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${_table}")
    file(STRINGS "${_table}" _line REGEX "^${NAME}_INTERFACE = \"[0-9]+\\.[0-9]+\\.[0-9]+\"$")
    if (NOT _line)
        message(FATAL_ERROR "no version for '${NAME}_INTERFACE' in ${_table}")
    endif()
    string(REGEX MATCH "\"(([0-9]+)\\.([0-9]+)\\.([0-9]+))\"" _ "${_line}")
    set(${OUTPUT} "${CMAKE_MATCH_1}" PARENT_SCOPE)
    set(${OUTPUT}_MAJOR "${CMAKE_MATCH_2}" PARENT_SCOPE)
    set(${OUTPUT}_MINOR "${CMAKE_MATCH_3}" PARENT_SCOPE)
    set(${OUTPUT}_PATCH "${CMAKE_MATCH_4}" PARENT_SCOPE)
endfunction()
