# CMake generated Testfile for 
# Source directory: /tmp/w-tlssrv/rig/rig/tests/ca_attack
# Build directory: /tmp/w-tlssrv/rig/build-tsan/rig/tests/ca_attack
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
add_test([=[test_ca_attack_forge]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_ca_attack_forge")
set_tests_properties([=[test_ca_attack_forge]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "120" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/ca_attack/CMakeLists.txt;1;rig_test;/tmp/w-tlssrv/rig/rig/tests/ca_attack/CMakeLists.txt;0;")
add_test([=[test_ca_attack_judge]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_ca_attack_judge")
set_tests_properties([=[test_ca_attack_judge]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "120" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/ca_attack/CMakeLists.txt;2;rig_test;/tmp/w-tlssrv/rig/rig/tests/ca_attack/CMakeLists.txt;0;")
