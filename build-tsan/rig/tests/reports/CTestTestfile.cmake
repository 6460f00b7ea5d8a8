# CMake generated Testfile for 
# Source directory: /tmp/w-tlssrv/rig/rig/tests/reports
# Build directory: /tmp/w-tlssrv/rig/build-tsan/rig/tests/reports
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
add_test([=[test_report_model]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_report_model")
set_tests_properties([=[test_report_model]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/reports/CMakeLists.txt;2;rig_test;/tmp/w-tlssrv/rig/rig/tests/reports/CMakeLists.txt;0;")
add_test([=[test_report_text]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_report_text")
set_tests_properties([=[test_report_text]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/reports/CMakeLists.txt;2;rig_test;/tmp/w-tlssrv/rig/rig/tests/reports/CMakeLists.txt;0;")
add_test([=[test_report_junit]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_report_junit")
set_tests_properties([=[test_report_junit]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/reports/CMakeLists.txt;2;rig_test;/tmp/w-tlssrv/rig/rig/tests/reports/CMakeLists.txt;0;")
add_test([=[test_report_jsonl]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_report_jsonl")
set_tests_properties([=[test_report_jsonl]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/reports/CMakeLists.txt;2;rig_test;/tmp/w-tlssrv/rig/rig/tests/reports/CMakeLists.txt;0;")
add_test([=[test_report_summary]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_report_summary")
set_tests_properties([=[test_report_summary]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/reports/CMakeLists.txt;2;rig_test;/tmp/w-tlssrv/rig/rig/tests/reports/CMakeLists.txt;0;")
add_test([=[fuzz_report]=] "/tmp/w-tlssrv/rig/build-tsan/tests/fuzz_report" "/tmp/w-tlssrv/rig/rig/tests/reports/corpus/report")
set_tests_properties([=[fuzz_report]=] PROPERTIES  LABELS "fuzz" TIMEOUT "120" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;98;add_test;/tmp/w-tlssrv/rig/rig/tests/reports/CMakeLists.txt;6;rig_fuzz;/tmp/w-tlssrv/rig/rig/tests/reports/CMakeLists.txt;0;")
