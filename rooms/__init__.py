"""What a meeting is: pure rules over plain values. No I/O, no clock reads, no asyncio."""
