# CMake generated Testfile for 
# Source directory: /tmp/w-tlssrv/rig/rig
# Build directory: /tmp/w-tlssrv/rig/build-tsan/rig
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
subdirs("base")
subdirs("vault")
subdirs("link")
subdirs("esp")
subdirs("agent")
subdirs("ca")
subdirs("vaultadmin")
subdirs("pki")
subdirs("ca_attack")
subdirs("tls")
subdirs("register")
subdirs("suite")
subdirs("run")
subdirs("cli")
