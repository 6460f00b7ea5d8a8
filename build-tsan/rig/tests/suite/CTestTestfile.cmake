# CMake generated Testfile for 
# Source directory: /tmp/w-tlssrv/rig/rig/tests/suite
# Build directory: /tmp/w-tlssrv/rig/build-tsan/rig/tests/suite
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
add_test([=[test_suite_plan]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_suite_plan")
set_tests_properties([=[test_suite_plan]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/suite/CMakeLists.txt;1;rig_test;/tmp/w-tlssrv/rig/rig/tests/suite/CMakeLists.txt;0;")
add_test([=[test_suite_bad]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_suite_bad" "/tmp/w-tlssrv/rig/rig/tests/suite/bad")
set_tests_properties([=[test_suite_bad]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/suite/CMakeLists.txt;2;rig_test;/tmp/w-tlssrv/rig/rig/tests/suite/CMakeLists.txt;0;")
add_test([=[test_suite_yaml]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_suite_yaml")
set_tests_properties([=[test_suite_yaml]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/suite/CMakeLists.txt;3;rig_test;/tmp/w-tlssrv/rig/rig/tests/suite/CMakeLists.txt;0;")
add_test([=[test_suite_bench]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_suite_bench")
set_tests_properties([=[test_suite_bench]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/suite/CMakeLists.txt;4;rig_test;/tmp/w-tlssrv/rig/rig/tests/suite/CMakeLists.txt;0;")
add_test([=[test_suite_reference]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_suite_reference")
set_tests_properties([=[test_suite_reference]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/suite/CMakeLists.txt;5;rig_test;/tmp/w-tlssrv/rig/rig/tests/suite/CMakeLists.txt;0;")
add_test([=[fuzz_suite]=] "/tmp/w-tlssrv/rig/build-tsan/tests/fuzz_suite" "/tmp/w-tlssrv/rig/rig/tests/suite/corpus/suite")
set_tests_properties([=[fuzz_suite]=] PROPERTIES  LABELS "fuzz" TIMEOUT "120" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;98;add_test;/tmp/w-tlssrv/rig/rig/tests/suite/CMakeLists.txt;6;rig_fuzz;/tmp/w-tlssrv/rig/rig/tests/suite/CMakeLists.txt;0;")
add_test([=[fuzz_bench]=] "/tmp/w-tlssrv/rig/build-tsan/tests/fuzz_bench" "/tmp/w-tlssrv/rig/rig/tests/suite/corpus/bench")
set_tests_properties([=[fuzz_bench]=] PROPERTIES  LABELS "fuzz" TIMEOUT "120" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;98;add_test;/tmp/w-tlssrv/rig/rig/tests/suite/CMakeLists.txt;7;rig_fuzz;/tmp/w-tlssrv/rig/rig/tests/suite/CMakeLists.txt;0;")
add_test([=[test_suite_ca_config]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_suite_ca_config")
set_tests_properties([=[test_suite_ca_config]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/suite/CMakeLists.txt;8;rig_test;/tmp/w-tlssrv/rig/rig/tests/suite/CMakeLists.txt;0;")
add_test([=[fuzz_ca_config]=] "/tmp/w-tlssrv/rig/build-tsan/tests/fuzz_ca_config" "/tmp/w-tlssrv/rig/rig/tests/suite/corpus/ca")
set_tests_properties([=[fuzz_ca_config]=] PROPERTIES  LABELS "fuzz" TIMEOUT "120" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;98;add_test;/tmp/w-tlssrv/rig/rig/tests/suite/CMakeLists.txt;9;rig_fuzz;/tmp/w-tlssrv/rig/rig/tests/suite/CMakeLists.txt;0;")
add_test([=[fuzz_enrolment]=] "/tmp/w-tlssrv/rig/build-tsan/tests/fuzz_enrolment" "/tmp/w-tlssrv/rig/rig/tests/suite/corpus/enrolment")
set_tests_properties([=[fuzz_enrolment]=] PROPERTIES  LABELS "fuzz" TIMEOUT "120" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;98;add_test;/tmp/w-tlssrv/rig/rig/tests/suite/CMakeLists.txt;10;rig_fuzz;/tmp/w-tlssrv/rig/rig/tests/suite/CMakeLists.txt;0;")
add_test([=[fuzz_fixtures]=] "/tmp/w-tlssrv/rig/build-tsan/tests/fuzz_fixtures" "/tmp/w-tlssrv/rig/rig/tests/suite/corpus/pki")
set_tests_properties([=[fuzz_fixtures]=] PROPERTIES  LABELS "fuzz" TIMEOUT "120" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;98;add_test;/tmp/w-tlssrv/rig/rig/tests/suite/CMakeLists.txt;11;rig_fuzz;/tmp/w-tlssrv/rig/rig/tests/suite/CMakeLists.txt;0;")
