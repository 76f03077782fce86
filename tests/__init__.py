"""The tests. Some fork from a process that uses gRPC."""

import os

# gRPC would start anew in what pexpect forks, where its files are closed by then, and print errors into the terminal.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
