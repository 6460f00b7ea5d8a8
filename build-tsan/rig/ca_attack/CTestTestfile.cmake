# CMake generated Testfile for 
# Source directory: /tmp/w-tlssrv/rig/rig/ca_attack
# Build directory: /tmp/w-tlssrv/rig/build-tsan/rig/ca_attack
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
