# CMake generated Testfile for 
# Source directory: /tmp/w-tlssrv/rig/rig/pki
# Build directory: /tmp/w-tlssrv/rig/build-tsan/rig/pki
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
