"""TCP on this machine: addresses, ports, listening and relays.

- `addresses.py`: read HOST:PORT options, and refuse hosts that other machines can reach.
- `listen.py`: `listen()`, the one way to listen on a port, with one text for its errors.
- `ports.py`: find a free port, and hold one while no server listens on it.
- `relay.py`: pass bytes between connections; `Relay` in front of a server that this process cannot stop.
"""
