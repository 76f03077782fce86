"""How fast the local cloud is, beside Google's emulators and beside the floor: `make bench`, docs/bench.md."""
