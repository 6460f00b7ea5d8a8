# CMake generated Testfile for 
# Source directory: /tmp/w-vclient/rig/rig/agent
# Build directory: /tmp/w-vclient/rig/build-clang/rig/agent
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
