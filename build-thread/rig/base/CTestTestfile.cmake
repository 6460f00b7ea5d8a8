# CMake generated Testfile for 
# Source directory: /tmp/w-vclient/rig/rig/base
# Build directory: /tmp/w-vclient/rig/build-thread/rig/base
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
