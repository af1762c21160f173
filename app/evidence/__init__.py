"""Evidence of what the network does: figures that may be published, how they are protected, and what they rest on."""
