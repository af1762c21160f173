"""The network as a whole: who is in it, who works with whom, what they have signed, and where events leave gaps."""
