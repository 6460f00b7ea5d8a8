# CMake generated Testfile for 
# Source directory: /tmp/w-tlssrv/rig/reports
# Build directory: /tmp/w-tlssrv/rig/build-tsan/reports
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
