# CMake generated Testfile for 
# Source directory: /tmp/w-tlssrv/rig/rig/tests/register
# Build directory: /tmp/w-tlssrv/rig/build-tsan/rig/tests/register
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
add_test([=[test_register_register]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_register_register")
set_tests_properties([=[test_register_register]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/register/CMakeLists.txt;2;rig_test;/tmp/w-tlssrv/rig/rig/tests/register/CMakeLists.txt;0;")
add_test([=[test_register_files]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_register_files")
set_tests_properties([=[test_register_files]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/register/CMakeLists.txt;2;rig_test;/tmp/w-tlssrv/rig/rig/tests/register/CMakeLists.txt;0;")
add_test([=[test_register_kill]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_register_kill")
set_tests_properties([=[test_register_kill]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/register/CMakeLists.txt;2;rig_test;/tmp/w-tlssrv/rig/rig/tests/register/CMakeLists.txt;0;")
add_test([=[test_register_disk]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_register_disk")
set_tests_properties([=[test_register_disk]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/register/CMakeLists.txt;2;rig_test;/tmp/w-tlssrv/rig/rig/tests/register/CMakeLists.txt;0;")
add_test([=[test_register_threads]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_register_threads")
set_tests_properties([=[test_register_threads]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/register/CMakeLists.txt;2;rig_test;/tmp/w-tlssrv/rig/rig/tests/register/CMakeLists.txt;0;")
