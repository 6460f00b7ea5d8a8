# CMake generated Testfile for 
# Source directory: /tmp/w-tlssrv/rig/rig/tests/pki
# Build directory: /tmp/w-tlssrv/rig/build-tsan/rig/tests/pki
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
add_test([=[test_pki_device]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_pki_device" "/tmp/w-tlssrv/rig/fixtures/pki")
set_tests_properties([=[test_pki_device]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/pki/CMakeLists.txt;4;rig_test;/tmp/w-tlssrv/rig/rig/tests/pki/CMakeLists.txt;0;")
add_test([=[test_pki_server]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_pki_server" "/tmp/w-tlssrv/rig/fixtures/pki")
set_tests_properties([=[test_pki_server]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/pki/CMakeLists.txt;5;rig_test;/tmp/w-tlssrv/rig/rig/tests/pki/CMakeLists.txt;0;")
add_test([=[test_pki_world]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_pki_world" "/tmp/w-tlssrv/rig/fixtures/pki")
set_tests_properties([=[test_pki_world]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/pki/CMakeLists.txt;7;rig_test;/tmp/w-tlssrv/rig/rig/tests/pki/CMakeLists.txt;0;")
add_test([=[test_pki_ocsp]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_pki_ocsp" "/tmp/w-tlssrv/rig/fixtures/pki")
set_tests_properties([=[test_pki_ocsp]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/pki/CMakeLists.txt;8;rig_test;/tmp/w-tlssrv/rig/rig/tests/pki/CMakeLists.txt;0;")
