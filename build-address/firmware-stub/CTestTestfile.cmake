# CMake generated Testfile for 
# Source directory: /tmp/w-vclient/rig/firmware-stub
# Build directory: /tmp/w-vclient/rig/build-address/firmware-stub
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
subdirs("tests")
