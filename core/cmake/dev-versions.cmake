# For projects that test their build against metatensor, and need to know which version to expect
# from a checkout of its sources.
#
#   create_development_version(<version> <output-variable> <tag-prefix>)
#
# Releases are tagged as `<tag-prefix><version>`. On a release, or if there is no such tag, the
# result is the version itself. After N commits:
#
#   0.2.6      ->  0.3.0-devN+<hash>
#   0.2.6-rc1  ->  0.2.6-rc2-devN+<hash>

function(create_development_version VERSION OUTPUT TAG_PREFIX)
    set(${OUTPUT} "${VERSION}" PARENT_SCOPE)

    execute_process(
        COMMAND git describe --tags --long --match "${TAG_PREFIX}${VERSION}"
        WORKING_DIRECTORY "${CMAKE_CURRENT_FUNCTION_LIST_DIR}"
        RESULT_VARIABLE _status
        OUTPUT_VARIABLE _description
        OUTPUT_STRIP_TRAILING_WHITESPACE
        ERROR_QUIET
    )
    # <tag>-<number of commits>-g<hash>
    if (NOT _status EQUAL 0 OR NOT _description MATCHES "-([0-9]+)-g([0-9a-f]+)$")
        return()
    endif()
    set(_commits "${CMAKE_MATCH_1}")
    set(_hash "${CMAKE_MATCH_2}")
    if (_commits EQUAL 0)
        return()
    endif()

    if (VERSION MATCHES "^([0-9.]+)-rc([0-9]+)$")
        math(EXPR _candidate "${CMAKE_MATCH_2} + 1")
        set(_next "${CMAKE_MATCH_1}-rc${_candidate}")
    elseif (VERSION MATCHES "^([0-9]+)\\.([0-9]+)\\.[0-9]+$")
        math(EXPR _minor "${CMAKE_MATCH_2} + 1")
        set(_next "${CMAKE_MATCH_1}.${_minor}.0")
    else()
        message(FATAL_ERROR "expected a version like 1.2.3 or 1.2.3-rc4, got '${VERSION}'")
    endif()
    set(${OUTPUT} "${_next}-dev${_commits}+${_hash}" PARENT_SCOPE)
endfunction()
