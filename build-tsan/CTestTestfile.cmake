# CMake generated Testfile for 
# Source directory: /tmp/w-tlssrv/rig
# Build directory: /tmp/w-tlssrv/rig/build-tsan
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
subdirs("firmware-stub")
subdirs("rig")
subdirs("reports")
subdirs("fixtures")
subdirs("rig/tests")
