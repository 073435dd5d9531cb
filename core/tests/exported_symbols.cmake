# Checks that the symbols exported by LIBRARY are the COUNT functions declared in HEADER, no more, no
# less.

execute_process(
    COMMAND "${NM}" -D --defined-only "${LIBRARY}"
    OUTPUT_VARIABLE _output
    COMMAND_ERROR_IS_FATAL ANY
)
string(REGEX MATCHALL "[^ \n]+\n" _exported "${_output}")
string(REPLACE "\n" "" _exported "${_exported}")

# functions are declared at the start of a line, or alone on the line after their return type
file(READ "${HEADER}" _header)
string(REGEX MATCHALL "\n([a-z][A-Za-z_ *]*[ *])?mts_[a-z_]+\\(" _declarations "${_header}")
set(_declared)
foreach(_declaration IN LISTS _declarations)
    string(REGEX MATCH "mts_[a-z_]+\\($" _name "${_declaration}")
    string(REPLACE "(" "" _name "${_name}")
    list(APPEND _declared "${_name}")
endforeach()

list(SORT _exported)
list(SORT _declared)
list(LENGTH _declared _count)
if (NOT _count EQUAL COUNT)
    message(FATAL_ERROR "expected ${COUNT} functions in the header, found ${_count}: ${_declared}")
endif()
if (NOT "${_exported}" STREQUAL "${_declared}")
    message(FATAL_ERROR "declared:\n${_declared}\nexported:\n${_exported}")
endif()
