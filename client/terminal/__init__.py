"""A room in the terminal: lines of text that scroll, and a prompt. For screen readers, over ssh, and in pipes."""
