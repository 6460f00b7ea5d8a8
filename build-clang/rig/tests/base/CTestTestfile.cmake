# CMake generated Testfile for 
# Source directory: /tmp/w-vclient/rig/rig/tests/base
# Build directory: /tmp/w-vclient/rig/build-clang/rig/tests/base
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
add_test([=[test_base_error]=] "/tmp/w-vclient/rig/build-clang/tests/test_base_error")
set_tests_properties([=[test_base_error]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-vclient/rig/build-clang/bin;RIG_SOURCE=/tmp/w-vclient/rig;RIG_BUILD=/tmp/w-vclient/rig/build-clang" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-vclient/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-vclient/rig/rig/tests/base/CMakeLists.txt;1;rig_test;/tmp/w-vclient/rig/rig/tests/base/CMakeLists.txt;0;")
add_test([=[test_base_wait]=] "/tmp/w-vclient/rig/build-clang/tests/test_base_wait")
set_tests_properties([=[test_base_wait]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-vclient/rig/build-clang/bin;RIG_SOURCE=/tmp/w-vclient/rig;RIG_BUILD=/tmp/w-vclient/rig/build-clang" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-vclient/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-vclient/rig/rig/tests/base/CMakeLists.txt;2;rig_test;/tmp/w-vclient/rig/rig/tests/base/CMakeLists.txt;0;")
add_test([=[test_base_buf]=] "/tmp/w-vclient/rig/build-clang/tests/test_base_buf")
set_tests_properties([=[test_base_buf]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-vclient/rig/build-clang/bin;RIG_SOURCE=/tmp/w-vclient/rig;RIG_BUILD=/tmp/w-vclient/rig/build-clang" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-vclient/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-vclient/rig/rig/tests/base/CMakeLists.txt;3;rig_test;/tmp/w-vclient/rig/rig/tests/base/CMakeLists.txt;0;")
add_test([=[test_base_file]=] "/tmp/w-vclient/rig/build-clang/tests/test_base_file")
set_tests_properties([=[test_base_file]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-vclient/rig/build-clang/bin;RIG_SOURCE=/tmp/w-vclient/rig;RIG_BUILD=/tmp/w-vclient/rig/build-clang" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-vclient/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-vclient/rig/rig/tests/base/CMakeLists.txt;4;rig_test;/tmp/w-vclient/rig/rig/tests/base/CMakeLists.txt;0;")
add_test([=[test_base_child]=] "/tmp/w-vclient/rig/build-clang/tests/test_base_child")
set_tests_properties([=[test_base_child]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-vclient/rig/build-clang/bin;RIG_SOURCE=/tmp/w-vclient/rig;RIG_BUILD=/tmp/w-vclient/rig/build-clang" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-vclient/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-vclient/rig/rig/tests/base/CMakeLists.txt;5;rig_test;/tmp/w-vclient/rig/rig/tests/base/CMakeLists.txt;0;")
add_test([=[test_base_secret]=] "/tmp/w-vclient/rig/build-clang/tests/test_base_secret")
set_tests_properties([=[test_base_secret]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-vclient/rig/build-clang/bin;RIG_SOURCE=/tmp/w-vclient/rig;RIG_BUILD=/tmp/w-vclient/rig/build-clang" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-vclient/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-vclient/rig/rig/tests/base/CMakeLists.txt;6;rig_test;/tmp/w-vclient/rig/rig/tests/base/CMakeLists.txt;0;")
