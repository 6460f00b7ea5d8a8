# CMake generated Testfile for 
# Source directory: /tmp/w-tlssrv/rig/rig/tests
# Build directory: /tmp/w-tlssrv/rig/build-tsan/rig/tests
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
