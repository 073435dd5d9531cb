#!/usr/bin/env bash
# Build the native code with the sanitizers of the compiler, and run the tests with it:
#
#   tools/sanitize.sh [address] [threads] [python] [torch]        all of them by default
#
#   address   AddressSanitizer and UndefinedBehaviorSanitizer: all tests of the core library
#   threads   ThreadSanitizer: the tests of the core library with several threads
#   python    AddressSanitizer and UndefinedBehaviorSanitizer: the core library and the Python
#             bindings, with tests of them in Python
#   torch     the same with the TorchScript libraries, and their tests in Python
#
# The compiler is gcc, or the one in CC and CXX; the parts for Python need gcc. PYTHON is the full
# path of the interpreter of an environment that has the build and test requirements (by default
# .venv/bin/python). Everything is in build/sanitize.
set -euo pipefail
cd "$(dirname "$0")/.."

export CC=${CC:-gcc} CXX=${CXX:-g++}
PYTHON=${PYTHON:-$PWD/.venv/bin/python}
BUILD=${BUILD:-$PWD/build/sanitize}
JOBS=${JOBS:-$(nproc)}

# more debugging information than line numbers makes gcc very slow with sanitizers
COMMON_FLAGS="-g1 -O1 -fno-omit-frame-pointer"
ADDRESS_FLAGS="$COMMON_FLAGS -fsanitize=address,undefined -fno-sanitize-recover=all"
THREAD_FLAGS="$COMMON_FLAGS -fsanitize=thread"

build_core() { # <directory> <flags> <targets>
    cmake -S core -B "$1" -DMETATENSOR_BUILD_TESTS=ON -DPython_EXECUTABLE="$PYTHON" \
        -DCMAKE_BUILD_TYPE=None -DCMAKE_C_FLAGS="$2" -DCMAKE_CXX_FLAGS="$2" > /dev/null
    cmake --build "$1" --parallel "$JOBS" --target "${@:3}"
}

check_address() {
    build_core "$BUILD/address" "$ADDRESS_FLAGS" all
    ctest --test-dir "$BUILD/address" --output-on-failure -j "$JOBS"
}

check_threads() {
    local tests=(core/tests/*_threads*.cpp core/files/tests/*_threads*.cpp)
    tests=("${tests[@]##*/}")
    tests=("${tests[@]%.cpp}")
    build_core "$BUILD/threads" "$THREAD_FLAGS" "${tests[@]/#/core_}"
    TSAN_OPTIONS="halt_on_error=1 ${TSAN_OPTIONS:-}" \
        ctest --test-dir "$BUILD/threads" --output-on-failure -R threads
}

# Python itself, and what it imports, are not instrumented: the library of AddressSanitizer has to be
# loaded before them, and that of C++ with it, since exceptions are followed. What Python does not
# free at its end is not a leak.
check_in_python() { # <name> <ON or OFF: with torch?> <flags> <arguments of pytest>
    local asan stdcxx
    asan=$("$CXX" -print-file-name=libasan.so)
    stdcxx=$("$CXX" -print-file-name=libstdc++.so)
    if [ ! -e "$asan" ]; then
        echo "libasan.so was not found: set CC and CXX to gcc and g++" >&2
        exit 1
    fi
    PATH="$(dirname "$PYTHON"):$PATH" CMAKE_BUILD_PARALLEL_LEVEL=$JOBS \
        "$PYTHON" -m pip install --quiet --no-deps --no-build-isolation --upgrade \
        --target "$BUILD/$1-site" -Cbuild-dir="$BUILD/$1" -Ccmake.build-type=None \
        -Ccmake.define.CMAKE_CXX_FLAGS="$3" -Ccmake.define.METATENSOR_BUILD_TORCH="$2" \
        -Cinstall.strip=false .
    LD_PRELOAD="$asan $stdcxx" PYTHONPATH="$BUILD/$1-site" PYTHONMALLOC=malloc OMP_NUM_THREADS=1 \
        ASAN_OPTIONS="detect_leaks=0:${ASAN_OPTIONS:-}" \
        "$PYTHON" -m pytest -p no:cacheprovider "${@:4}"
}

check_python() {
    # left out: tests that limit the memory of the process, since the sanitizer needs a lot more
    check_in_python python OFF "$ADDRESS_FLAGS" \
        tests/core --ignore tests/core/test_io_hostile_archives.py
}

check_torch() {
    # types of objects of torch can not be checked: it does not export all of them.
    # Left out: `compilation`, which runs compilers
    check_in_python torch ON "$ADDRESS_FLAGS -fno-sanitize=vptr" \
        tests/torch --ignore tests/torch/compilation
}

if [ $# -eq 0 ]; then
    set -- address threads python torch
fi
for part in "$@"; do
    echo "=== $part"
    "check_$part"
done
echo "=== nothing was found"
