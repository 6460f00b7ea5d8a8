# CMake generated Testfile for 
# Source directory: /tmp/w-tlssrv/rig/rig/tests/run
# Build directory: /tmp/w-tlssrv/rig/build-tsan/rig/tests/run
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
add_test([=[test_run_judge]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_run_judge")
set_tests_properties([=[test_run_judge]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/run/CMakeLists.txt;1;rig_test;/tmp/w-tlssrv/rig/rig/tests/run/CMakeLists.txt;0;")
add_test([=[test_run_boardlog]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_run_boardlog")
set_tests_properties([=[test_run_boardlog]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/run/CMakeLists.txt;2;rig_test;/tmp/w-tlssrv/rig/rig/tests/run/CMakeLists.txt;0;")
add_test([=[test_run_recover]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_run_recover")
set_tests_properties([=[test_run_recover]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/run/CMakeLists.txt;3;rig_test;/tmp/w-tlssrv/rig/rig/tests/run/CMakeLists.txt;0;")
add_test([=[test_run_board]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_run_board")
set_tests_properties([=[test_run_board]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/run/CMakeLists.txt;4;rig_test;/tmp/w-tlssrv/rig/rig/tests/run/CMakeLists.txt;0;")
