# CMake generated Testfile for 
# Source directory: /tmp/w-tlssrv/rig/rig/tests/esp
# Build directory: /tmp/w-tlssrv/rig/build-tsan/rig/tests/esp
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
add_test([=[test_esp_packet]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_esp_packet")
set_tests_properties([=[test_esp_packet]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "esp" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/esp/CMakeLists.txt;3;rig_test;/tmp/w-tlssrv/rig/rig/tests/esp/CMakeLists.txt;0;")
add_test([=[test_esp_formats]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_esp_formats")
set_tests_properties([=[test_esp_formats]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "esp" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/esp/CMakeLists.txt;3;rig_test;/tmp/w-tlssrv/rig/rig/tests/esp/CMakeLists.txt;0;")
add_test([=[test_esp_reset]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_esp_reset")
set_tests_properties([=[test_esp_reset]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "esp" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/esp/CMakeLists.txt;6;rig_test;/tmp/w-tlssrv/rig/rig/tests/esp/CMakeLists.txt;0;")
add_test([=[test_esp_rom]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_esp_rom")
set_tests_properties([=[test_esp_rom]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "esp" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/esp/CMakeLists.txt;6;rig_test;/tmp/w-tlssrv/rig/rig/tests/esp/CMakeLists.txt;0;")
add_test([=[test_esp_noise]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_esp_noise")
set_tests_properties([=[test_esp_noise]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "esp" SKIP_RETURN_CODE "77" TIMEOUT "60" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/esp/CMakeLists.txt;6;rig_test;/tmp/w-tlssrv/rig/rig/tests/esp/CMakeLists.txt;0;")
add_test([=[test_esp_vboard]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_esp_vboard")
set_tests_properties([=[test_esp_vboard]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "esp" SKIP_RETURN_CODE "77" TIMEOUT "180" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/esp/CMakeLists.txt;8;rig_test;/tmp/w-tlssrv/rig/rig/tests/esp/CMakeLists.txt;0;")
add_test([=[test_esp_chips]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_esp_chips")
set_tests_properties([=[test_esp_chips]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "esp" SKIP_RETURN_CODE "77" TIMEOUT "180" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/esp/CMakeLists.txt;9;rig_test;/tmp/w-tlssrv/rig/rig/tests/esp/CMakeLists.txt;0;")
add_test([=[test_esp_official]=] "/tmp/w-tlssrv/rig/build-tsan/tests/test_esp_official")
set_tests_properties([=[test_esp_official]=] PROPERTIES  ENVIRONMENT "RIG_BIN=/tmp/w-tlssrv/rig/build-tsan/bin;RIG_SOURCE=/tmp/w-tlssrv/rig;RIG_BUILD=/tmp/w-tlssrv/rig/build-tsan" LABELS "esp" SKIP_RETURN_CODE "77" TIMEOUT "180" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;77;add_test;/tmp/w-tlssrv/rig/rig/tests/esp/CMakeLists.txt;11;rig_test;/tmp/w-tlssrv/rig/rig/tests/esp/CMakeLists.txt;0;")
add_test([=[fuzz_esp_slip]=] "/tmp/w-tlssrv/rig/build-tsan/tests/fuzz_esp_slip" "/tmp/w-tlssrv/rig/rig/tests/esp/corpus/slip")
set_tests_properties([=[fuzz_esp_slip]=] PROPERTIES  LABELS "fuzz" TIMEOUT "120" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;98;add_test;/tmp/w-tlssrv/rig/rig/tests/esp/CMakeLists.txt;13;rig_fuzz;/tmp/w-tlssrv/rig/rig/tests/esp/CMakeLists.txt;0;")
add_test([=[fuzz_esp_rom_reply]=] "/tmp/w-tlssrv/rig/build-tsan/tests/fuzz_esp_rom_reply" "/tmp/w-tlssrv/rig/rig/tests/esp/corpus/rom_reply")
set_tests_properties([=[fuzz_esp_rom_reply]=] PROPERTIES  LABELS "fuzz" TIMEOUT "120" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;98;add_test;/tmp/w-tlssrv/rig/rig/tests/esp/CMakeLists.txt;13;rig_fuzz;/tmp/w-tlssrv/rig/rig/tests/esp/CMakeLists.txt;0;")
add_test([=[fuzz_esp_banner]=] "/tmp/w-tlssrv/rig/build-tsan/tests/fuzz_esp_banner" "/tmp/w-tlssrv/rig/rig/tests/esp/corpus/banner")
set_tests_properties([=[fuzz_esp_banner]=] PROPERTIES  LABELS "fuzz" TIMEOUT "120" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;98;add_test;/tmp/w-tlssrv/rig/rig/tests/esp/CMakeLists.txt;13;rig_fuzz;/tmp/w-tlssrv/rig/rig/tests/esp/CMakeLists.txt;0;")
add_test([=[fuzz_esp_partition]=] "/tmp/w-tlssrv/rig/build-tsan/tests/fuzz_esp_partition" "/tmp/w-tlssrv/rig/rig/tests/esp/corpus/partition")
set_tests_properties([=[fuzz_esp_partition]=] PROPERTIES  LABELS "fuzz" TIMEOUT "120" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;98;add_test;/tmp/w-tlssrv/rig/rig/tests/esp/CMakeLists.txt;13;rig_fuzz;/tmp/w-tlssrv/rig/rig/tests/esp/CMakeLists.txt;0;")
add_test([=[fuzz_esp_recipe]=] "/tmp/w-tlssrv/rig/build-tsan/tests/fuzz_esp_recipe" "/tmp/w-tlssrv/rig/rig/tests/esp/corpus/recipe")
set_tests_properties([=[fuzz_esp_recipe]=] PROPERTIES  LABELS "fuzz" TIMEOUT "120" _BACKTRACE_TRIPLES "/tmp/w-tlssrv/rig/cmake/RigTargets.cmake;98;add_test;/tmp/w-tlssrv/rig/rig/tests/esp/CMakeLists.txt;13;rig_fuzz;/tmp/w-tlssrv/rig/rig/tests/esp/CMakeLists.txt;0;")
