# CMake generated Testfile for 
# Source directory: /tmp/w-vclient/rig/rig/tests/pki
# Build directory: /tmp/w-vclient/rig/build-address/rig/tests/pki
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
add_test([=[test_pki_device]=] "/tmp/w-vclient/rig/build-address/tests/test_pki_device" "/tmp/w-vclient/rig/fixtures/pki")
set_tests_properties([=[test_pki_device]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-vclient/rig/build-address/bin;RIG_SOURCE=/tmp/w-vclient/rig;RIG_BUILD=/tmp/w-vclient/rig/build-address" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-vclient/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-vclient/rig/rig/tests/pki/CMakeLists.txt;4;rig_test;/tmp/w-vclient/rig/rig/tests/pki/CMakeLists.txt;0;")
add_test([=[test_pki_server]=] "/tmp/w-vclient/rig/build-address/tests/test_pki_server" "/tmp/w-vclient/rig/fixtures/pki")
set_tests_properties([=[test_pki_server]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-vclient/rig/build-address/bin;RIG_SOURCE=/tmp/w-vclient/rig;RIG_BUILD=/tmp/w-vclient/rig/build-address" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-vclient/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-vclient/rig/rig/tests/pki/CMakeLists.txt;5;rig_test;/tmp/w-vclient/rig/rig/tests/pki/CMakeLists.txt;0;")
