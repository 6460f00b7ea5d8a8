# CMake generated Testfile for 
# Source directory: /tmp/w-vclient/rig
# Build directory: /tmp/w-vclient/rig/build-clang
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
subdirs("firmware-stub")
subdirs("rig")
subdirs("reports")
subdirs("fixtures")
subdirs("rig/tests")
