# CMake generated Testfile for 
# Source directory: /tmp/w-tlssrv/rig/rig/tests/base
# Build directory: /tmp/w-tlssrv/rig/build-tsan/rig/tests/base
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
add_test([=[test_base_error]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_base_error")
set_tests_properties([=[test_base_error]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/base/CMakeLists.txt;1;rig_test;/tmp/w-tlssrv/rig/rig/tests/base/CMakeLists.txt;0;")
add_test([=[test_base_wait]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_base_wait")
set_tests_properties([=[test_base_wait]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/base/CMakeLists.txt;2;rig_test;/tmp/w-tlssrv/rig/rig/tests/base/CMakeLists.txt;0;")
add_test([=[test_base_buf]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_base_buf")
set_tests_properties([=[test_base_buf]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/base/CMakeLists.txt;3;rig_test;/tmp/w-tlssrv/rig/rig/tests/base/CMakeLists.txt;0;")
add_test([=[test_base_file]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_base_file")
set_tests_properties([=[test_base_file]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/base/CMakeLists.txt;4;rig_test;/tmp/w-tlssrv/rig/rig/tests/base/CMakeLists.txt;0;")
add_test([=[test_base_child]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_base_child")
set_tests_properties([=[test_base_child]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/base/CMakeLists.txt;5;rig_test;/tmp/w-tlssrv/rig/rig/tests/base/CMakeLists.txt;0;")
add_test([=[test_base_secret]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_base_secret")
set_tests_properties([=[test_base_secret]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/base/CMakeLists.txt;6;rig_test;/tmp/w-tlssrv/rig/rig/tests/base/CMakeLists.txt;0;")
