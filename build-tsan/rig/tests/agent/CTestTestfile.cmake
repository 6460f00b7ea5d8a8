# CMake generated Testfile for 
# Source directory: /tmp/w-tlssrv/rig/rig/tests/agent
# Build directory: /tmp/w-tlssrv/rig/build-tsan/rig/tests/agent
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
add_test([=[test_agent_line]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_agent_line")
set_tests_properties([=[test_agent_line]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/agent/CMakeLists.txt;1;rig_test;/tmp/w-tlssrv/rig/rig/tests/agent/CMakeLists.txt;0;")
add_test([=[test_agent_dialogue]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_agent_dialogue")
set_tests_properties([=[test_agent_dialogue]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/agent/CMakeLists.txt;2;rig_test;/tmp/w-tlssrv/rig/rig/tests/agent/CMakeLists.txt;0;")
add_test([=[test_agent_boards]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_agent_boards")
set_tests_properties([=[test_agent_boards]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "" SKIP_RETURN_CODE "77" TIMEOUT "180" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/agent/CMakeLists.txt;3;rig_test;/tmp/w-tlssrv/rig/rig/tests/agent/CMakeLists.txt;0;")
add_test([=[fuzz_agent_lines]=] "/tmp/w-tlssrv/rig/build-tsan/tests/fuzz_agent_lines" "/tmp/w-tlssrv/rig/rig/tests/agent/corpus/lines")
set_tests_properties([=[fuzz_agent_lines]=] PROPERTIES  LABELS "fuzz" TIMEOUT "120" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;98;add_test;/tmp/w-tlssrv/rig/rig/tests/agent/CMakeLists.txt;6;rig_fuzz;/tmp/w-tlssrv/rig/rig/tests/agent/CMakeLists.txt;0;")
add_test([=[fuzz_agent_replies]=] "/tmp/w-tlssrv/rig/build-tsan/tests/fuzz_agent_replies" "/tmp/w-tlssrv/rig/rig/tests/agent/corpus/replies")
set_tests_properties([=[fuzz_agent_replies]=] PROPERTIES  LABELS "fuzz" TIMEOUT "120" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;98;add_test;/tmp/w-tlssrv/rig/rig/tests/agent/CMakeLists.txt;8;rig_fuzz;/tmp/w-tlssrv/rig/rig/tests/agent/CMakeLists.txt;0;")
