# CMake generated Testfile for 
# Source directory: /tmp/w-tlssrv/rig/rig/tests/link
# Build directory: /tmp/w-tlssrv/rig/build-tsan/rig/tests/link
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
add_test([=[test_link_telnet]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_link_telnet")
set_tests_properties([=[test_link_telnet]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/link/CMakeLists.txt;1;rig_test;/tmp/w-tlssrv/rig/rig/tests/link/CMakeLists.txt;0;")
add_test([=[test_link_contract]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_link_contract")
set_tests_properties([=[test_link_contract]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "python" SKIP_RETURN_CODE "77" TIMEOUT "300" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/link/CMakeLists.txt;3;rig_test;/tmp/w-tlssrv/rig/rig/tests/link/CMakeLists.txt;0;")
add_test([=[test_link_rfc2217]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_link_rfc2217")
set_tests_properties([=[test_link_rfc2217]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/link/CMakeLists.txt;6;rig_test;/tmp/w-tlssrv/rig/rig/tests/link/CMakeLists.txt;0;")
add_test([=[test_link_serial]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_link_serial")
set_tests_properties([=[test_link_serial]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/link/CMakeLists.txt;7;rig_test;/tmp/w-tlssrv/rig/rig/tests/link/CMakeLists.txt;0;")
add_test([=[fuzz_telnet]=] "/tmp/w-tlssrv/rig/build-tsan/tests/fuzz_telnet" "/tmp/w-tlssrv/rig/rig/tests/link/corpus/telnet")
set_tests_properties([=[fuzz_telnet]=] PROPERTIES  LABELS "fuzz" TIMEOUT "120" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;98;add_test;/tmp/w-tlssrv/rig/rig/tests/link/CMakeLists.txt;8;rig_fuzz;/tmp/w-tlssrv/rig/rig/tests/link/CMakeLists.txt;0;")
add_test([=[test_link_ftdi]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_link_ftdi")
set_tests_properties([=[test_link_ftdi]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/link/CMakeLists.txt;10;rig_test;/tmp/w-tlssrv/rig/rig/tests/link/CMakeLists.txt;0;")
add_test([=[test_link_lines]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_link_lines")
set_tests_properties([=[test_link_lines]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/link/CMakeLists.txt;11;rig_test;/tmp/w-tlssrv/rig/rig/tests/link/CMakeLists.txt;0;")
