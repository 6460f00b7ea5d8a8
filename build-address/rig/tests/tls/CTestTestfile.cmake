# CMake generated Testfile for 
# Source directory: /tmp/w-vclient/rig/rig/tests/tls
# Build directory: /tmp/w-vclient/rig/build-address/rig/tests/tls
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
add_test([=[test_tls_handshakes]=] "/tmp/w-vclient/rig/build-address/tests/test_tls_handshakes")
set_tests_properties([=[test_tls_handshakes]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-vclient/rig/build-address/bin;RIG_SOURCE=/tmp/w-vclient/rig;RIG_BUILD=/tmp/w-vclient/rig/build-address" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "120" _BACKTRACE_TRIPLES "/tmp/w-vclient/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-vclient/rig/rig/tests/tls/CMakeLists.txt;5;rig_test;/tmp/w-vclient/rig/rig/tests/tls/CMakeLists.txt;0;")
add_test([=[test_tls_server]=] "/tmp/w-vclient/rig/build-address/tests/test_tls_server")
set_tests_properties([=[test_tls_server]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-vclient/rig/build-address/bin;RIG_SOURCE=/tmp/w-vclient/rig;RIG_BUILD=/tmp/w-vclient/rig/build-address" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "120" _BACKTRACE_TRIPLES "/tmp/w-vclient/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-vclient/rig/rig/tests/tls/CMakeLists.txt;6;rig_test;/tmp/w-vclient/rig/rig/tests/tls/CMakeLists.txt;0;")
add_test([=[test_tls_broken_clients]=] "/tmp/w-vclient/rig/build-address/tests/test_tls_broken_clients")
set_tests_properties([=[test_tls_broken_clients]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-vclient/rig/build-address/bin;RIG_SOURCE=/tmp/w-vclient/rig;RIG_BUILD=/tmp/w-vclient/rig/build-address" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "120" _BACKTRACE_TRIPLES "/tmp/w-vclient/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-vclient/rig/rig/tests/tls/CMakeLists.txt;7;rig_test;/tmp/w-vclient/rig/rig/tests/tls/CMakeLists.txt;0;")
add_test([=[test_tls_tripwire]=] "/tmp/w-vclient/rig/build-address/tests/test_tls_tripwire")
set_tests_properties([=[test_tls_tripwire]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-vclient/rig/build-address/bin;RIG_SOURCE=/tmp/w-vclient/rig;RIG_BUILD=/tmp/w-vclient/rig/build-address" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "120" _BACKTRACE_TRIPLES "/tmp/w-vclient/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-vclient/rig/rig/tests/tls/CMakeLists.txt;8;rig_test;/tmp/w-vclient/rig/rig/tests/tls/CMakeLists.txt;0;")
add_test([=[fuzz_tls_tripwire]=] "/tmp/w-vclient/rig/build-address/tests/fuzz_tls_tripwire" "/tmp/w-vclient/rig/rig/tests/tls/corpus/tripwire")
set_tests_properties([=[fuzz_tls_tripwire]=] PROPERTIES  LABELS "fuzz" TIMEOUT "120" _BACKTRACE_TRIPLES "/tmp/w-vclient/rig/cmake/RigTargets.cmake;98;add_test;/tmp/w-vclient/rig/rig/tests/tls/CMakeLists.txt;9;rig_fuzz;/tmp/w-vclient/rig/rig/tests/tls/CMakeLists.txt;0;")
add_test([=[fuzz_tls_server]=] "/tmp/w-vclient/rig/build-address/tests/fuzz_tls_server" "/tmp/w-vclient/rig/rig/tests/tls/corpus/server")
set_tests_properties([=[fuzz_tls_server]=] PROPERTIES  LABELS "fuzz" TIMEOUT "120" _BACKTRACE_TRIPLES "/tmp/w-vclient/rig/cmake/RigTargets.cmake;98;add_test;/tmp/w-vclient/rig/rig/tests/tls/CMakeLists.txt;13;rig_fuzz;/tmp/w-vclient/rig/rig/tests/tls/CMakeLists.txt;0;")
add_test([=[test_tls_enrolment]=] "/tmp/w-vclient/rig/build-address/tests/test_tls_enrolment")
set_tests_properties([=[test_tls_enrolment]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-vclient/rig/build-address/bin;RIG_SOURCE=/tmp/w-vclient/rig;RIG_BUILD=/tmp/w-vclient/rig/build-address" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-vclient/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-vclient/rig/rig/tests/tls/CMakeLists.txt;14;rig_test;/tmp/w-vclient/rig/rig/tests/tls/CMakeLists.txt;0;")
add_test([=[test_tls_enrolment_path]=] "/tmp/w-vclient/rig/build-address/tests/test_tls_enrolment_path")
set_tests_properties([=[test_tls_enrolment_path]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-vclient/rig/build-address/bin;RIG_SOURCE=/tmp/w-vclient/rig;RIG_BUILD=/tmp/w-vclient/rig/build-address" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-vclient/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-vclient/rig/rig/tests/tls/CMakeLists.txt;15;rig_test;/tmp/w-vclient/rig/rig/tests/tls/CMakeLists.txt;0;")
