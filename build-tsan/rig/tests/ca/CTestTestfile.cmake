# CMake generated Testfile for 
# Source directory: /tmp/w-tlssrv/rig/rig/tests/ca
# Build directory: /tmp/w-tlssrv/rig/build-tsan/rig/tests/ca
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
add_test([=[test_ca_local]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_ca_local")
set_tests_properties([=[test_ca_local]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/ca/CMakeLists.txt;4;rig_test;/tmp/w-tlssrv/rig/rig/tests/ca/CMakeLists.txt;0;")
add_test([=[test_ca_folder]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_ca_folder")
set_tests_properties([=[test_ca_folder]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/ca/CMakeLists.txt;5;rig_test;/tmp/w-tlssrv/rig/rig/tests/ca/CMakeLists.txt;0;")
add_test([=[test_ca_crl]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_ca_crl")
set_tests_properties([=[test_ca_crl]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/ca/CMakeLists.txt;6;rig_test;/tmp/w-tlssrv/rig/rig/tests/ca/CMakeLists.txt;0;")
add_test([=[test_ca_csr_policy]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_ca_csr_policy")
set_tests_properties([=[test_ca_csr_policy]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/ca/CMakeLists.txt;7;rig_test;/tmp/w-tlssrv/rig/rig/tests/ca/CMakeLists.txt;0;")
add_test([=[test_ca_certificate_policy]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_ca_certificate_policy")
set_tests_properties([=[test_ca_certificate_policy]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/ca/CMakeLists.txt;8;rig_test;/tmp/w-tlssrv/rig/rig/tests/ca/CMakeLists.txt;0;")
add_test([=[test_ca_threads]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_ca_threads")
set_tests_properties([=[test_ca_threads]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/ca/CMakeLists.txt;9;rig_test;/tmp/w-tlssrv/rig/rig/tests/ca/CMakeLists.txt;0;")
add_test([=[test_ca_kill]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_ca_kill" "/tmp/w-tlssrv/rig/build-tsan/tests/ca_signer")
set_tests_properties([=[test_ca_kill]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "120" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/ca/CMakeLists.txt;15;rig_test;/tmp/w-tlssrv/rig/rig/tests/ca/CMakeLists.txt;0;")
add_test([=[fuzz_csr]=] "/tmp/w-tlssrv/rig/build-tsan/tests/fuzz_csr" "/tmp/w-tlssrv/rig/rig/tests/ca/corpus/csr")
set_tests_properties([=[fuzz_csr]=] PROPERTIES  LABELS "fuzz" TIMEOUT "120" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;98;add_test;/tmp/w-tlssrv/rig/rig/tests/ca/CMakeLists.txt;23;rig_fuzz;/tmp/w-tlssrv/rig/rig/tests/ca/CMakeLists.txt;0;")
add_test([=[fuzz_certificate]=] "/tmp/w-tlssrv/rig/build-tsan/tests/fuzz_certificate" "/tmp/w-tlssrv/rig/rig/tests/ca/corpus/certificate")
set_tests_properties([=[fuzz_certificate]=] PROPERTIES  LABELS "fuzz" TIMEOUT "120" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;98;add_test;/tmp/w-tlssrv/rig/rig/tests/ca/CMakeLists.txt;24;rig_fuzz;/tmp/w-tlssrv/rig/rig/tests/ca/CMakeLists.txt;0;")
