"""What several tests use: servers in front of servers, programs that run."""
