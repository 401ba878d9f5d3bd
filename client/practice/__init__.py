"""The practice room: a meeting with simulated people, in which a facilitator can rehearse."""
