"""The speed of the local cloud, compared with Google's emulators and with the floor: `make bench`, docs/bench.md."""
