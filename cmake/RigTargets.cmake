# What every target of the tree shares: language, warnings, sanitizers, the libraries of Debian 12, and the three
# functions that folders use: rig_library, rig_program, rig_test (and rig_fuzz).

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
find_program(RIG_CCACHE ccache)
if(RIG_CCACHE)
    set(CMAKE_C_COMPILER_LAUNCHER ${RIG_CCACHE})
endif()

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(ZLIB REQUIRED)
pkg_check_modules(SERIALPORT REQUIRED IMPORTED_TARGET libserialport)
pkg_check_modules(FTDI1 REQUIRED IMPORTED_TARGET libftdi1)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(XML2 REQUIRED IMPORTED_TARGET libxml-2.0)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(SQLITE3 REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl)
find_library(MBEDTLS_LIBRARY mbedtls REQUIRED)
find_library(MBEDX509_LIBRARY mbedx509 REQUIRED)
find_library(MBEDCRYPTO_LIBRARY mbedcrypto REQUIRED)
if(RIG_TESTS)
    pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
endif()

add_library(rig_flags INTERFACE)
target_compile_definitions(rig_flags INTERFACE _GNU_SOURCE)
target_compile_options(rig_flags INTERFACE
    -Wall -Wextra -Wshadow -Wvla -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes -Wundef
    -Wpointer-arith -Wwrite-strings -fno-common $<$<BOOL:${RIG_WERROR}>:-Werror>)
target_include_directories(rig_flags INTERFACE ${CMAKE_SOURCE_DIR})
if(RIG_SANITIZE)
    target_compile_options(rig_flags INTERFACE -fsanitize=${RIG_SANITIZE} -fno-omit-frame-pointer
                           -fno-sanitize-recover=all)
    target_link_options(rig_flags INTERFACE -fsanitize=${RIG_SANITIZE})
endif()
if(RIG_COVERAGE)
    target_compile_options(rig_flags INTERFACE --coverage)
    target_link_options(rig_flags INTERFACE --coverage)
endif()
if(RIG_FUZZ)
    target_compile_options(rig_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# rig_library(NAME SOURCES... LIBS...): a static library, linked by its name.
function(rig_library name)
    cmake_parse_arguments(A "" "" "SOURCES;LIBS" ${ARGN})
    add_library(${name} STATIC ${A_SOURCES})
    target_link_libraries(${name} PUBLIC rig_flags ${A_LIBS})
endfunction()

# rig_program(NAME SOURCES... LIBS...): a program in <build>/bin.
function(rig_program name)
    cmake_parse_arguments(A "" "" "SOURCES;LIBS" ${ARGN})
    add_executable(${name} ${A_SOURCES})
    target_link_libraries(${name} PRIVATE rig_flags ${A_LIBS})
endfunction()

# rig_test(NAME SOURCES... LIBS... [ARGS...] [TIMEOUT seconds] [LABELS...]): a cmocka program, run by ctest.
# The environment names the programs under test: RIG_BIN (folder of rig and vboard), RIG_SOURCE (the tree).
function(rig_test name)
    if(NOT RIG_TESTS)
        return()
    endif()
    cmake_parse_arguments(A "" "TIMEOUT" "SOURCES;LIBS;ARGS;LABELS" ${ARGN})
    if(NOT A_TIMEOUT)
        set(A_TIMEOUT 60)
    endif()
    add_executable(${name} ${A_SOURCES})
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    target_link_libraries(${name} PRIVATE rig_flags ${A_LIBS} PkgConfig::CMOCKA)
    add_test(NAME ${name} COMMAND ${name} ${A_ARGS})
    set_tests_properties(${name} PROPERTIES TIMEOUT ${A_TIMEOUT} LABELS "${A_LABELS}"
        SKIP_RETURN_CODE 77
        ENVIRONMENT "RIG_BIN=${CMAKE_BINARY_DIR}/bin;RIG_SOURCE=${CMAKE_SOURCE_DIR};RIG_BUILD=${CMAKE_BINARY_DIR}")
endfunction()

# rig_fuzz(NAME SOURCES... LIBS... CORPUS folder): LLVMFuzzerTestOneInput; libFuzzer with RIG_FUZZ, else a program
# that runs it over each file of the corpus. Either way ctest runs it.
function(rig_fuzz name)
    if(NOT RIG_TESTS)
        return()
    endif()
    cmake_parse_arguments(A "" "CORPUS" "SOURCES;LIBS" ${ARGN})
    if(RIG_FUZZ)
        add_executable(${name} ${A_SOURCES})
        target_link_options(${name} PRIVATE -fsanitize=fuzzer)
        add_test(NAME ${name} COMMAND ${name} -runs=20000 -max_total_time=10 -seed=1 -timeout=10
                 ${CMAKE_BINARY_DIR}/fuzz-work/${name} ${A_CORPUS})
        file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz-work/${name})
    else()
        add_executable(${name} ${A_SOURCES} ${CMAKE_SOURCE_DIR}/rig/tests/fuzz_corpus_main.c)
        add_test(NAME ${name} COMMAND ${name} ${A_CORPUS})
    endif()
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    target_link_libraries(${name} PRIVATE rig_flags ${A_LIBS})
    set_tests_properties(${name} PROPERTIES TIMEOUT 120 LABELS fuzz)
endfunction()
