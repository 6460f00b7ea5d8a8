# CMake generated Testfile for 
# Source directory: /tmp/w-vclient/rig/rig/tests/ca_attack
# Build directory: /tmp/w-vclient/rig/build-address/rig/tests/ca_attack
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
add_test([=[test_ca_attack_forge]=] "/tmp/w-vclient/rig/build-address/tests/test_ca_attack_forge")
set_tests_properties([=[test_ca_attack_forge]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-vclient/rig/build-address/bin;RIG_SOURCE=/tmp/w-vclient/rig;RIG_BUILD=/tmp/w-vclient/rig/build-address" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "120" _BACKTRACE_TRIPLES "/tmp/w-vclient/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-vclient/rig/rig/tests/ca_attack/CMakeLists.txt;1;rig_test;/tmp/w-vclient/rig/rig/tests/ca_attack/CMakeLists.txt;0;")
add_test([=[test_ca_attack_judge]=] "/tmp/w-vclient/rig/build-address/tests/test_ca_attack_judge")
set_tests_properties([=[test_ca_attack_judge]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-vclient/rig/build-address/bin;RIG_SOURCE=/tmp/w-vclient/rig;RIG_BUILD=/tmp/w-vclient/rig/build-address" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "120" _BACKTRACE_TRIPLES "/tmp/w-vclient/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-vclient/rig/rig/tests/ca_attack/CMakeLists.txt;2;rig_test;/tmp/w-vclient/rig/rig/tests/ca_attack/CMakeLists.txt;0;")
