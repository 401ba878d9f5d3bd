"""Everything that touches the world: sockets, HTTP, the log, SQL, clocks."""
