# CMake generated Testfile for 
# Source directory: /tmp/w-tlssrv/rig/rig/tests/vault
# Build directory: /tmp/w-tlssrv/rig/build-tsan/rig/tests/vault
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
add_test([=[test_vault_faults]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_vault_faults")
set_tests_properties([=[test_vault_faults]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/vault/CMakeLists.txt;4;rig_test;/tmp/w-tlssrv/rig/rig/tests/vault/CMakeLists.txt;0;")
add_test([=[test_vault_environment]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_vault_environment")
set_tests_properties([=[test_vault_environment]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/vault/CMakeLists.txt;5;rig_test;/tmp/w-tlssrv/rig/rig/tests/vault/CMakeLists.txt;0;")
add_test([=[test_vault_http]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_vault_http")
set_tests_properties([=[test_vault_http]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/vault/CMakeLists.txt;6;rig_test;/tmp/w-tlssrv/rig/rig/tests/vault/CMakeLists.txt;0;")
add_test([=[test_vault_login]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_vault_login")
set_tests_properties([=[test_vault_login]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/vault/CMakeLists.txt;7;rig_test;/tmp/w-tlssrv/rig/rig/tests/vault/CMakeLists.txt;0;")
add_test([=[test_vault_bao]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_vault_bao")
set_tests_properties([=[test_vault_bao]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "300" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/vault/CMakeLists.txt;8;rig_test;/tmp/w-tlssrv/rig/rig/tests/vault/CMakeLists.txt;0;")
add_test([=[fuzz_vault_answer]=] "/tmp/w-tlssrv/rig/build-tsan/tests/fuzz_vault_answer" "/tmp/w-tlssrv/rig/rig/tests/vault/corpus/answer")
set_tests_properties([=[fuzz_vault_answer]=] PROPERTIES  LABELS "fuzz" TIMEOUT "120" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;98;add_test;/tmp/w-tlssrv/rig/rig/tests/vault/CMakeLists.txt;10;rig_fuzz;/tmp/w-tlssrv/rig/rig/tests/vault/CMakeLists.txt;0;")
