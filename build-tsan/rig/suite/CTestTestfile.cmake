# CMake generated Testfile for 
# Source directory: /tmp/w-tlssrv/rig/rig/suite
# Build directory: /tmp/w-tlssrv/rig/build-tsan/rig/suite
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
