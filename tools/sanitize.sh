#!/usr/bin/env bash
# Build the native code with the sanitizers of the compiler, and run the tests with it:
#
#   tools/sanitize.sh [address] [threads] [python]        all three by default
#
#   address   AddressSanitizer and UndefinedBehaviorSanitizer: all tests of the core library
#   threads   ThreadSanitizer: the tests of the core library with several threads
#   python    AddressSanitizer and UndefinedBehaviorSanitizer: the core library and the Python
#             bindings, with tests of them in Python
#
# The compiler is gcc, or the one in CC and CXX; the part for Python needs gcc. PYTHON is the full
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
# free at its end is not a leak. The tests that limit the memory of the process are left out: the
# sanitizer needs a lot more.
check_python() {
    local asan stdcxx
    asan=$("$CXX" -print-file-name=libasan.so)
    stdcxx=$("$CXX" -print-file-name=libstdc++.so)
    if [ ! -e "$asan" ]; then
        echo "libasan.so was not found: set CC and CXX to gcc and g++" >&2
        exit 1
    fi
    PATH="$(dirname "$PYTHON"):$PATH" CMAKE_BUILD_PARALLEL_LEVEL=$JOBS \
        "$PYTHON" -m pip install --quiet --no-deps --no-build-isolation --upgrade \
        --target "$BUILD/site" -Cbuild-dir="$BUILD/python" -Ccmake.build-type=None \
        -Ccmake.define.CMAKE_CXX_FLAGS="$ADDRESS_FLAGS" -Ccmake.define.METATENSOR_BUILD_TORCH=OFF \
        -Cinstall.strip=false .
    LD_PRELOAD="$asan $stdcxx" PYTHONPATH="$BUILD/site" PYTHONMALLOC=malloc OMP_NUM_THREADS=1 \
        ASAN_OPTIONS="detect_leaks=0:${ASAN_OPTIONS:-}" \
        "$PYTHON" -m pytest -p no:cacheprovider tests/core \
        --ignore tests/core/test_io_hostile_archives.py
}

if [ $# -eq 0 ]; then
    set -- address threads python
fi
for part in "$@"; do
    echo "=== $part"
    "check_$part"
done
echo "=== nothing was found"
