# CMake generated Testfile for 
# Source directory: /tmp/w-vclient/rig/rig/tests
# Build directory: /tmp/w-vclient/rig/build-clang/rig/tests
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
subdirs("agent")
subdirs("base")
subdirs("ca")
subdirs("ca_attack")
subdirs("e2e")
subdirs("esp")
subdirs("link")
subdirs("pki")
subdirs("register")
subdirs("reports")
subdirs("run")
subdirs("suite")
subdirs("tls")
subdirs("usb")
subdirs("vault")
