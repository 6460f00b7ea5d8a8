# CMake generated Testfile for 
# Source directory: /tmp/w-vclient/rig/rig/ca
# Build directory: /tmp/w-vclient/rig/build-address/rig/ca
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
