"""How fast the local cloud is, beside Google's emulators and beside the floor. Run by `make bench`; read docs/bench.md."""
